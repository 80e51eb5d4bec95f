"""Pooling: the largest or the mean of each window, and how a gradient goes back through it.

Arrays are (planes, depth, height, width), settings (depth, height, width). Padding is not stored but skipped:
it counts as −∞ for the maximum and as 0 for the mean.
"""

import numpy as np
from numba import config, njit, prange, types
from numba.extending import intrinsic


@intrinsic
def larger_of(typing_context, value, most):
    """The larger of two numbers, ``most`` of equal ones; a NaN is larger than anything.

    In LLVM's terms, because from ``if`` and ``else`` it makes jumps, and no vector instructions.
    """

    def generate(context, builder, signature, arguments):
        value, most = arguments
        kind = signature.args[0]
        if isinstance(kind, types.Integer):
            compare = builder.icmp_signed if kind.signed else builder.icmp_unsigned
            larger = compare(">", value, most)
        else:
            not_less = builder.fcmp_unordered(">", value, most)
            larger = builder.and_(not_less, builder.fcmp_ordered("ord", most, most))
        return builder.select(larger, value, most)

    return value(value, value), generate


if config.DISABLE_JIT:

    def larger_of(value, most):
        return value if value > most or (value != value and most == most) else most


@njit(cache=True, error_model="numpy")
def taps_inside(lowest, highest, size, taps, dilation):
    """The taps first … last − 1 that find an element from any window beginning at lowest … highest."""
    first = max(0, (dilation - 1 - highest) // dilation)
    last = min(taps, (size - 1 - lowest) // dilation + 1)
    return first, last


@njit(cache=True, error_model="numpy")
def columns_inside(tap, columns, width, stride, padding):
    """The output columns first … last − 1 whose window finds an element at position ``tap``."""
    first = max(0, (padding - tap + stride - 1) // stride)
    last = min(columns, (width - 1 + padding - tap) // stride + 1)
    return first, last


@njit(cache=True, error_model="numpy")
def keep_larger(row, line, step):
    """row[x] becomes the larger of itself and line[x · step]; a NaN is larger than anything.

    The same loop three times, because a compiler makes vector instructions only for steps that it knows.
    """
    if step == 1:
        for x in range(len(row)):
            row[x] = larger_of(line[x], row[x])
    elif step == 2:
        for x in range(len(row)):
            row[x] = larger_of(line[2 * x], row[x])
    else:
        for x in range(len(row)):
            row[x] = larger_of(line[x * step], row[x])


@njit(cache=True, error_model="numpy")
def add_line(row, line, step):
    """row[x] += line[x · step]; three times for the reason above."""
    if step == 1:
        for x in range(len(row)):
            row[x] += line[x]
    elif step == 2:
        for x in range(len(row)):
            row[x] += line[2 * x]
    else:
        for x in range(len(row)):
            row[x] += line[x * step]


@njit(parallel=True, cache=True, error_model="numpy")
def max_pool_into(out, indices, volume, kernel, stride, padding, dilation, least):
    """Fill ``out`` with each window's first largest element, and ``indices``, unless None, with its place.

    A NaN is larger than anything. A place counts the elements of its plane, row by row. ``least`` is what a
    window without any element gives.
    """
    planes, od, oh, ow = out.shape
    depth, height, width = volume.shape[1:]
    for unit in prange(planes * od * oh):
        unit = np.intp(unit)
        y, z, plane = unit % oh, unit // oh % od, unit // oh // od
        row = out[plane, z, y]
        for x in range(ow):
            row[x] = least
        if indices is not None:
            indices[plane, z, y] = -1
        front, top, left = z * stride[0] - padding[0], y * stride[1] - padding[1], -padding[2]
        first_f, last_f = taps_inside(front, front, depth, kernel[0], dilation[0])
        first_i, last_i = taps_inside(top, top, height, kernel[1], dilation[1])
        first_j, last_j = taps_inside(left, left + (ow - 1) * stride[2], width, kernel[2], dilation[2])
        for f in range(first_f, last_f):
            source_z = front + f * dilation[0]
            for i in range(first_i, last_i):
                source_y = top + i * dilation[1]
                line = volume[plane, source_z, source_y]
                for j in range(first_j, last_j):
                    shift = j * dilation[2]
                    first, last = columns_inside(shift, ow, width, stride[2], padding[2])
                    begin = first * stride[2] - padding[2] + shift
                    if indices is None:
                        if first < last:
                            keep_larger(row[first:last], line[begin:], stride[2])
                    else:
                        place = (source_z * height + source_y) * width + begin
                        places, bests = indices[plane, z, y, first:last], row[first:last]
                        for q in range(last - first):
                            value, most = line[begin + q * stride[2]], bests[q]
                            larger = value > most or (value != value and most == most)
                            if larger or places[q] < 0:
                                places[q] = place + q * stride[2]
                            bests[q] = value if larger else most


@njit(parallel=True, cache=True, error_model="numpy")
def scatter_into(out, gradient, indices):
    """The maximum's gradient: ``gradient`` is added to ``out`` (planes, size) at ``indices``."""
    for plane in prange(out.shape[0]):
        plane = np.intp(plane)
        out[plane] = 0
        for i in range(gradient.shape[1]):
            place = indices[plane, i]
            if place >= 0:
                out[plane, place] += gradient[plane, i]


@njit(cache=True, error_model="numpy")
def elements_of_window(y, size, kernel, stride, padding, include_padding):
    """What one axis contributes to the divisor of a mean: its elements, with or without padding.

    With ``ceil_mode`` a window may reach beyond the padding; what is beyond never counts.
    """
    begin = y * stride - padding
    end = min(begin + kernel, size + padding)
    if include_padding:
        return end - begin
    return min(end, size) - max(begin, 0)


@njit(parallel=True, cache=True, error_model="numpy")
def avg_pool_into(out, volume, kernel, stride, padding, include_padding):
    """Fill ``out`` with the mean of each window."""
    planes, od, oh, ow = out.shape
    depth, height, width = volume.shape[1:]
    for unit in prange(planes * od * oh):
        unit = np.intp(unit)
        y, z, plane = unit % oh, unit // oh % od, unit // oh // od
        row = out[plane, z, y]
        for x in range(ow):
            row[x] = 0
        front, top, left = z * stride[0] - padding[0], y * stride[1] - padding[1], -padding[2]
        first_f, last_f = taps_inside(front, front, depth, kernel[0], 1)
        first_i, last_i = taps_inside(top, top, height, kernel[1], 1)
        first_j, last_j = taps_inside(left, left + (ow - 1) * stride[2], width, kernel[2], 1)
        for f in range(first_f, last_f):
            for i in range(first_i, last_i):
                line = volume[plane, front + f, top + i]
                for j in range(first_j, last_j):
                    first, last = columns_inside(j, ow, width, stride[2], padding[2])
                    if first < last:
                        add_line(row[first:last], line[first * stride[2] - padding[2] + j :], stride[2])
        count = elements_of_window(z, depth, kernel[0], stride[0], padding[0], include_padding)
        count *= elements_of_window(y, height, kernel[1], stride[1], padding[1], include_padding)
        for x in range(ow):
            row[x] /= count * elements_of_window(x, width, kernel[2], stride[2], padding[2], include_padding)


@njit(parallel=True, cache=True, error_model="numpy")
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
