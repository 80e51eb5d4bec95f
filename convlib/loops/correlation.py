"""Cross-correlation, what deep learning calls convolution: one micro-kernel and the loops around it.

The plan. Work is cut into *units*: a few rows of outputs of one image (``convlib.loops.cutting``). A unit
first copies the inputs that it reads, padded, to a workspace of its thread, which is small enough to stay
in the caches. There they lie so that, for every tap of the kernel, the inputs of neighbouring outputs are
neighbours in memory: columns are split by stride. Then one *run* of neighbouring outputs is

    out[o, to + x] = bias[o] + Σ_t weight[t, o] · rows[from + offsets[t] + x]

Two tables say the rest. ``offsets``, with an entry per input channel and tap, says all about kernel size,
dilation, stride and channels; ``places``, with a pair (from, to) per run, all about the outputs' shape.
``tile`` computes that sum for a few channels and runs in registers.

A vector holds neighbouring columns, or, where rows are short of them, output channels: a *deep* tile.

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
from numba.extending import intrinsic, register_jitable

cpu_features = get_host_cpu_features() if config.CPU_FEATURES is None else config.CPU_FEATURES
VECTOR_BYTES = 64 if "+avx512f" in cpu_features else 32 if "+avx," in cpu_features else 16
# A tile is output channels × runs, a run one vector of neighbouring columns: as many sums as registers hold,
# with some left for inputs. A core starts two multiply-adds a cycle and waits four cycles for each, so fewer
# than eight sums would leave it idle; with twelve, every number that is loaded is used three or four times.
WIDE_BLOCK = 8 if VECTOR_BYTES == 64 else 4
WIDE_RUNS = 2 if VECTOR_BYTES == 16 else 3
# Where vectors hold output channels, a tile is two of them × so many columns: with them and two vectors of
# weights it fills the 32 registers of such a machine, and 14 divides the rows of most networks, whose images
# of 224 columns are halved again and again.
DEEP_VECTORS, DEEP_COLUMNS = 2, 14
HAS_DEEP_TILE = FETCHES_AHEAD = VECTOR_BYTES == 64
# A wide tile has inputs fetched so many taps ahead: no processor foresees where in the second cache they lie.
TAPS_AHEAD = 12
# A group with few output channels (a depthwise layer has one) is computed channel by channel, in more runs.
SINGLE_RUNS = 8
# WebAssembly adds up an address with instructions of their own; others do so while they load.
ADDRESSES_COST = VECTOR_BYTES == 16
# What a run in a row shorter than itself may read beyond it: a vector, or columns of the longest numbers.
SLACK_BYTES = max(VECTOR_BYTES, 8 * DEEP_COLUMNS)
# So many biases are read from the last one on.
MORE_BIASES = max(WIDE_BLOCK, DEEP_VECTORS * VECTOR_BYTES // 4)

CACHE_LINE = 64
# So many lines of a row are asked for; then a processor foresees the others.
LINES_AHEAD = 4
# Rows of so many vectors are long enough for the system's function that copies.
VECTORS_OF_SHORT_ROW = 8

# So few products of a gradient are summed in one go: shorter sums round less, and the pixels that they read
# stay in the second cache while all taps of the kernel use them.
PIXELS_OF_SUM = 1024

# Loops own no memory, so nobody need count who refers to their arrays: for every call of a part, in every
# thread, that would be some ten atomic additions, a sixth of a depthwise layer's time.
OPTIONS = {"error_model": "numpy", "_nrt": False}
loop, parallel_loop = njit(cache=True, **OPTIONS), njit(parallel=True, cache=True, **OPTIONS)
# For what only other loops call. What Python would need to call it takes a third of the time of compiling.
part = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)
# For a part that one or two loops call: without a step of its own, compiling takes a fifth less.
inlined_part = njit(inline="always", **OPTIONS)


@intrinsic
def address(typing_context, array, index):
    """Pointer to element ``index`` of a contiguous array, counted over all axes."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    return types.CPointer(array.dtype)(array, types.intp), generate


@intrinsic
def advance(typing_context, pointer, count):
    """Pointer to the element ``count`` elements on."""

    def generate(context, builder, signature, arguments):
        return builder.gep(arguments[0], [arguments[1]])

    return pointer(pointer, types.intp), generate


@intrinsic
def take(typing_context, counter):
    """The number at an address, which grows by one, also if several threads take at once."""

    def generate(context, builder, signature, arguments):
        (counter,) = arguments
        return builder.atomic_rmw("add", counter, counter.type.pointee(1), "monotonic")

    return counter.dtype(counter), generate


