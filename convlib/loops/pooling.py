"""Pooling: the largest or the mean of each window, and how a gradient goes back through it.

Arrays are (planes, depth, height, width), settings (depth, height, width). Padding is not stored but skipped:
it counts as −∞ for the maximum and as 0 for the mean.

A row of outputs has windows that lie inside it and, at its ends, some that reach into the padding. Those
inside are computed a vector at a time (``make_run``), the others one by one.
"""

import functools
import itertools

import numpy as np
from llvmlite import ir
from numba import config, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from convlib.loops.correlation import VECTOR_BYTES, Vectors, address, parallel_loop, part

# With a larger step so little of a vector that is loaded would be used that one by one is as fast.
LARGEST_STEP = 0 if config.DISABLE_JIT else 2
# A thread takes so many rows of outputs at once: where they lie is worked out by divisions, which take long.
ROWS_OF_UNIT = 8


def take_larger(vectors, value, most):
    """The larger of each two numbers, ``most`` of equal ones; a NaN if one of them is."""
    builder = vectors.builder
    if isinstance(vectors.element, ir.IntType):
        compare = builder.icmp_signed if vectors.signed else builder.icmp_unsigned
        return builder.select(compare(">", value, most), value, most)
    # a NaN in most stays there; for one in value all bits are set, which is a NaN too
    larger = builder.select(builder.fcmp_ordered(">", value, most), value, most)
    bits = ir.VectorType(ir.IntType(8 * vectors.bytes), value.type.count)
    nan = builder.sext(builder.fcmp_unordered("uno", value, value), bits)
    return builder.bitcast(builder.or_(builder.bitcast(larger, bits), nan), value.type)


def add(vectors, value, total):
    return vectors.builder.fadd(total, value)


def make_run(step, combine, divides):
    """The windows of a vector of neighbouring outputs, in LLVM's terms, for ``step`` columns between them.

    run(source, out, start, strides, taps, divisor) combines with ``start``, for output x, the elements

        source[f · strides[0] + i · strides[1] + j · strides[2] + x · step]

    of all taps (f, i, j), and writes them to out[x], divided if it ``divides``. source and out are pointers.
    """

    @intrinsic
    def run(typing_context, source, out, start, strides, taps, divisor):
        def generate(context, builder, signature, arguments):
            source, out, start, strides, taps, divisor = arguments
            signed = getattr(signature.args[2], "signed", True)
            vectors = Vectors(context, builder, source.type.pointee, signed)
            lanes = vectors.lanes
            zero = builder.extract_value(strides, 0).type(0)
            total = cgutils.alloca_once_value(builder, vectors.splat(start, lanes))

            def visit(axis, place):
                if axis < 3:
                    stride = builder.extract_value(strides, axis)
                    with cgutils.for_range(builder, builder.extract_value(taps, axis)) as loop:
                        visit(axis + 1, builder.add(place, builder.mul(loop.index, stride)))
                    return
                value = vectors.load(source, place, lanes)
                if step == 2:  # the second half is read from one element earlier, not to read beyond the last
                    more = vectors.load(source, builder.add(place, place.type(lanes - 1)), lanes)
                    every_other = [*range(0, lanes, 2), *range(lanes + 1, 2 * lanes, 2)]
                    value = vectors.shuffle(value, more, every_other)
                builder.store(combine(vectors, value, builder.load(total)), total)

            visit(0, zero)
            result = builder.load(total)
            if divides:
                result = builder.fdiv(result, vectors.splat(divisor, lanes))
            vectors.store(result, out, zero)
            return context.get_dummy_value()

        return types.void(source, out, start, strides, taps, divisor), generate

    return run


