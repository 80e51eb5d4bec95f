"""Cross-correlation, what deep learning calls convolution: one micro-kernel and the loop around it.

The plan. The padded image is laid out so that, for every tap of the kernel, the inputs of neighbouring
outputs are neighbours in memory (``convlib.loops.padding`` splits columns by stride). Then one output row is

    out[o, x] = bias[o] + Σ_t weight[t, o] · rows[base + offsets[t] + x]

and a single list of ``offsets``, an entry per input channel and tap, says all there is to say about kernel
size, dilation, stride and channels. ``tile`` computes that sum for a few channels and columns in registers.
"""

import numpy as np
from llvmlite import ir
from numba import config, njit, prange, types
from numba.core import cgutils
from numba.core.codegen import get_host_cpu_features
from numba.extending import intrinsic

cpu_features = get_host_cpu_features() if config.CPU_FEATURES is None else config.CPU_FEATURES
VECTOR_BYTES = 64 if "+avx512f" in cpu_features else 32 if "+avx," in cpu_features else 16
# A tile is output channels × vectors of columns: as many sums as registers hold, with some left for inputs.
WIDE_BLOCK = 8 if VECTOR_BYTES == 64 else 4
WIDE_VECTORS = 2
# A group with few output channels (a depthwise layer has one) is computed channel by channel, in longer rows.
SINGLE_VECTORS = 4
# What a tile at the end of the last row may read beyond it.
SLACK_BYTES = VECTOR_BYTES * max(WIDE_VECTORS, SINGLE_VECTORS)


@intrinsic
def address(typing_context, array, index):
    """Pointer to element ``index`` of a contiguous array, counted over all axes."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    return types.CPointer(array.dtype)(array, types.intp), generate


def make_tile(block, vectors):
    """The micro-kernel for ``block`` output channels and ``vectors`` vectors of columns.

    tile(rows, weight, bias, out, offsets, taps, out_stride, columns, channels) computes

        out[o · out_stride + x] = bias[o] + Σ_t weight[t · block + o] · rows[offsets[t] + x]

    for o < channels ≤ block and x < columns; all but the last four arguments are pointers. It reads
    ``vectors`` whole vectors of columns, however few of them it writes.
    """

    @intrinsic
    def tile(typing_context, rows, weight, bias, out, offsets, taps, out_stride, columns, channels):
        def generate(context, builder, signature, arguments):
            rows, weight, bias, out, offsets, taps, out_stride, columns, channels = arguments
            element = rows.type.pointee
            lanes = VECTOR_BYTES // context.get_abi_sizeof(element)
            vector = ir.VectorType(element, lanes)
            index = taps.type

            def intrinsic_function(name, result, *parameters):
                suffix = (
                    f"v{lanes}{'i' if isinstance(element, ir.IntType) else 'f'}{8 * VECTOR_BYTES // lanes}"
                )
                function_type = ir.FunctionType(result, parameters)
                return cgutils.get_or_insert_function(builder.module, function_type, name.format(suffix))

            def splat(scalar, of=vector):
                first = builder.insert_element(ir.Constant(of, ir.Undefined), scalar, ir.IntType(32)(0))
                zeros = ir.Constant(ir.VectorType(ir.IntType(32), of.count), [0] * of.count)
                return builder.shuffle_vector(first, ir.Constant(of, ir.Undefined), zeros)

            def vector_at(pointer, v):
                pointer = builder.gep(pointer, [index(v * lanes)])
                return builder.bitcast(pointer, vector.as_pointer())

            def multiply_add(a, b, c):
                if isinstance(element, ir.IntType):
                    return builder.add(builder.mul(a, b), c)
                # fused where the machine can: one rounding instead of two, and twice the speed
                fused = intrinsic_function("llvm.fmuladd.{}", vector, vector, vector, vector)
                return builder.call(fused, [a, b, c])

            sums = [cgutils.alloca_once(builder, vector) for _ in range(block * vectors)]
            for o in range(block):
                start = splat(builder.load(builder.gep(bias, [index(o)])))
                for v in range(vectors):
                    builder.store(start, sums[o * vectors + v])

            with cgutils.for_range(builder, taps) as loop:
                source = builder.gep(rows, [builder.load(builder.gep(offsets, [loop.index]))])
                inputs = [builder.load(vector_at(source, v)) for v in range(vectors)]
                for load in inputs:
                    load.align = 1
                of_tap = builder.gep(weight, [builder.mul(loop.index, index(block))])
                for o in range(block):
                    tap = splat(builder.load(builder.gep(of_tap, [index(o)])))
                    for v in range(vectors):
                        total = sums[o * vectors + v]
                        builder.store(multiply_add(tap, inputs[v], builder.load(total)), total)

            def write(o, v):
                target = vector_at(builder.gep(out, [builder.mul(out_stride, index(o))]), v)
                total = builder.load(sums[o * vectors + v])
                whole = builder.icmp_signed(">=", columns, index((v + 1) * lanes))
                with builder.if_else(whole) as (all_lanes, some_lanes):
                    with all_lanes:
                        builder.store(total, target).align = 1
                    with some_lanes:
                        numbers = ir.VectorType(index, lanes)
                        lane = ir.Constant(numbers, [v * lanes + i for i in range(lanes)])
                        mask = builder.icmp_signed("<", lane, splat(columns, numbers))
                        alignment = ir.IntType(32)(1)
                        parameters = (vector, target.type, alignment.type, mask.type)
                        store = intrinsic_function("llvm.masked.store.{}.p0", ir.VoidType(), *parameters)
                        builder.call(store, [total, target, alignment, mask])

            for o in range(block):
                with builder.if_then(builder.icmp_signed(">", channels, index(o))):
                    for v in range(vectors):
                        write(o, v)
            return context.get_dummy_value()

        return types.void(rows, weight, bias, out, offsets, taps, out_stride, columns, channels), generate

    return tile


wide_tile = make_tile(WIDE_BLOCK, WIDE_VECTORS)
single_tile = make_tile(1, SINGLE_VECTORS)


@njit(cache=True, error_model="numpy")
def block_of(channels):
    """How many of a group's output ``channels`` are computed together."""
    return WIDE_BLOCK if 2 * channels >= WIDE_BLOCK else 1


