"""Cross-correlation, what deep learning calls convolution: one micro-kernel and three loops around it.

The plan. The padded input is laid out so that, for every tap of the kernel, the inputs of neighbouring
outputs are neighbours in memory (``convlib.loops.padding`` splits columns by stride). Then one output row is

    out[o, x] = bias[o] + Σ_t weight[t, o] · rows[base + offsets[t] + x]

and a single list of ``offsets``, an entry per input channel and tap, says all there is to say about kernel
size, dilation, stride and channels. ``tile`` computes that sum for a few channels and columns in registers.

Arrays have three spatial axes (depth, height, width); an image has depth 1, a sequence height 1 too.

Two relatives are the same sum. A transposed convolution with stride s is s ordinary ones along each axis:
outputs that leave the same remainder when divided by s share their taps, so taps are sorted into such
*classes*. In the gradient for the weights, pixels take the part of the taps, and channels that of columns.
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


# Where a row is cut, so that one long row keeps every core busy.
COLUMNS_OF_UNIT = 4096
# So few products of a gradient are summed in one go: shorter sums round less.
PIXELS_OF_SUM = 2048


@intrinsic
def address(typing_context, array, index):
    """Pointer to element ``index`` of a contiguous array, counted over all axes."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    return types.CPointer(array.dtype)(array, types.intp), generate


def make_tile(block, vectors):
    """The micro-kernel, in LLVM's terms, for ``block`` output channels and ``vectors`` vectors of columns.

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


def make_plain_tile(block, vectors):
    """The micro-kernel, said in NumPy: what ``make_tile`` makes when Numba is switched off.

    All but the last four arguments are arrays, which begin where the pointers point to.
    """

    def tile(rows, weight, bias, out, offsets, taps, out_stride, columns, channels):
        columns = min(columns, vectors * VECTOR_BYTES // rows.itemsize)
        inputs = rows[offsets[:taps, np.newaxis] + np.arange(columns)]
        for o in range(channels):
            of_channel = weight[o : taps * block : block, np.newaxis]
            out[o * out_stride : o * out_stride + columns] = bias[o] + (of_channel * inputs).sum(axis=0)

    return tile


if config.DISABLE_JIT:

    def address(array, index):
        return array.reshape(-1)[index:]

    make_tile = make_plain_tile

wide_tile = make_tile(WIDE_BLOCK, WIDE_VECTORS)
single_tile = make_tile(1, SINGLE_VECTORS)


@njit(cache=True, error_model="numpy")
def block_of(channels):
    """How many of a group's output ``channels`` are computed together."""
    return WIDE_BLOCK if 2 * channels >= WIDE_BLOCK else 1


@njit(cache=True, error_model="numpy")
def sum_columns(
    out, target, channel_size, columns, rows, base, packed, b, tap, taps, bias, o, channels, offsets
):
    """One output row of one block of channels: ``taps`` of its taps from number ``tap`` on.

    ``channels`` rows of ``columns`` elements go to ``out``, from ``target`` on, ``channel_size`` apart.
    """
    block = packed.shape[2]
    lanes = VECTOR_BYTES // out.itemsize
    weight, table = address(packed, (b * packed.shape[1] + tap) * block), address(offsets, tap)
    start = address(bias, o)
    for x in range(0, columns, lanes * (SINGLE_VECTORS if block == 1 else WIDE_VECTORS)):
        source, sink = address(rows, base + x), address(out, target + x)
        if block == 1:
            single_tile(source, weight, start, sink, table, taps, channel_size, columns - x, channels)
        else:
            wide_tile(source, weight, start, sink, table, taps, channel_size, columns - x, channels)


@njit(cache=True, error_model="numpy")
def forward_taps(order, positions, classes, kernel, dilation, phases, height, columns):
    """The taps of a convolution: in the kernel's own order, all in one class.

    ``positions`` are relative to the window's first element in (depth, height, phases, columns).
    """
    kd, kh, kw = kernel
    dd, dh, dw = dilation
    for tap in range(kd * kh * kw):
        f, i, j = tap // kw // kh, tap // kw % kh, tap % kw
        row = (f * dd * height + i * dh) * phases + j * dw % phases
        order[tap], positions[tap] = tap, row * columns + j * dw // phases
    classes[0], classes[1] = 0, kd * kh * kw