def make_halving(size):
    """The maximum of windows of ``size`` × ``size`` elements, 2 or 3, in every other column of a row.

    halve(source, out, row, columns, edge) writes ``columns`` neighbouring outputs, a vector or more; rows are
    ``row`` elements apart. With ``edge`` it also writes one before them, whose window lacks its first column.
    It combines rows before it picks columns, so each element is loaded once. A processor's maximum loses
    NaNs: they show in the sum of all elements, and ``halve`` returns whether what it wrote holds. (Infinite
    elements of both signs make a sum NaN too.)
    """

    @intrinsic
    def halve(typing_context, source, out, row, columns, edge):
        def generate(context, builder, signature, arguments):
            source, out, row, columns, edge = arguments
            signed = getattr(signature.args[0].dtype, "signed", True)
            vectors, index = Vectors(context, builder, source.type.pointee, signed), row.type
            lanes, is_float = vectors.lanes, isinstance(vectors.element, (ir.FloatType, ir.DoubleType))
            nothing = ir.Constant(ir.VectorType(vectors.element, lanes), None)
            check = cgutils.alloca_once_value(builder, nothing)

            def larger(most, value):
                if not is_float:
                    return take_larger(vectors, value, most)
                return builder.select(builder.fcmp_ordered(">", value, most), value, most)

            def column_maxima(begin, places):
                """Of vectors at ``places``, the maxima of the window's rows."""
                lines = [builder.gep(begin, [builder.mul(row, index(i))]) for i in range(size)]
                values = [[vectors.load(line, index(place), lanes) for line in lines] for place in places]
                if is_float:
                    terms = [builder.load(check), *itertools.chain(*values)]
                    while len(terms) > 1:  # in pairs, for each sum waits for its terms
                        sums = [builder.fadd(*pair) for pair in zip(terms[::2], terms[1::2])]
                        terms = sums + terms[2 * len(sums) :]
                    builder.store(terms[0], check)
                return [functools.reduce(larger, column) for column in values]

            last = builder.sub(columns, index(lanes))
            with cgutils.for_range_slice(builder, index(0), columns, index(lanes), index) as (x, _):
                # the last vector computes some outputs again
                x = builder.select(builder.icmp_signed("<", x, last), x, last)
                # a third vector ends with the last column of the last window, not to read beyond it
                places = (0, lanes, lanes + 1)[:size]
                left, right, *end = column_maxima(builder.gep(source, [builder.mul(x, index(2))]), places)
                first, second = (vectors.shuffle(left, right, range(j, 2 * lanes, 2)) for j in range(2))
                most = larger(first, second)
                for last_columns in end:  # the third column is the first of the next window
                    third = vectors.shuffle(first, last_columns, [*range(1, lanes), 2 * lanes - 1])
                    most = larger(most, third)
                vectors.store(most, out, x)
            with builder.if_then(builder.icmp_signed("!=", edge, edge.type(0))):
                (both,) = column_maxima(builder.gep(source, [index(2 - size)]), (0,))
                most = larger(both, vectors.shuffle(both, both, [1] * lanes))
                vectors.store(vectors.shuffle(most, most, [0]), out, index(-1))
            if not is_float:
                return ir.IntType(1)(1)
            total = builder.load(check)
            lost = builder.bitcast(builder.fcmp_unordered("uno", total, total), ir.IntType(lanes))
            return builder.icmp_unsigned("==", lost, lost.type(0))

        return types.boolean(source, out, row, columns, edge), generate

    return halve


halve_by_two, halve_by_three = make_halving(2), make_halving(3)
largest_next, largest_other = (make_run(step, take_larger, divides=False) for step in (1, 2))
mean_next, mean_other = (make_run(step, add, divides=True) for step in (1, 2))


@part
def taps_inside(begin, size, taps, dilation):
    """The taps first … last − 1 of a window beginning at ``begin`` that find an element."""
    if dilation == 1:  # a division takes longer than a small window
        return max(0, -begin), min(taps, size - begin)
    first = 0 if begin >= 0 else (dilation - 1 - begin) // dilation
    last = taps if begin + (taps - 1) * dilation < size else (size - 1 - begin) // dilation + 1
    return first, last