@intrinsic
def expect(typing_context, source):
    """Have the processor fetch what begins at an address and will be read soon."""

    def generate(context, builder, signature, arguments):
        (source,) = arguments
        vectors = Vectors(context, builder, source.type.pointee)
        for line in range(LINES_AHEAD):
            vectors.prefetch(source, ir.IntType(64)(line * CACHE_LINE // vectors.bytes))
        return context.get_dummy_value()

    return types.void(source), generate


class Vectors:
    """Vector code for elements of one type, in LLVM's terms."""

    def __init__(self, context, builder, element, signed=True):
        self.builder, self.element, self.signed = builder, element, signed
        self.bytes = context.get_abi_sizeof(element)
        self.lanes = VECTOR_BYTES // self.bytes

    def function(self, name, result, *parameters):
        """An intrinsic of LLVM; {} in its name stands for the type of its first parameter."""
        kind = f"v{parameters[0].count}{'i' if isinstance(self.element, ir.IntType) else 'f'}{8 * self.bytes}"
        return cgutils.get_or_insert_function(
            self.builder.module, ir.FunctionType(result, parameters), name.format(kind)
        )

    def at(self, pointer, shift, lanes):
        """Pointer to a vector ``shift`` elements on."""
        kind = ir.VectorType(self.element, lanes)
        return self.builder.bitcast(self.builder.gep(pointer, [shift], inbounds=True), kind.as_pointer())

    def load(self, pointer, shift, lanes):
        vector = self.builder.load(self.at(pointer, shift, lanes))
        vector.align = self.bytes
        return vector

    def store(self, vector, pointer, shift):
        self.builder.store(vector, self.at(pointer, shift, vector.type.count)).align = self.bytes

    def prefetch(self, pointer, shift):
        """Have the processor fetch an element that will be read soon, and its neighbours."""
        pointer, number = self.builder.gep(pointer, [shift]), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        prefetch = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        self.builder.call(prefetch, [pointer, number(0), number(3), number(1)])  # to read, all caches, data

    def store_first(self, count, vector, pointer, shift):
        """Store the first ``count`` elements."""
        lanes, target = vector.type.count, self.at(pointer, shift, vector.type.count)
        numbers = ir.Constant(ir.VectorType(count.type, lanes), [*range(lanes)])
        mask = self.builder.icmp_signed("<", numbers, self.splat(count, lanes))
        alignment = ir.IntType(32)(self.bytes)
        kinds = vector.type, target.type, alignment.type, mask.type
        store = self.function("llvm.masked.store.{}.p0", ir.VoidType(), *kinds)
        self.builder.call(store, [vector, target, alignment, mask])

    def splat(self, scalar, lanes):
        """The vector whose every element is ``scalar``."""
        undefined = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
        first = self.builder.insert_element(undefined, scalar, ir.IntType(32)(0))
        return self.shuffle(first, undefined, [0] * lanes)

    def shuffle(self, a, b, picks):
        """Elements of ``a`` and, counted on, of ``b``."""
        places = ir.Constant(ir.VectorType(ir.IntType(32), len(picks)), [*picks])
        return self.builder.shuffle_vector(a, b, places)

    def transpose(self, rows):
        """Columns of a matrix whose rows are vectors; more elements may follow, up to a power of two."""
        count, lanes = 1 << (len(rows) - 1).bit_length(), rows[0].type.count
        rows = rows + rows[:1] * (count - len(rows))
        turns = [place for k in range(lanes) for place in (k, lanes + k)]
        half, both = count // 2, (turns[:lanes], turns[lanes:])
        for _ in range(half.bit_length()):
            rows = [self.shuffle(rows[k], rows[half + k], picks) for k in range(half) for picks in both]
        # now the elements of a column are neighbours, across as many vectors as there were rows
        if count <= lanes:
            places = [divmod(k * count, lanes) for k in range(lanes)]
            return [self.shuffle(rows[k], rows[k], range(first, first + count)) for k, first in places]
        while len(rows) > lanes:
            length = rows[0].type.count
            rows = [self.shuffle(*pair, range(2 * length)) for pair in zip(rows[::2], rows[1::2])]
        return rows

    def multiply_add(self, a, b, c):
        """a · b + c."""
        if isinstance(self.element, ir.IntType):
            return self.builder.add(self.builder.mul(a, b), c)
        # fused where the machine can: one rounding instead of two, and twice the speed
        fused = self.function("llvm.fmuladd.{}", a.type, a.type, a.type, a.type)
        return self.builder.call(fused, [a, b, c])

    def combine(self, factors, vectors):
        """Σ factor · vector, for factors known now: 1, −1 and 0 cost less."""
        total = None
        for factor, vector in sorted(zip(factors, vectors), key=lambda pair: pair[0] != 1):
            constant = ir.Constant(vector.type, [float(factor)] * vector.type.count)
            if factor == 0:
                continue
            if total is None:
                total = vector if factor == 1 else self.builder.fmul(vector, constant)
            elif abs(factor) == 1:
                total = (self.builder.fadd if factor == 1 else self.builder.fsub)(total, vector)
            else:
                total = self.multiply_add(vector, constant, total)
        return total


@intrinsic
def copy(typing_context, target, source, count):
    """Copy ``count`` neighbouring elements from one address to another.

    The system copies long rows faster, but to ask it takes as long as to copy a few vectors.
    """

    def generate(context, builder, signature, arguments):
        target, source, count = arguments
        vectors, index = Vectors(context, builder, source.type.pointee), count.type
        lanes = index(vectors.lanes)

        def move(place, lanes):
            vectors.store(vectors.load(source, place, lanes), target, place)

        def is_at_least(least):
            return builder.if_else(builder.icmp_signed(">=", count, index(least)))

        with is_at_least(VECTORS_OF_SHORT_ROW * vectors.lanes) as (is_long, is_short):
            with is_long:
                cgutils.raw_memcpy(builder, target, source, count, vectors.bytes)
            with is_short, is_at_least(vectors.lanes) as (has_vectors, has_none):
                with has_vectors:
                    last = builder.sub(count, lanes)  # this vector copies some elements again
                    with cgutils.for_range_slice(builder, index(0), last, lanes, index) as (place, _):
                        move(place, vectors.lanes)
                    move(last, vectors.lanes)
                with has_none, cgutils.for_range(builder, count) as loop:
                    move(loop.index, 1)
        return context.get_dummy_value()

    return types.void(target, source, types.intp), generate


@intrinsic
def turn(typing_context, target, target_row, source, source_row):
    """Transpose WIDE_BLOCK rows of a vector each: target[j · target_row + i] = source[i · source_row + j]."""

    def generate(context, builder, signature, arguments):
        target, target_row, source, source_row = arguments
        vectors, index = Vectors(context, builder, source.type.pointee), source_row.type
        begins = [builder.mul(source_row, index(i)) for i in range(WIDE_BLOCK)]
        rows = [vectors.load(source, begin, vectors.lanes) for begin in begins]
        for j, column in enumerate(vectors.transpose(rows)):
            vectors.store(column, target, builder.mul(target_row, index(j)))
        return context.get_dummy_value()

    return types.void(target, types.intp, source, types.intp), generate


def make_tile(block, runs, straight=False):
    """The micro-kernel, in LLVM's terms, for ``block`` output channels and ``runs`` runs of columns.

    tile(rows, weight, bias, out, offsets, taps, places, out_stride, columns, channels) computes

        out[o · out_stride + to[r] + x] = bias[o] + Σ_t weight[t · block + o] · rows[from[r] + offsets[t] + x]

    for o < channels ≤ block, for each run r and for x < columns ≤ elements of a vector; all but ``taps`` and
    the last three arguments are pointers. ``places`` holds the pair (from, to) of each run. It reads whole
    vectors, however few of their elements it writes. ``straight`` says that every run is a whole vector that
    follows on the one before: then one address does for all.
    """

    @intrinsic
    def tile(typing_context, rows, weight, bias, out, offsets, taps, places, out_stride, columns, channels):
        def generate(context, builder, signature, arguments):
            rows, weight, bias, out, offsets, taps, places, out_stride, columns, channels = arguments
            vectors, index = Vectors(context, builder, rows.type.pointee), taps.type
            lanes = vectors.lanes

            # of each run, which pair says where it is, and how far behind that it begins
            places_of_runs = [(0, index(r * lanes)) if straight else (r, index(0)) for r in range(runs)]
            pairs = 1 if straight else runs
            place = [builder.load(builder.gep(places, [index(i)])) for i in range(2 * pairs)]
            sources = [builder.gep(rows, [begin]) for begin in place[::2]]
            vector = ir.VectorType(vectors.element, lanes)
            sums = [cgutils.alloca_once(builder, vector) for _ in range(block * runs)]
            for o in range(block):
                start = vectors.splat(builder.load(builder.gep(bias, [index(o)])), lanes)
                for r in range(runs):
                    builder.store(start, sums[o * runs + r])

            with cgutils.for_range(builder, taps) as loop:
                offset = builder.load(builder.gep(offsets, [loop.index]))
                begins = [builder.gep(source, [offset]) for source in sources]
                inputs = [vectors.load(begins[pair], shift, lanes) for pair, shift in places_of_runs]
                if FETCHES_AHEAD and block > 1:
                    ahead = builder.add(loop.index, index(TAPS_AHEAD))
                    ahead = builder.select(builder.icmp_signed("<", ahead, taps), ahead, loop.index)
                    later = builder.load(builder.gep(offsets, [ahead]))
                    for source in sources:
                        vectors.prefetch(source, later)
                of_tap = builder.gep(weight, [builder.mul(loop.index, index(block))])
                for o in range(block):
                    tap = vectors.splat(builder.load(builder.gep(of_tap, [index(o)], inbounds=True)), lanes)
                    for r in range(runs):
                        total = sums[o * runs + r]
                        builder.store(vectors.multiply_add(tap, inputs[r], builder.load(total)), total)

            def write(o, r):
                pair, shift = places_of_runs[r]
                begin = builder.add(builder.mul(out_stride, index(o)), place[2 * pair + 1])
                total, target = builder.load(sums[o * runs + r]), builder.gep(out, [begin])
                with builder.if_else(whole) as (all_lanes, some_lanes):
                    with all_lanes:
                        vectors.store(total, target, shift)
                    with some_lanes:
                        vectors.store_first(columns, total, target, shift)

            whole = cgutils.true_bit if straight else builder.icmp_signed(">=", columns, index(lanes))
            for o in range(block):
                with builder.if_then(builder.icmp_signed(">", channels, index(o))):
                    for r in range(runs):
                        write(o, r)
            return context.get_dummy_value()

        signature = types.void(rows, weight, bias, out, offsets, taps, places, out_stride, columns, channels)
        return signature, generate

    return tile


def make_deep_tile(depth, width):
    """The micro-kernel whose vectors hold output channels: ``depth`` vectors of them × ``width`` columns.

    It takes and computes what that of ``make_tile`` does, for one run and a block of ``depth`` vectors, but
    for x < columns ≤ ``width``.
    """

    @intrinsic
    def tile(typing_context, rows, weight, bias, out, offsets, taps, places, out_stride, columns, channels):
        def generate(context, builder, signature, arguments):
            rows, weight, bias, out, offsets, taps, places, out_stride, columns, channels = arguments
            vectors, index = Vectors(context, builder, rows.type.pointee), taps.type
            lanes = vectors.lanes

            begin, target = (builder.load(builder.gep(places, [index(i)])) for i in range(2))
            source = builder.gep(rows, [begin])
            vector = ir.VectorType(vectors.element, lanes)
            sums = [[cgutils.alloca_once(builder, vector) for _ in range(width)] for _ in range(depth)]
            for d in range(depth):
                start = vectors.load(bias, index(d * lanes), lanes)
                for x in range(width):
                    builder.store(start, sums[d][x])

            with cgutils.for_range(builder, taps) as loop:
                inputs = builder.gep(source, [builder.load(builder.gep(offsets, [loop.index]))])
                of_tap = builder.gep(weight, [builder.mul(loop.index, index(depth * lanes))])
                tap = [vectors.load(of_tap, index(d * lanes), lanes) for d in range(depth)]
                for x in range(width):
                    pixel = vectors.splat(builder.load(builder.gep(inputs, [index(x)])), lanes)
                    for d in range(depth):
                        total = sums[d][x]
                        builder.store(vectors.multiply_add(pixel, tap[d], builder.load(total)), total)

            turned = [
                row for pixels in sums for row in vectors.transpose([builder.load(pixel) for pixel in pixels])
            ]
            room = cgutils.alloca_once(builder, turned[0].type, size=len(turned))
            for o, row in enumerate(turned):
                builder.store(row, builder.gep(room, [index(o)]))
            with cgutils.for_range(builder, channels) as loop:
                row = builder.load(builder.gep(room, [loop.index]))
                shift = builder.add(builder.mul(out_stride, loop.index), target)
                vectors.store_first(columns, row, out, shift)
            return context.get_dummy_value()

        signature = types.void(rows, weight, bias, out, offsets, taps, places, out_stride, columns, channels)
        return signature, generate

    return tile


def make_input_transform(matrix, tile):
    """The first of Winograd's transforms: of windows that begin every ``tile`` columns.

    transform(source, row, target, step) reads n × n windows X, one for each element of a vector; the first
    begins at ``source``, rows are ``row`` elements apart. With M (n, n) it writes vector (i, j) of
    M · X · Mᵀ at target + (i · n + j) · step.
    """
    n = len(matrix)

    @intrinsic
    def transform(typing_context, source, row, target, step):
        def generate(context, builder, signature, arguments):
            source, row, target, step = arguments
            vectors, index = Vectors(context, builder, source.type.pointee), step.type
            lanes = vectors.lanes
            begins = [builder.gep(source, [builder.mul(row, index(i))]) for i in range(n)]
            # column by column first, while neighbours in memory are neighbours in a vector
            long = [vectors.load(begin, index(0), tile * lanes) for begin in begins]
            last = [vectors.load(begin, index(tile * lanes), lanes) for begin in begins]
            for i, factors in enumerate(matrix):
                sums, more = vectors.combine(factors, long), vectors.combine(factors, last)
                columns = [vectors.shuffle(sums, sums, range(j, tile * lanes, tile)) for j in range(tile)]
                # columns that the next window shares
                for j in range(n - tile):
                    columns.append(vectors.shuffle(columns[j], more, [*range(1, lanes), lanes + j]))
                for j, factors in enumerate(matrix):
                    shift = builder.mul(step, index(i * n + j))
                    vectors.store(vectors.combine(factors, columns), target, shift)
            return context.get_dummy_value()

        return types.void(source, row, target, step), generate

    return transform


def make_kernel_transform(matrix):
    """The second: transform(source, target, step) for the 3 × 3 taps of WIDE_BLOCK kernels, tap by tap."""
    m, n = len(matrix), len(matrix[0])

    @intrinsic
    def transform(typing_context, source, target, step):
        def generate(context, builder, signature, arguments):
            source, target, step = arguments
            vectors, index = Vectors(context, builder, source.type.pointee), step.type
            taps = [vectors.load(source, index(tap * WIDE_BLOCK), WIDE_BLOCK) for tap in range(n * n)]
            rows = [[vectors.combine(factors, taps[j::n]) for j in range(n)] for factors in matrix]
            for i, row in enumerate(rows):
                for j, factors in enumerate(matrix):
                    shift = builder.mul(step, index(i * m + j))
                    vectors.store(vectors.combine(factors, row), target, shift)
            return context.get_dummy_value()

        return types.void(source, target, step), generate

    return transform


def make_output_transform(matrix):
    """The third, back to outputs: transform(source, step, bias, target, row, lost).

    It reads vector (i, j) of X at source + (i · n + j) · step, for M (m, n), adds ``bias`` to M · X · Mᵀ and
    writes the m × m outputs of neighbours beside each other: rows of m · lanes, ``row`` elements apart. To
    the vector ``lost`` it adds 0 · every output: so that becomes NaN where an output is infinite or NaN.
    """
    m, n = len(matrix), len(matrix[0])

    @intrinsic
    def transform(typing_context, source, step, bias, target, row, lost):
        def generate(context, builder, signature, arguments):
            source, step, bias, target, row, lost = arguments
            vectors, index = Vectors(context, builder, source.type.pointee), step.type
            lanes = vectors.lanes
            products = [vectors.load(source, builder.mul(step, index(k)), lanes) for k in range(n * n)]
            columns = [[vectors.combine(factors, products[j::n]) for j in range(n)] for factors in matrix]
            start = vectors.splat(builder.load(bias), lanes)
            zeros = ir.Constant(start.type, [0.0] * lanes)
            check = vectors.load(lost, index(0), lanes)
            for i in range(m):
                outputs = [builder.fadd(vectors.combine(factors, columns[i]), start) for factors in matrix]
                for output in outputs:
                    check = vectors.multiply_add(output, zeros, check)
                # from m vectors to one that takes an element of each in turn
                while len(outputs) > 1:
                    half, length = len(outputs) // 2, outputs[0].type.count
                    turns = [place for k in range(length) for place in (k, length + k)]
                    outputs = [vectors.shuffle(outputs[k], outputs[half + k], turns) for k in range(half)]
                vectors.store(outputs[0], target, builder.mul(row, index(i)))
            vectors.store(check, lost, index(0))
            return context.get_dummy_value()

        return types.void(source, step, bias, target, row, lost), generate

    return transform


def make_plain_tile(block, runs):
    """The micro-kernel, said in NumPy: what ``make_tile`` makes when Numba is switched off.

    All but ``taps`` and the last three arguments are arrays, which begin where the pointers point to.
    """

    def tile(rows, weight, bias, out, offsets, taps, places, out_stride, columns, channels):
        for run in range(runs):
            begin, target = places[2 * run : 2 * run + 2]
            inputs = rows[begin + offsets[:taps, np.newaxis] + np.arange(columns)]
            for o in range(channels):
                of_channel = weight[o : taps * block : block, np.newaxis]
                first = o * out_stride + target
                out[first : first + columns] = bias[o] + (of_channel * inputs).sum(axis=0)

    return tile


def make_plain_deep_tile(depth, width):
    """The same for ``make_deep_tile``."""

    def tile(rows, *others):
        make_plain_tile(depth * VECTOR_BYTES // rows.itemsize, 1)(rows, *others)

    return tile


def plain_transforms():
    """Winograd's transforms, said in NumPy; as ``make_plain_tile``."""

    def make_input_transform(matrix, tile):
        matrix, n = np.array(matrix), len(matrix)

        def transform(source, row, target, step):
            for lane in range(VECTOR_BYTES // source.itemsize):
                window = np.array([source[i * row + lane * tile :][:n] for i in range(n)])
                target[lane::step][: n * n] = (matrix @ window @ matrix.T).ravel()

        return transform

    def make_kernel_transform(matrix):
        matrix = np.array(matrix)
        m, n = matrix.shape

        def transform(source, target, step):
            for lane in range(WIDE_BLOCK):
                taps = source[lane::WIDE_BLOCK][: n * n].reshape(n, n)
                target[lane::step][: m * m] = (matrix @ taps @ matrix.T).ravel()

        return transform

    def make_output_transform(matrix):
        matrix = np.array(matrix)
        m, n = matrix.shape

        def transform(source, step, bias, target, row, lost):
            for lane in range(VECTOR_BYTES // source.itemsize):
                outputs = matrix @ source[lane::step][: n * n].reshape(n, n) @ matrix.T + bias[0]
                lost[lane] += (0 * outputs).sum()
                for i in range(m):
                    target[i * row + lane * m :][:m] = outputs[i]

        return transform

    return make_input_transform, make_kernel_transform, make_output_transform


if config.DISABLE_JIT:

    def address(array, index):
        return array.reshape(-1)[index:]

    def expect(source):
        pass

    def advance(pointer, count):
        return pointer[count:]

    def copy(target, source, count):
        target[:count] = source[:count]

    def turn(target, target_row, source, source_row):
        for j in range(VECTOR_BYTES // source.itemsize):
            column = source[j : j + WIDE_BLOCK * source_row : source_row][:WIDE_BLOCK]
            target[j * target_row : j * target_row + WIDE_BLOCK] = column

    def take(counter):
        counter[0] += 1
        return counter[0] - 1

    def make_tile(block, runs, straight=False):
        return make_plain_tile(block, runs)

    make_deep_tile = make_plain_deep_tile
    make_input_transform, make_kernel_transform, make_output_transform = plain_transforms()

wide_tile = make_tile(WIDE_BLOCK, WIDE_RUNS)
narrow_tile = make_tile(WIDE_BLOCK, 2)  # for the last runs of a unit
single_tile = make_tile(1, SINGLE_RUNS)
straight_wide_tile = make_tile(WIDE_BLOCK, WIDE_RUNS, straight=True)
straight_single_tile = make_tile(1, SINGLE_RUNS, straight=True)
deep_tile = make_deep_tile(DEEP_VECTORS, DEEP_COLUMNS)

# Winograd's F(4×4, 3×3): 4 × 4 outputs of a 3 × 3 kernel from 6 × 6 inputs, with 36 products instead of 144.
# The matrices belong to the points 0, 1, −1, 2, −2 and infinity: Lavin and Gray (2016), arXiv:1509.09308.
OUTPUTS_OF_TILE, POINTS = 4, 36
transform_input = make_input_transform(
    ((4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0),
     (0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0), (0, 4, 0, -5, 0, 1)),
    OUTPUTS_OF_TILE,
)  # fmt: skip
transform_kernel = make_kernel_transform(
    ((1 / 4, 0, 0), (-1 / 6, -1 / 6, -1 / 6), (-1 / 6, 1 / 6, -1 / 6),
     (1 / 24, 1 / 12, 1 / 6), (1 / 24, -1 / 12, 1 / 6), (0, 0, 1))
)  # fmt: skip
transform_output = make_output_transform(
    ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))
)


@register_jitable
def block_of(channels):
    """How many of a group's output ``channels`` are computed together."""
    return WIDE_BLOCK if 2 * channels >= WIDE_BLOCK else 1


@part
def ceil_divide(a, b):
    return (a + b - 1) // b


@register_jitable
def columns_of_run(block, itemsize):
    """How many neighbouring outputs of a row are computed together with a block of channels."""
    return DEEP_COLUMNS if block > WIDE_BLOCK else VECTOR_BYTES // itemsize


@part
def take_unit(counters, owner, units):
    """The next of a thread's own units, or ``units`` if all of them are taken."""
    threads, row = counters.shape
    unit = units * owner // threads + take(address(counters, owner * row))
    return unit if unit < units * (owner + 1) // threads else units


@part
def turn_rows(target, target_row, source, source_row, rows, present, count, lanes):
    """target[j · target_row + i] = source[i · source_row + j] for i < rows ≤ WIDE_BLOCK and j < count.

    Only ``present`` rows are there; for others, zeros are written.
    """
    if rows == present == WIDE_BLOCK and count >= lanes:
        for done in range(0, count, lanes):
            j = min(done, count - lanes)  # the last vectors turn some elements again
            turn(advance(target, j * target_row), target_row, advance(source, j), source_row)
        return
    for i in range(rows):
        for j in range(count):
            target[j * target_row + i] = source[i * source_row + j] if i < present else 0


@part
def pack_block(packed, weight, b, groups):
    """Order the weights of block ``b`` as a tile reads them, with zeros for channels that the last one lacks.

    packed : (groups · blocks, weights of a channel, block); weight : (C_out, weights of a channel)
    """
    weights, block = packed.shape[1:]
    per_group, blocks = weight.shape[0] // groups, packed.shape[0] // groups
    o = b // blocks * per_group + b % blocks * block
    present = min(block, per_group - b % blocks * block)
    lanes, rows = VECTOR_BYTES // packed.itemsize, min(WIDE_BLOCK, block)
    for first in range(0, block, WIDE_BLOCK):
        target = address(packed, b * weights * block + first)
        source = address(weight, (o + first) * weights)
        turn_rows(target, block, source, weights, rows, min(rows, present - first), weights, lanes)


@part
def list_runs(places, height, width, row_step, target_step, columns):
    """Cut ``height`` rows of ``width`` outputs into runs of ``columns``; returns how many there are.

    The last run of a row ends with the row and so may overlap the one before it: what both compute is the
    same. Rows are ``row_step`` elements apart where they are read, ``target_step`` where they are written.
    For a tile that finds fewer runs than it holds, the last one is repeated.
    """
    r = 0
    for y in range(height):
        for x in range(0, width, columns):
            begin = max(0, min(x, width - columns))
            places[r, 0], places[r, 1] = y * row_step + begin, y * target_step + begin
            r += 1
    for more in range(max(WIDE_RUNS, SINGLE_RUNS) - 1):
        places[r + more, 0], places[r + more, 1] = places[r - 1, 0], places[r - 1, 1]
    return r


@part
def are_straight(place, runs, width, lanes):
    """Whether ``runs`` runs, from a pointer into ``places`` on, are whole vectors, each behind the other."""
    last, far = 2 * (runs - 1), (runs - 1) * lanes
    return width == lanes and place[last] - place[0] == far and place[last + 1] - place[1] == far


@part
def sum_runs(
    out, target, out_stride, width, rows, base, places, runs, packed, first, count, taps, bias, o, offsets
):
    """All runs for output channels ``o`` … ``o`` + ``count`` − 1, from block ``first`` on.

    ``taps`` is a pair: the first tap and how many. ``width`` is the number of outputs in a run. Inputs of a
    wide tile stay in the nearest cache while all blocks use them, and weights come in the order in which they
    lie in memory, which a processor foresees. Deep blocks have more weights, and those stay in a cache while
    all runs use them.
    """
    weights, block = packed.shape[1:]
    table, source = address(offsets, taps[0]), address(rows, base)
    blocks, lanes = ceil_divide(count, block), VECTOR_BYTES // out.itemsize
    if block != WIDE_BLOCK:
        for b in range(blocks):
            done = b * block
            weight = address(packed, ((first + b) * weights + taps[0]) * block)
            start, sink = address(bias, o + done), address(out, target + done * out_stride)
            present = min(block, count - done)
            for r in range(0, runs, SINGLE_RUNS if block == 1 else 1):
                place = address(places, 2 * r)
                if HAS_DEEP_TILE and block > 1:
                    deep_tile(source, weight, start, sink, table, taps[1], place, out_stride, width, present)
                elif ADDRESSES_COST and are_straight(place, SINGLE_RUNS, width, lanes):
                    straight_single_tile(
                        source, weight, start, sink, table, taps[1], place, out_stride, width, 1
                    )
                else:
                    single_tile(source, weight, start, sink, table, taps[1], place, out_stride, width, 1)
        return
    r = 0
    while r < runs:
        few = WIDE_RUNS > 2 and (runs - r <= 2 or runs - r == 4)  # four runs are two and two
        place = address(places, 2 * r)
        is_straight = ADDRESSES_COST and are_straight(place, WIDE_RUNS, width, lanes)
        for b in range(blocks):
            done = b * block
            weight = address(packed, ((first + b) * weights + taps[0]) * block)
            start, sink = address(bias, o + done), address(out, target + done * out_stride)
            present = min(block, count - done)
            if few:
                narrow_tile(source, weight, start, sink, table, taps[1], place, out_stride, width, present)
            elif is_straight:
                straight_wide_tile(
                    source, weight, start, sink, table, taps[1], place, out_stride, width, present
                )
            else:
                wide_tile(source, weight, start, sink, table, taps[1], place, out_stride, width, present)
        r += 2 if few else WIDE_RUNS


# Padding

ZEROS, REFLECT, REPLICATE, CIRCULAR = range(4)


@part
def source_index(position, size, mode):
    """The element that ``position`` of an axis of ``size`` copies; −1 if it copies none.

    ``position`` counts from the first real element, so padding before it is negative. Reflect needs
    −size < position < 2 size − 1, circular −size ≤ position < 2 size.
    """
    if 0 <= position < size:
        return position
    if mode == REFLECT:
        return -position if position < 0 else 2 * (size - 1) - position
    if mode == REPLICATE:
        return 0 if position < 0 else size - 1
    if mode == CIRCULAR:
        return position + size if position < 0 else position - size
    return -1


@part
def inside(columns, width, begin, step):
    """Which of the columns begin, begin + step, … of a padded line lie in it: from which, to before which."""
    first, last = -begin, width - begin
    if step > 1:  # a division takes as long as copying a short row
        first, last = ceil_divide(first, step), ceil_divide(last, step)
    first = min(columns, max(0, first))
    return first, min(columns, max(first, last))


@inlined_part
def copy_row(row, columns, line, width, begin, step, within, mode, value):
    """Every ``step``-th element of a padded line, from ``begin`` on: row[q] = line[begin + q · step].

    ``row`` and ``line`` are pointers to ``columns`` and ``width`` elements: to hand over arrays would take
    longer than to copy a short row. ``within`` is what ``inside`` says. Where the mode's rule gives no
    element, the row gets ``value``.
    """
    first, last = within
    if step == 1:
        copy(advance(row, first), advance(line, begin + first), last - first)
    else:
        for q in range(first, last):
            row[q] = line[begin + q * step]
    for low, high in ((0, first), (last, columns)):
        for q in range(low, high):
            x = -1 if mode == ZEROS else source_index(begin + q * step, width, mode)
            row[q] = line[x] if 0 <= x < width else value


@part
def copy_window(rows, volume, n, channel, corner, sizes, stored, step, mode):
    """Copy what one unit of work reads to ``rows``, as (channels, depths, heights, phases, columns).

    channel, corner : the first channel and element in image ``n``, negative where padding begins; sizes : the
    channels, depths and heights that are copied; stored : depths, heights, phases, columns that there is room
    for; step : from one row, and from one column of a phase, to the next. Phase r begins with column r: so,
    with as many phases as its stride, a convolution finds the columns that it reads beside each other.
    """
    all_depths, all_heights, phases, columns = stored
    channels, depth, height, width = volume.shape[1:]
    zero, of_channel = volume.dtype.type(0), depth * height * width
    for phase in range(phases):
        begin = corner[2] + phase
        within = inside(columns, width, begin, step[1])
        for c in range(sizes[0]):
            for z in range(sizes[1]):
                source_z = source_index(corner[0] + z, depth, mode)
                for y in range(sizes[2]):
                    source_y = source_index(corner[1] + y * step[0], height, mode)
                    place = (((c * all_depths + z) * all_heights + y) * phases + phase) * columns
                    row = address(rows, place)
                    if 0 <= source_z < depth and 0 <= source_y < height:
                        source = ((n * channels + channel + c) * depth + source_z) * height + source_y
                        line = address(volume, source * width)
                        if phase == 0 and c + 1 < sizes[0]:  # a processor does not foresee the next channel
                            expect(advance(line, of_channel))
                        copy_row(row, columns, line, width, begin, step[1], within, mode, zero)
                    else:
                        for q in range(columns):
                            row[q] = zero


@parallel_loop
def pad_into(out, volume, before, mode, value):
    """Pad ``volume`` (planes, depth, height, width) into ``out`` (planes, depths, rows, columns).

    ``before`` is the padding before each axis.
    """
    planes, depths, rows, columns = out.shape
    depth, height, width = volume.shape[1:]
    within = inside(columns, width, -before[2], 1)
    for unit in prange(planes * depths):
        unit = np.intp(unit)
        z, plane = unit % depths, unit // depths
        source_z = source_index(z - before[0], depth, mode)
        for y in range(rows):
            source_y = source_index(y - before[1], height, mode)
            if source_z < 0 or source_y < 0:
                out[plane, z, y] = value
            else:
                row = address(out, (unit * rows + y) * columns)
                line = address(volume, ((plane * depth + source_z) * height + source_y) * width)
                copy_row(row, columns, line, width, -before[2], 1, within, mode, value)


@parallel_loop
def unpad_into(out, padded, before, mode):
    """The adjoint of padding: add every element of ``padded`` to the element of ``out`` that it copies.

    ``padded`` : (planes, depths, rows, columns); ``out`` : (planes, depth, height, width).
    """
    planes, depths, rows, columns = padded.shape
    depth, height, width = out.shape[1:]
    for plane in prange(planes):
        plane = np.intp(plane)
        out[plane] = 0
        for z in range(depths):
            target_z = source_index(z - before[0], depth, mode)
            for y in range(rows):
                target_y = source_index(y - before[1], height, mode)
                if target_z < 0 or target_y < 0:
                    continue
                for q in range(columns):
                    x = source_index(q - before[2], width, mode)
                    if x >= 0:
                        out[plane, target_z, target_y, x] += padded[plane, z, y, q]


# Convolution


@part
def list_taps(offsets, channels, kernel, dilation, stored):
    """Where each tap of each channel reads, relative to the window's first element in ``stored``."""
    kd, kh, kw = kernel
    depths, heights, phases, columns = stored
    weight = 0
    for c in range(channels):
        for f in range(kd):
            for i in range(kh):
                for j in range(kw):
                    row, x = (c * depths + f * dilation[0]) * heights + i * dilation[1], j * dilation[2]
                    offsets[weight] = (row * phases + x % phases) * columns + x // phases
                    weight += 1


@inlined_part
def correlate_unit(
    unit, listed, out, volume, packed, bias, offsets, rows, places, groups, mode, stride, before, cut, stored
):
    """A few rows of some channels of one image: copy what they read, then compute it.

    ``places`` holds the runs of ``listed`` rows and columns; returns the numbers whose runs it holds then.
    """
    most_rows, most_columns, most_blocks = cut
    c_out, od, oh, ow = out.shape[1:]
    block, blocks = packed.shape[2], packed.shape[0] // groups
    per_group, channels_in = c_out // groups, volume.shape[1] // groups
    columns = columns_of_run(block, out.itemsize)

    parts, row_parts, column_parts = (
        ceil_divide(blocks, most_blocks), ceil_divide(oh, most_rows), ceil_divide(ow, most_columns)
    )  # fmt: skip
    part, unit = unit % parts * most_blocks, unit // parts
    x, unit = unit % column_parts * most_columns, unit // column_parts
    y, unit = unit % row_parts * most_rows, unit // row_parts
    z, unit = unit % od, unit // od
    g, n = unit % groups, unit // groups
    height, width = min(most_rows, oh - y), min(most_columns, ow - x)

    corner = z * stride[0] - before[0], y * stride[1] - before[1], x * stride[2] - before[2]
    sizes = channels_in, stored[0], stored[1] - (most_rows - height) * stride[1]
    copy_window(rows, volume, n, g * channels_in, corner, sizes, stored, (1, stored[2]), mode)
    if listed != (height, width):
        list_runs(places, height, width, stride[1] * stored[2] * stored[3], ow, columns)
    runs = height * ceil_divide(width, columns)
    o = g * per_group + part * block
    target = (((n * c_out + o) * od + z) * oh + y) * ow + x
    sum_runs(
        out, target, od * oh * ow, min(width, columns), rows, 0, places, runs, packed, g * blocks + part,
        min(most_blocks * block, per_group - part * block), (0, packed.shape[1]), bias, o, offsets,
    )  # fmt: skip
    return height, width


@loop
def correlate_alone(
    units, out, volume, weight, packed, bias, offsets, rows, places, groups, mode, kernel, stride, before,
    dilation, cut, stored,
):  # fmt: skip
    """``correlate_into`` in this thread only."""
    for b in range(packed.shape[0]):
        pack_block(packed, weight, b, groups)
    list_taps(offsets, volume.shape[1] // groups, kernel, dilation, stored)
    listed = 0, 0
    for unit in range(units):
        listed = correlate_unit(
            unit, listed, out, volume, packed, bias, offsets, rows[0], places[0], groups, mode, stride,
            before, cut, stored,
        )  # fmt: skip


@parallel_loop
def correlate_into(
    units, counters, out, volume, weight, packed, bias, offsets, rows, places, groups, mode, kernel, stride,
    before, dilation, cut, stored,
):  # fmt: skip
    """Fill ``out`` (N, C_out, OD, OH, OW) from ``volume`` (N, C_in, depth, height, width).

    weight : (C_out, C_in/groups · taps); bias : (C_out + MORE_BIASES,), the excess is read and not used
    units, cut, stored : as ``cutting.cut_convolution`` gives them; counters : of each thread a row of zeros
    mode : the padding's; kernel, stride, before (padding), dilation : three numbers each
    packed, offsets, rows, places : room for weights, taps, and of each thread inputs and runs

    A thread begins with units that are its own in every call, whose data its core may still hold. Then it
    takes those of others: who is late leaves more to them.
    """
    for b in prange(packed.shape[0]):
        pack_block(packed, weight, np.intp(b), groups)
    list_taps(offsets, volume.shape[1] // groups, kernel, dilation, stored)
    for thread in prange(rows.shape[0]):
        t = np.intp(thread)
        listed = 0, 0
        for turn in range(len(counters)):
            owner = (t + turn) % len(counters)
            unit = take_unit(counters, owner, units)
            while unit < units:
                listed = correlate_unit(
                    unit, listed, out, volume, packed, bias, offsets, rows[t], places[t], groups, mode,
                    stride, before, cut, stored,
                )  # fmt: skip
                unit = take_unit(counters, owner, units)


# Winograd's algorithm, for many channels and kernels of 3 × 3


@inlined_part
def winograd_unit(
    unit, out, volume, spectrum, bias, nothing, offsets, room, places, mode, before, dilation, cut
):  # fmt: skip
    """A few rows of tiles, of one image or of several: transform, multiply, transform back.

    With dilation, outputs that lie so far apart are neighbours in an image of their own, and so are inputs.
    """
    tile_rows, most_channels, row, plane_in, plane_out = cut
    rows, inputs, products, edge, lost = room
    batch, c_out, _, oh, ow = out.shape
    channels, block = volume.shape[1], spectrum.shape[2]
    lanes = VECTOR_BYTES // out.itemsize
    step_y, step_x = dilation[1:]
    down = ceil_divide(ceil_divide(oh, step_y), OUTPUTS_OF_TILE)
    across = ceil_divide(ceil_divide(ow, step_x), OUTPUTS_OF_TILE)
    first = unit * tile_rows
    height, columns = min(tile_rows, batch * step_y * step_x * down - first), OUTPUTS_OF_TILE * across + 2

    q = 0
    while q < height:
        image, y = (first + q) // down, (first + q) % down
        n, ry, rx = image // (step_y * step_x), image // step_x % step_y, image % step_x
        few = min(height - q, down - y)  # rows of tiles of one image
        corner = -before[0], ry + step_y * OUTPUTS_OF_TILE * y - before[1], rx - before[2]
        size = OUTPUTS_OF_TILE * few + 2
        for c in range(channels):
            sizes, stored = (1, 1, size), (1, size, 1, columns)
            copy_window(rows, volume, n, c, corner, sizes, stored, (step_y, step_x), mode)
            for r in range(few):
                for t in range(0, across, lanes):
                    source = address(rows, OUTPUTS_OF_TILE * (r * columns + t))
                    target = address(inputs, c * row + (q + r) * across + t)
                    transform_input(source, columns, target, plane_in)
        q += few

    written, read = (height - 1) * across + ceil_divide(across, lanes) * lanes, height * across
    read = ceil_divide(read, lanes) * lanes
    for point in range(POINTS):
        for c in range(channels):
            for more in range(written, read):  # these columns count for nothing, but must be finite
                inputs[point * plane_in + c * row + more] = 0
    runs = list_runs(places, 1, read, 0, 0, lanes)
    for o in range(0, c_out, most_channels):
        several = min(most_channels, c_out - o)
        for point in range(POINTS):
            sum_runs(
                products, point * plane_out, row, lanes, inputs, 0, places, runs, spectrum, o // block,
                several, (point * channels, channels), nothing, 0, offsets,
            )  # fmt: skip
        for q in range(height):
            image, y = (first + q) // down, (first + q) % down * OUTPUTS_OF_TILE
            n, ry, rx = image // (step_y * step_x), image // step_x % step_y, image % step_x
            lines = min(OUTPUTS_OF_TILE, ceil_divide(oh - ry, step_y) - y)
            line, wide = step_y * ow, ceil_divide(ow - rx, step_x)
            for channel in range(several):
                start = address(bias, o + channel)
                corner_out = ((n * c_out + o + channel) * oh + ry + step_y * y) * ow + rx
                for t in range(0, across, lanes):
                    source = address(products, channel * row + q * across + t)
                    x, width = OUTPUTS_OF_TILE * t, OUTPUTS_OF_TILE * lanes
                    present = min(width, wide - x)
                    target = address(out, corner_out + step_x * x)
                    if step_x == 1 and lines == OUTPUTS_OF_TILE and present == width:
                        transform_output(source, plane_out, start, target, line, lost)
                        continue
                    transform_output(source, plane_out, start, address(edge, 0), width, lost)
                    for i in range(lines):
                        if step_x == 1:
                            copy(advance(target, i * line), address(edge, i * width), present)
                        else:
                            for j in range(present):
                                target[i * line + j * step_x] = edge[i * width + j]


@parallel_loop
def winograd_into(
    units, counters, out, volume, weight, packed, spectrum, bias, nothing, offsets, rows, inputs, products,
    edges, lost, places, mode, before, dilation, cut,
):  # fmt: skip
    """Fill ``out`` (N, C_out, 1, OH, OW) from ``volume`` (N, C_in, 1, height, width), as ``correlate_into``.

    weight : (C_out, C_in · 9); spectrum : room for its transform, (blocks, POINTS · C_in, WIDE_BLOCK)
    nothing : as many zeros as a product has channels; offsets : room for POINTS · C_in
    cut, and of each thread rows, inputs, products, edges : as ``cutting.cut_winograd`` says
    lost : of each thread a vector of zeros; some are NaN afterwards if an output is infinite or NaN. Then
    ``out`` is wrong, for the outputs of a tile share their products.
    """
    channels = volume.shape[1]
    for b in prange(packed.shape[0]):
        b = np.intp(b)
        pack_block(packed, weight, b, 1)
        for c in range(channels):
            source = address(packed, (b * channels + c) * 9 * WIDE_BLOCK)
            target = address(spectrum, (b * POINTS * channels + c) * WIDE_BLOCK)
            transform_kernel(source, target, channels * WIDE_BLOCK)
    for point in range(POINTS):
        for c in range(channels):
            offsets[point * channels + c] = point * cut[3] + c * cut[2]
    for thread in prange(rows.shape[0]):
        t = np.intp(thread)
        room = rows[t], inputs[t], products[t], edges[t], address(lost, t * lost.shape[1])
        for turn in range(len(counters)):
            owner = (t + turn) % len(counters)
            unit = take_unit(counters, owner, units)
            while unit < units:
                winograd_unit(
                    unit, out, volume, spectrum, bias, nothing, offsets, room, places[t], mode, before,
                    dilation, cut,
                )  # fmt: skip
                unit = take_unit(counters, owner, units)


# Transposed convolution


@loop
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


@loop
def list_transposed_taps(offsets, channels, positions, classes, channel_size):
    """``positions`` of all channels: a class's taps of the first channel, then of the second …"""
    for k in range(len(classes) - 1):
        first, taps = classes[k], classes[k + 1] - classes[k]
        for c in range(channels):
            for t in range(taps):
                offsets[channels * first + c * taps + t] = c * channel_size + positions[first + t]


@inlined_part
def transpose_unit(
    unit, out, width, volume, packed, bias, offsets, classes, rows, places, groups, stride, residues, before,
    cut, stored,
):  # fmt: skip
    """A few rows that share their taps, of some channels of one image."""
    most_rows, most_columns, most_blocks = cut
    c_out, od, oh, phases, columns = out.shape[1:]
    block, blocks = packed.shape[2], packed.shape[0] // groups
    per_group, channels_in = c_out // groups, volume.shape[1] // groups
    run = columns_of_run(block, out.itemsize)

    parts, row_parts, column_parts = (
        ceil_divide(blocks, most_blocks),
        ceil_divide(ceil_divide(oh, stride[1]), most_rows),
        ceil_divide(columns, most_columns),
    )
    part, unit = unit % parts * most_blocks, unit // parts
    x, unit = unit % column_parts * most_columns, unit // column_parts
    q, unit = unit % row_parts * most_rows, unit // row_parts
    ry, unit = unit % residues[1], unit // residues[1]
    z, unit = unit % od, unit // od
    g, n = unit % groups, unit // groups
    height = min(most_rows, ceil_divide(oh - ry, stride[1]) - q)
    if height <= 0:
        return

    corner = z // stride[0] - before[0], q - before[1], x - before[2]
    sizes = channels_in, stored[0], stored[1] - (most_rows - height)
    copy_window(rows, volume, n, g * channels_in, corner, sizes, stored, (1, 1), ZEROS)
    o = g * per_group + part * block
    target = (((n * c_out + o) * od + z) * oh + ry + q * stride[1]) * phases * columns + x
    for r in range(phases):
        few = min(most_columns, ceil_divide(width - r, stride[2]) - x)
        if few <= 0:
            continue
        of_class = (z % stride[0] * residues[1] + ry) * phases + r
        taps = channels_in * classes[of_class], channels_in * (classes[of_class + 1] - classes[of_class])
        runs = list_runs(places, height, few, stored[3], stride[1] * phases * columns, run)
        sum_runs(
            out, target + r * columns, od * oh * phases * columns, min(few, run), rows, 0, places, runs,
            packed, g * blocks + part, min(most_blocks * block, per_group - part * block), taps, bias, o,
            offsets,
        )  # fmt: skip


@parallel_loop
def transpose_into(
    units, counters, out, width, volume, weight, packed, bias, offsets, positions, classes, rows, places,
    groups, stride, residues, before, cut, stored,
):  # fmt: skip
    """Fill ``out`` (N, C_out, OD, OH, phases, columns) from ``volume`` (N, C_in, depth, height, width).

    Output column r + q s is ``out[…, r, q]``; there are ``width`` of them. positions and classes as
    ``transposed_taps`` makes them; weight (C_out, C_in/groups · taps) as ``list_transposed_taps`` orders it;
    residues : their number; before : elements read before the first; all else as in ``correlate_into``.
    """
    for b in prange(packed.shape[0]):
        pack_block(packed, weight, np.intp(b), groups)
    channel_size = stored[0] * stored[1] * stored[2] * stored[3]
    list_transposed_taps(offsets, volume.shape[1] // groups, positions, classes, channel_size)
    for thread in prange(rows.shape[0]):
        t = np.intp(thread)
        for turn in range(len(counters)):
            owner = (t + turn) % len(counters)
            unit = take_unit(counters, owner, units)
            while unit < units:
                transpose_unit(
                    unit, out, width, volume, packed, bias, offsets, classes, rows[t], places[t], groups,
                    stride, residues, before, cut, stored,
                )  # fmt: skip
                unit = take_unit(counters, owner, units)


# The gradient for the weights


@parallel_loop
def pack_pixels(packed, offsets, gradient, groups, stride, depth, height, width, channels):
    """Lay out an output gradient (N, C_out, OD, OH, OW) as if its pixels were taps.

    packed : (groups · blocks, N · OD · OH · OW, block); offsets : where each pixel's window begins in
    a padded input of one group, (N, depth, height, width, channels).
    """
    batch, c_out, od, oh, ow = gradient.shape
    block, blocks, per_group = packed.shape[2], packed.shape[0] // groups, c_out // groups
    lanes = VECTOR_BYTES // packed.itemsize
    for row in prange(batch * od * oh):
        row = np.intp(row)
        y, z, n = row % oh, row // oh % od, row // oh // od
        line = ((n * depth + z * stride[0]) * height + y * stride[1]) * width
        for x in range(ow):
            offsets[row * ow + x] = (line + x * stride[2]) * channels
        for b in range(packed.shape[0]):
            o = b // blocks * per_group + b % blocks * block
            present = min(block, per_group - b % blocks * block)
            target = address(packed, (b * packed.shape[1] + row * ow) * block)
            source = address(gradient, (((n * c_out + o) * od + z) * oh + y) * ow)
            turn_rows(target, block, source, od * oh * ow, block, present, ow, lanes)


@parallel_loop
def channels_last_into(pixels, volume, before, mode):
    """Pad ``volume`` (N, C, depth, height, width) and put its channels last.

    pixels : (groups, N, depths, rows, columns, C/groups); before : the padding before each axis
    """
    groups, batch, depths, rows, columns, channels = pixels.shape
    depth, height, width = volume.shape[2:]
    for unit in prange(groups * batch * depths * rows):
        unit = np.intp(unit)
        y, z = unit % rows, unit // rows % depths
        n, g = unit // rows // depths % batch, unit // rows // depths // batch
        source_z = source_index(z - before[0], depth, mode)
        source_y = source_index(y - before[1], height, mode)
        for x in range(columns):
            source_x = source_index(x - before[2], width, mode)
            if source_z < 0 or source_y < 0 or source_x < 0:
                pixels[g, n, z, y, x] = 0
                continue
            for c in range(channels):
                pixels[g, n, z, y, x, c] = volume[n, g * channels + c, source_z, source_y, source_x]


@parallel_loop
def weight_gradient_into(out, part, pixels, packed, nothing, offsets, places, groups, dilation, threads):
    """Fill ``out`` (C_out, KD, KH, KW, span) from ``pixels`` (groups, N, depth, height, width, C_in/groups).

    ``pixels`` is the padded input. ``span`` is a group's channels; or, with KW said to be 1, those of all the
    kernel's columns: without dilation these too are neighbours. packed and offsets as ``pack_pixels`` makes
    them; ``part`` has the shape of ``out``; ``nothing`` is zeros (C_out + MORE_BIASES,); ``places`` is room
    for the runs of one row. SLACK_BYTES after ``pixels`` may be read.

    A unit is a row of taps for a block of output channels. A thread sums some pixels for all its units before
    it goes on to the next ones.
    """
    c_out, kd, kh, kw, span = out.shape
    batch, depth, height, width, channels_in = pixels.shape[1:]
    count, block = packed.shape[1:]
    blocks, per_group = packed.shape[0] // groups, c_out // groups
    size, units = kd * kh * kw * span, packed.shape[0] * kd * kh * kw
    lanes = VECTOR_BYTES // out.itemsize
    runs = list_runs(places, 1, span, 0, 0, lanes)
    for thread in prange(threads):
        t = np.intp(thread)
        for first in range(0, max(1, count), PIXELS_OF_SUM):
            few = min(PIXELS_OF_SUM, count - first)
            for unit in range(units * t // threads, units * (t + 1) // threads):
                j, i, f, b = unit % kw, unit // kw % kh, unit // kw // kh % kd, unit // kw // kh // kd
                g = b // blocks
                o = g * per_group + b % blocks * block
                channels = min(block, per_group - b % blocks * block)
                row = (g * batch * depth + f * dilation[0]) * height + i * dilation[1]
                base = (row * width + j * dilation[2]) * channels_in
                target = o * size + ((f * kh + i) * kw + j) * span
                sum_runs(
                    part, target, size, min(span, lanes), pixels, base, places, runs, packed, b, channels,
                    (first, few), nothing, o, offsets,
                )  # fmt: skip
                for lane in range(channels):
                    for c in range(span):
                        before = out[o + lane, f, i, j, c] if first > 0 else 0
                        out[o + lane, f, i, j, c] = before + part[o + lane, f, i, j, c]