@njit(cache=True, error_model="numpy")
def pack_weight(packed, weight, groups):
    """Order weights as a tile reads them, with zeros for the channels that the last block lacks.

    packed : (groups · blocks, C_in/groups · KH · KW, block); weight : (C_out, C_in/groups, KH, KW).
    """
    block = packed.shape[2]
    c_out, channels_in, kh, kw = weight.shape
    per_group, blocks = c_out // groups, packed.shape[0] // groups
    for b in range(packed.shape[0]):
        first = b // blocks * per_group + b % blocks * block
        channels = min(block, per_group - b % blocks * block)
        for c in range(channels_in):
            for i in range(kh):
                for j in range(kw):
                    for o in range(block):
                        tap = weight[first + o, c, i, j] if o < channels else 0
                        packed[b, (c * kh + i) * kw + j, o] = tap


@njit(cache=True, error_model="numpy")
def tap_offsets(offsets, channels, kh, kw, dh, dw, phases, rows, columns):
    """Where each tap reads, relative to its window's first element, in (channels, rows, phases, columns)."""
    for c in range(channels):
        for i in range(kh):
            for j in range(kw):
                row = (c * rows + i * dh) * phases + j * dw % phases
                offsets[(c * kh + i) * kw + j] = row * columns + j * dw // phases


@njit(parallel=True, cache=True, error_model="numpy")
def correlate2d_into(out, rows, packed, bias, offsets, groups, stride):
    """Fill ``out`` (N, C_out, OH, OW) from padded ``rows`` (N, C_in, padded height, phases, columns).

    packed and offsets as ``pack_weight`` and ``tap_offsets`` make them; bias (C_out + WIDE_BLOCK,), of which
    the excess is read and not used; ``stride`` is between rows; SLACK_BYTES after ``rows`` may be read.
    """
    batch, c_out, oh, ow = out.shape
    c_in, height, phases, columns = rows.shape[1:]
    taps, block = packed.shape[1:]
    blocks = packed.shape[0] // groups
    per_group = c_out // groups
    lanes = VECTOR_BYTES // out.itemsize
    for unit in prange(batch * packed.shape[0] * oh):
        unit = np.intp(unit)
        y, b, n = unit % oh, unit // oh % packed.shape[0], unit // oh // packed.shape[0]
        g = b // blocks
        o = g * per_group + b % blocks * block
        channels = min(block, per_group - b % blocks * block)
        base = ((n * c_in + g * (c_in // groups)) * height + y * stride) * phases * columns
        target = ((n * c_out + o) * oh + y) * ow
        width = lanes * (SINGLE_VECTORS if block == 1 else WIDE_VECTORS)
        for x in range(0, ow, width):
            source, sink = address(rows, base + x), address(out, target + x)
            weight, start, table = address(packed, b * taps * block), address(bias, o), address(offsets, 0)
            if block == 1:
                single_tile(source, weight, start, sink, table, taps, oh * ow, ow - x, channels)
            else:
                wide_tile(source, weight, start, sink, table, taps, oh * ow, ow - x, channels)