@part
def columns_inside(columns, width, kernel, stride, padding, dilation):
    """The output columns first … last − 1 whose windows need no padding."""
    first = min(columns, (padding + stride - 1) // stride)
    last = (width - 1 - (kernel - 1) * dilation + padding) // stride + 1
    return first, max(first, min(columns, last))


@parallel_loop
def max_pool_into(out, indices, volume, kernel, stride, padding, dilation, least):
    """Fill ``out`` with each window's first largest element, and ``indices``, unless None, with its place.

    A NaN is larger than anything. A place counts the elements of its plane, row by row. ``least`` is what a
    window without any element gives.
    """
    planes, od, oh, ow = out.shape
    depth, height, width = volume.shape[1:]
    lanes = VECTOR_BYTES // out.itemsize
    inner, outer = columns_inside(ow, width, kernel[2], stride[2], padding[2], dilation[2])
    if indices is not None or outer - inner < lanes or stride[2] > LARGEST_STEP:
        inner = outer = 0
    halves = stride[2] == 2 and dilation[1] == dilation[2] == 1
    parts = (oh + ROWS_OF_UNIT - 1) // ROWS_OF_UNIT
    for unit in prange(planes * od * parts):
        unit = np.intp(unit)
        first, z, plane = unit % parts * ROWS_OF_UNIT, unit // parts % od, unit // parts // od
        front = z * stride[0] - padding[0]
        first_f, last_f = taps_inside(front, depth, kernel[0], dilation[0])
        for y in range(first, min(first + ROWS_OF_UNIT, oh)):
            top, row = y * stride[1] - padding[1], ((plane * od + z) * oh + y) * ow
            first_i, last_i = taps_inside(top, height, kernel[1], dilation[1])
            begin = (plane * depth + front + first_f * dilation[0]) * height + top + first_i * dilation[1]
            strides = dilation[0] * height * width, dilation[1] * width, dilation[2]
            taps = last_f - first_f, last_i - first_i, kernel[2]
            from_x, first_x = inner, inner
            if inner < outer and halves:
                source = address(volume, begin * width + 2 * inner - padding[2])
                target, columns = address(out, row + inner), outer - inner
                if taps == (1, 2, 2) and halve_by_two(source, target, width, columns, 0):
                    from_x = outer
                edge = inner == padding[2] == 1
                if taps == (1, 3, 3) and halve_by_three(source, target, width, columns, edge):
                    from_x, first_x = outer, 0 if edge else inner
            for done in range(from_x, outer, lanes):
                x = min(done, outer - lanes)  # the last vector computes some outputs again
                source = address(volume, begin * width + x * stride[2] - padding[2])
                target = address(out, row + x)
                if stride[2] == 1:
                    largest_next(source, target, least, strides, taps, least)
                else:
                    largest_other(source, target, least, strides, taps, least)
            for from_x, to_x in ((0, first_x), (outer, ow)):
                for x in range(from_x, to_x):
                    left = x * stride[2] - padding[2]
                    first_j, last_j = taps_inside(left, width, kernel[2], dilation[2])
                    most, place = least, -1
                    for f in range(first_f, last_f):
                        for i in range(first_i, last_i):
                            line = ((front + f * dilation[0]) * height + top + i * dilation[1]) * width
                            values = address(volume, plane * depth * height * width + line)
                            for j in range(first_j, last_j):
                                sx = left + j * dilation[2]
                                value = values[sx]
                                if place < 0 or value > most or (value != value and most == most):
                                    most, place = value, line + sx
                    out[plane, z, y, x] = most
                    if indices is not None:
                        indices[plane, z, y, x] = place


@parallel_loop
def scatter_into(out, gradient, indices):
    """The maximum's gradient: ``gradient`` is added to ``out`` (planes, size) at ``indices``."""
    for plane in prange(out.shape[0]):
        plane = np.intp(plane)
        out[plane] = 0
        for i in range(gradient.shape[1]):
            place = indices[plane, i]
            if place >= 0:
                out[plane, place] += gradient[plane, i]


@part
def elements_of_window(y, size, kernel, stride, padding, include_padding):
    """What one axis contributes to the divisor of a mean: its elements, with or without padding.

    With ``ceil_mode`` a window may reach beyond the padding; what is beyond never counts.
    """
    begin = y * stride - padding
    end = min(begin + kernel, size + padding)
    if include_padding:
        return end - begin
    return min(end, size) - max(begin, 0)


@parallel_loop
def avg_pool_into(out, volume, kernel, stride, padding, include_padding):
    """Fill ``out`` with the mean of each window."""
    planes, od, oh, ow = out.shape
    depth, height, width = volume.shape[1:]
    lanes, nothing = VECTOR_BYTES // out.itemsize, out.dtype.type(0)
    inner, outer = columns_inside(ow, width, kernel[2], stride[2], padding[2], 1)
    if outer - inner < lanes or stride[2] > LARGEST_STEP:
        inner = outer = 0
    parts = (oh + ROWS_OF_UNIT - 1) // ROWS_OF_UNIT
    for unit in prange(planes * od * parts):
        unit = np.intp(unit)
        first, z, plane = unit % parts * ROWS_OF_UNIT, unit // parts % od, unit // parts // od
        front = z * stride[0] - padding[0]
        first_f, last_f = taps_inside(front, depth, kernel[0], 1)
        of_z = elements_of_window(z, depth, kernel[0], stride[0], padding[0], include_padding)
        for y in range(first, min(first + ROWS_OF_UNIT, oh)):
            top, row = y * stride[1] - padding[1], ((plane * od + z) * oh + y) * ow
            first_i, last_i = taps_inside(top, height, kernel[1], 1)
            count = of_z * elements_of_window(y, height, kernel[1], stride[1], padding[1], include_padding)
            begin = (plane * depth + front + first_f) * height + top + first_i
            taps, divisor = (last_f - first_f, last_i - first_i, kernel[2]), out.dtype.type(count * kernel[2])
            for done in range(inner, outer, lanes):
                x = min(done, outer - lanes)  # the last vector computes some outputs again
                source = address(volume, begin * width + x * stride[2] - padding[2])
                target = address(out, row + x)
                if stride[2] == 1:
                    mean_next(source, target, nothing, (height * width, width, 1), taps, divisor)
                else:
                    mean_other(source, target, nothing, (height * width, width, 1), taps, divisor)
            for from_x, to_x in ((0, inner), (outer, ow)):
                for x in range(from_x, to_x):
                    left = x * stride[2] - padding[2]
                    first_j, last_j = taps_inside(left, width, kernel[2], 1)
                    total = nothing
                    for f in range(first_f, last_f):
                        for i in range(first_i, last_i):
                            line = ((plane * depth + front + f) * height + top + i) * width
                            values = address(volume, line)
                            for j in range(first_j, last_j):
                                total += values[left + j]
                    of_x = elements_of_window(x, width, kernel[2], stride[2], padding[2], include_padding)
                    out[plane, z, y, x] = total / out.dtype.type(count * of_x)


@parallel_loop
def avg_pool_back_into(out, gradient, kernel, stride, padding, include_padding):
    """The mean's gradient: each window shares its element of ``gradient`` out among those of ``out``."""
    planes, od, oh, ow = gradient.shape
    depth, height, width = out.shape[1:]
    for plane in prange(planes):
        plane = np.intp(plane)
        out[plane] = 0
        for z in range(od):
            of_z = elements_of_window(z, depth, kernel[0], stride[0], padding[0], include_padding)
            for y in range(oh):
                of_y = elements_of_window(y, height, kernel[1], stride[1], padding[1], include_padding)
                for x in range(ow):
                    of_x = elements_of_window(x, width, kernel[2], stride[2], padding[2], include_padding)
                    share = out.dtype.type(gradient[plane, z, y, x] / (of_z * of_y * of_x))
                    first_z, first_y = z * stride[0] - padding[0], y * stride[1] - padding[1]
                    first_x = x * stride[2] - padding[2]
                    for f in range(max(first_z, 0), min(first_z + kernel[0], depth)):
                        for i in range(max(first_y, 0), min(first_y + kernel[1], height)):
                            for j in range(max(first_x, 0), min(first_x + kernel[2], width)):
                                out[plane, f, i, j] += share