@njit(cache=True, error_model="numpy")
def transposed_taps(
    order, positions, classes, kernel, stride, padding, dilation, residues, before, height, columns
):
    """The taps of a transposed convolution, sorted into classes.

    Output r + q s of an axis sums the input elements q + (r + p − d i) / s over those taps i for which this
    is a whole number; r counts the class. ``residues`` is the number of classes along each axis, ``before``
    the elements padded before the input. ``positions`` are relative to element q in (depth, height, columns).
    """
    kd, kh, kw = kernel
    (sd, sh, sw), (pd, ph, pw), (dd, dh, dw) = stride, padding, dilation
    tap, of_class = 0, 0
    for rz in range(residues[0]):
        for ry in range(residues[1]):
            for rx in range(residues[2]):
                classes[of_class] = tap
                of_class += 1
                for f in range(kd):
                    z = rz + pd - dd * f
                    if z % sd != 0:
                        continue
                    for i in range(kh):
                        y = ry + ph - dh * i
                        if y % sh != 0:
                            continue
                        for j in range(kw):
                            x = rx + pw - dw * j
                            if x % sw != 0:
                                continue
                            row = (z // sd + before[0]) * height + y // sh + before[1]
                            order[tap] = (f * kh + i) * kw + j
                            positions[tap] = row * columns + x // sw + before[2]
                            tap += 1
    classes[of_class] = tap


@njit(cache=True, error_model="numpy")
def pack_weight(packed, offsets, weight, order, positions, classes, groups, channel_size):
    """Order weights as a tile reads them, with zeros for the channels that the last block lacks.

    packed : (groups · blocks, C_in/groups · taps, block)
    offsets : (C_in/groups · taps,), where the input of each weight is
    weight : (C_out, C_in/groups, taps)
    order, positions : (taps,), each tap's number in ``weight`` and where it reads in a channel
    classes : the first tap of each class, and the number of taps
    channel_size : elements from one channel to the next

    A class is contiguous: all its taps of the first channel, then of the second …
    """
    block = packed.shape[2]
    c_out, channels_in = weight.shape[:2]
    per_group, blocks = c_out // groups, packed.shape[0] // groups
    for k in range(len(classes) - 1):
        first, taps = classes[k], classes[k + 1] - classes[k]
        for c in range(channels_in):
            for t in range(taps):
                offsets[channels_in * first + c * taps + t] = c * channel_size + positions[first + t]
    for b in range(packed.shape[0]):
        o = b // blocks * per_group + b % blocks * block
        channels = min(block, per_group - b % blocks * block)
        for k in range(len(classes) - 1):
            first, taps = classes[k], classes[k + 1] - classes[k]
            for c in range(channels_in):
                for t in range(taps):
                    row = channels_in * first + c * taps + t
                    for lane in range(block):
                        packed[b, row, lane] = weight[o + lane, c, order[first + t]] if lane < channels else 0


@njit(parallel=True, cache=True, error_model="numpy")
def correlate_into(out, rows, packed, bias, offsets, groups, stride):
    """Fill ``out`` (N, C_out, OD, OH, OW) from padded ``rows`` (N, C_in, depth, height, phases, columns).

    packed and offsets as ``pack_weight`` makes them from ``forward_taps``; bias (C_out + WIDE_BLOCK,), the
    excess is read and not used; ``stride`` of depth and height. SLACK_BYTES after ``rows`` may be read.
    """
    batch, c_out, od, oh, ow = out.shape
    c_in, depth, height, phases, columns = rows.shape[1:]
    taps, block = packed.shape[1:]
    all_blocks, blocks, per_group = packed.shape[0], packed.shape[0] // groups, c_out // groups
    parts = (ow + COLUMNS_OF_UNIT - 1) // COLUMNS_OF_UNIT
    for unit in prange(batch * all_blocks * od * oh * parts):
        unit = np.intp(unit)
        x, row = unit % parts * COLUMNS_OF_UNIT, unit // parts
        y, z, map_of_block = row % oh, row // oh % od, row // oh // od
        b, n = map_of_block % all_blocks, map_of_block // all_blocks
        g = b // blocks
        o = g * per_group + b % blocks * block
        channels = min(block, per_group - b % blocks * block)
        plane = (n * c_in + g * (c_in // groups)) * depth + z * stride[0]
        base = (plane * height + y * stride[1]) * phases * columns + x
        target = (((n * c_out + o) * od + z) * oh + y) * ow + x
        width = min(ow - x, COLUMNS_OF_UNIT)
        size = od * oh * ow
        sum_columns(out, target, size, width, rows, base, packed, b, 0, taps, bias, o, channels, offsets)


@njit(parallel=True, cache=True, error_model="numpy")
def transpose_into(out, width, rows, packed, bias, offsets, classes, groups, stride, residues):
    """Fill ``out`` (N, C_out, OD, OH, phases, columns) from ``rows`` (N, C_in, depth, height, width).

    Output column r + q s is ``out[…, r, q]``; there are ``width`` of them. packed and offsets are as
    ``pack_weight`` makes them from ``transposed_taps``, classes as the latter; bias and slack as in
    ``correlate_into``.
    """
    batch, c_out, od, oh, phases, columns = out.shape
    c_in, depth, height, row_size = rows.shape[1:]
    block, all_blocks = packed.shape[2], packed.shape[0]
    blocks, per_group, channels_in = all_blocks // groups, c_out // groups, c_in // groups
    for unit in prange(batch * all_blocks * od * oh):
        unit = np.intp(unit)
        y, z, map_of_block = unit % oh, unit // oh % od, unit // oh // od
        b, n = map_of_block % all_blocks, map_of_block // all_blocks
        g = b // blocks
        o = g * per_group + b % blocks * block
        channels = min(block, per_group - b % blocks * block)
        plane = (n * c_in + g * channels_in) * depth + z // stride[0]
        base = (plane * height + y // stride[1]) * row_size
        target = (((n * c_out + o) * od + z) * oh + y) * phases * columns
        size = od * oh * phases * columns
        for r in range(phases):
            of_class = (z % stride[0] * residues[1] + y % stride[1]) * phases + r
            tap = channels_in * classes[of_class]
            taps = channels_in * classes[of_class + 1] - tap
            count = (width - r + stride[2] - 1) // stride[2]
            begin = target + r * columns
            sum_columns(out, begin, size, count, rows, base, packed, b, tap, taps, bias, o, channels, offsets)


@njit(parallel=True, cache=True, error_model="numpy")
def pack_pixels(packed, offsets, gradient, groups, stride, depth, height, width, channels):
    """Lay out an output gradient (N, C_out, OD, OH, OW) as if its pixels were taps.

    packed : (groups · blocks, N · OD · OH · OW, block); offsets : where each pixel's window begins in
    a padded input of one group, (N, depth, height, width, channels).
    """
    batch, c_out, od, oh, ow = gradient.shape
    block, blocks, per_group = packed.shape[2], packed.shape[0] // groups, c_out // groups
    for row in prange(batch * od * oh):
        row = np.intp(row)
        y, z, n = row % oh, row // oh % od, row // oh // od
        line = ((n * depth + z * stride[0]) * height + y * stride[1]) * width
        for x in range(ow):
            offsets[row * ow + x] = (line + x * stride[2]) * channels
        for b in range(packed.shape[0]):
            o = b // blocks * per_group + b % blocks * block
            present = min(block, per_group - b % blocks * block)
            for x in range(ow):
                for lane in range(block):
                    packed[b, row * ow + x, lane] = gradient[n, o + lane, z, y, x] if lane < present else 0


@njit(parallel=True, cache=True, error_model="numpy")
def weight_gradient_into(out, part, pixels, packed, nothing, offsets, groups, dilation):
    """Fill ``out`` (C_out, KD, KH, KW, span) from ``pixels`` (groups, N, depth, height, width, C_in/groups).

    ``pixels`` is the padded input. ``span`` is a group's channels; or, with KW said to be 1, those of all the
    kernel's columns: without dilation these too are neighbours. packed and offsets as ``pack_pixels`` makes
    them; ``part`` has the shape of ``out``; ``nothing`` is zeros (C_out + WIDE_BLOCK,). SLACK_BYTES after
    ``pixels`` may be read.
    """
    c_out, kd, kh, kw, span = out.shape
    batch, depth, height, width, channels_in = pixels.shape[1:]
    count, block = packed.shape[1:]
    blocks, per_group = packed.shape[0] // groups, c_out // groups
    size = kd * kh * kw * span
    for unit in prange(packed.shape[0] * kd * kh * kw):
        unit = np.intp(unit)
        j, i, f, b = unit % kw, unit // kw % kh, unit // kw // kh % kd, unit // kw // kh // kd
        g = b // blocks
        o = g * per_group + b % blocks * block
        channels = min(block, per_group - b % blocks * block)
        row = (g * batch * depth + f * dilation[0]) * height + i * dilation[1]
        base = (row * width + j * dilation[2]) * channels_in
        target = o * size + ((f * kh + i) * kw + j) * span
        for lane in range(channels):
            out[o + lane, f, i, j] = 0
        for first in range(0, count, PIXELS_OF_SUM):
            few = min(PIXELS_OF_SUM, count - first)
            sum_columns(
                part, target, size, span, pixels, base, packed, b, first, few, nothing, o, channels, offsets
            )
            for lane in range(channels):
                for c in range(span):
                    out[o + lane, f, i, j, c] += part[o + lane, f, i, j, c]
