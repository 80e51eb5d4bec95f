"""What convlib.wasm exports: the library's loops behind pointers.

Arrays are float32, C-contiguous, (N, channels, depth, height, width) for every rank: an image has depth 1, a
sequence height 1 too. What else an export is told stands in one record of 32-bit integers, ``Settings``. Some
need memory to work in, ``scratch``, aligned to 8 bytes; how many bytes, says the export of the same name that
ends in ``_scratch``. Results are float64, because JavaScript has no 64-bit integers without a detour.

This does around the loops what ``convlib.engine`` does, in memory that is given.
"""

from collections import namedtuple

import numpy as np
from numba import carray, njit, types

from convlib import loops, shapes
from convlib.loops.correlation import VECTOR_BYTES, address, advance
from convlib.loops.cutting import cut_convolution

INT, POINTER, FLOAT, NUMBER = types.int32, types.voidptr, types.float32, types.float64
EXPORTS = {}

# The first five are integers, ``mode`` the number of a padding mode; the others three integers each, for
# depth, height and width. Every export reads what concerns it.
Settings = namedtuple(
    "Settings",
    "batch channels_in channels_out groups mode size kernel stride before after dilation output_size",
)


shared = njit(error_model="numpy")
# Compiled anew wherever it is called: what nobody there asks for disappears, and constants are known.
inlined = njit(error_model="numpy", forceinline=True)


def threadless(loop):
    """The same function, compiled without threads."""
    return shared(loop.py_func)


pad_into, unpad_into = threadless(loops.pad_into), threadless(loops.unpad_into)
transpose_into, join_columns_into = threadless(loops.transpose_into), threadless(loops.join_columns_into)
pack_pixels, weight_gradient_into = threadless(loops.pack_pixels), threadless(loops.weight_gradient_into)
channels_last_into = threadless(loops.channels_last_into)
max_pool_into, scatter_into = threadless(loops.max_pool_into), threadless(loops.scatter_into)
avg_pool_into, avg_pool_back_into = threadless(loops.avg_pool_into), threadless(loops.avg_pool_back_into)
cut_convolution = shared(cut_convolution)
count_windows, count_pool_windows = shared(shapes.count_windows), shared(shapes.count_pool_windows)


def export(*parameters, returns=types.void):
    def register(function):
        compiled = njit(returns(*parameters), error_model="numpy", no_cpython_wrapper=True)(function)
        EXPORTS[function.__name__] = compiled
        return compiled

    return register


@inlined
def floats(pointer, shape):
    """The array of float32 at an address."""
    return carray(pointer, shape, np.float32)


@inlined
def count_of(shape):
    count = 1
    for n in shape:
        count *= n
    return count


@inlined
def integers_from(pointer, first, shape):
    """The array of int64 that starts ``first`` bytes behind an address, and the byte behind it."""
    return carray(advance(pointer, first), shape, np.int64), first + 8 * count_of(shape)


@inlined
def floats_from(pointer, first, shape):
    """The same of float32."""
    count = count_of(shape)
    return floats(advance(pointer, first), shape), first + 4 * count


@inlined
def reshaped(array, shape):
    """NumPy's own is a call into C."""
    return carray(address(array, 0), shape)


@inlined
def three(numbers, first):
    return np.intp(numbers[first]), np.intp(numbers[first + 1]), np.intp(numbers[first + 2])


@inlined
def read(pointer):
    """The ``Settings`` at an address."""
    numbers = carray(pointer, 26, np.int32)
    return Settings(
        np.intp(numbers[0]),
        np.intp(numbers[1]),
        np.intp(numbers[2]),
        np.intp(numbers[3]),
        np.intp(numbers[4]),
        three(numbers, 5),
        three(numbers, 8),
        three(numbers, 11),
        three(numbers, 14),
        three(numbers, 17),
        three(numbers, 20),
        three(numbers, 23),
    )


@inlined
def product(size):
    return size[0] * size[1] * size[2]


@inlined
def ceil_divide(a, b):
    return (a + b - 1) // b


@inlined
def planes_of(pointer, s, size):
    """A volume of ``size`` for each input channel of each image."""
    return floats(pointer, (s.batch * s.channels_in, *size))


@inlined
def padded_size(s):
    (depth, height, width), (front, top, left), (back, bottom, right) = s.size, s.before, s.after
    return front + depth + back, top + height + bottom, left + width + right


# Sizes of one axis


@export(*[INT] * 6, returns=NUMBER)
def output_size(n, k, s, before, after, d):
    """``shapes.output_size``, with no checks; below 1, the window does not fit."""
    return count_windows(n, k, s, before + after, d)


@export(*[INT] * 6, returns=NUMBER)
def pool_output_size(n, k, s, p, d, ceil_mode):
    """``shapes.pool_output_size``, with no checks; below 1, the window does not fit."""
    return count_pool_windows(n, k, s, p, d, ceil_mode != 0)


@export(*[INT] * 6, returns=NUMBER)
def transposed_output_size(n, k, s, p, output_padding, d):
    """``shapes.transposed_output_size``, with no checks; below 1, nothing is left."""
    return (n - 1) * s - 2 * p + d * (k - 1) + output_padding + 1


# Padding


@export(POINTER, POINTER, POINTER, FLOAT)
def pad(input, output, settings, value):
    """Input (batch, channels_in, *size) into output, which has its padding too; mode zeros adds ``value``."""
    s = read(settings)
    target = planes_of(output, s, padded_size(s))
    pad_into(target, planes_of(input, s, s.size), s.before, s.mode, value)


@export(POINTER, POINTER, POINTER)
def unpad(padded, output, settings):
    """The adjoint of ``pad``: its gradient."""
    s = read(settings)
    source = planes_of(padded, s, padded_size(s))
    unpad_into(planes_of(output, s, s.size), source, s.before, s.mode)


# Convolution. The *_layout functions say what lies in scratch, and end with how many bytes it takes.


@inlined
def room_layout(scratch, s, outputs, step, extra, phases, others):
    """What the loops work in: a counter, offsets, places, packed weights, biases, inputs; and the cuts."""
    channels, per_group = s.channels_in // s.groups, s.channels_out // s.groups
    weights, block, lanes = channels * product(s.kernel), loops.block_of(per_group), VECTOR_BYTES // 4
    blocks = ceil_divide(per_group, block)
    cut, stored, units = cut_convolution(
        outputs, step, extra, phases, channels, blocks, block, others * s.groups, lanes, 4, 1
    )
    counters, end = integers_from(scratch, np.intp(0), (1, 1))
    offsets, end = integers_from(scratch, end, (weights,))
    runs = cut[0] * ceil_divide(cut[1], lanes) + loops.SINGLE_RUNS
    places, end = integers_from(scratch, end, (1, runs, 2))
    packed, end = floats_from(scratch, end, (s.groups * blocks, weights, block))
    biases, end = floats_from(scratch, end, (s.channels_out + loops.MORE_BIASES,))
    inputs = channels * stored[0] * stored[1] * stored[2] * stored[3] + loops.SLACK_BYTES // 4
    rows, end = floats_from(scratch, end, (1, inputs))
    return (packed, biases, offsets, rows, places), (cut, stored, units), counters, end


@inlined
def copy_bias(biases, bias, s):
    given = floats(bias, (s.channels_out,))
    for o in range(s.channels_out):
        biases[o] = given[o]


@inlined
def is_pointwise(s):
    """A window of one pixel, so all pixels are one long row."""
    same = product(s.output_size) == product(s.size) and product(s.stride) == 1
    return product(s.kernel) == 1 and same and product(padded_size(s)) == product(s.size)


@inlined
def correlate_layout(scratch, s):
    od, oh, ow = s.output_size
    if is_pointwise(s):
        od, oh, ow = 1, 1, product(s.size)
    (kd, kh, kw), (dd, dh, dw) = s.kernel, s.dilation
    extra = dd * (kd - 1), dh * (kh - 1), dw * (kw - 1)
    return room_layout(scratch, s, (oh, ow), (s.stride[1], s.stride[2]), extra, s.stride[2], s.batch * od)


@export(POINTER, returns=NUMBER)
def correlate_scratch(settings):
    return correlate_layout(settings, read(settings))[3]


@export(*[POINTER] * 6)
def correlate(input, weight, bias, output, scratch, settings):
    """``convlib.conv3d``: weight (channels_out, channels_in/groups, *kernel)."""
    s = read(settings)
    (packed, biases, offsets, rows, places), (cut, stored, units), _, _ = correlate_layout(scratch, s)
    copy_bias(biases, bias, s)
    taps = floats(weight, (s.channels_out, packed.shape[1]))
    size, output_size = s.size, s.output_size
    if is_pointwise(s):
        size = output_size = 1, 1, product(s.size)
    loops.correlate_alone(
        units, floats(output, (s.batch, s.channels_out, *output_size)),
        floats(input, (s.batch, s.channels_in, *size)), taps, packed, biases, offsets, rows, places, s.groups,
        s.mode, s.kernel, s.stride, s.before, s.dilation, cut, stored,
    )  # fmt: skip


@inlined
def reach(s, axis, residues):
    """How many inputs before its own place an output reads, and how many more than one in all."""
    k, step, p, d = s.kernel[axis], s.stride[axis], s.before[axis], s.dilation[axis]
    before = -((p - d * (k - 1)) // step)
    return before, max(0, before + (residues - 1 + p) // step)


@inlined
def transpose_layout(scratch, s):
    """``room_layout``; tables of the taps; weights by output channel, and the output by residue."""
    od, oh, ow = s.output_size
    residues = min(s.stride[0], od), min(s.stride[1], oh), min(s.stride[2], ow)
    (front, depth), (top, height), (left, width) = (
        reach(s, 0, residues[0]), reach(s, 1, residues[1]), reach(s, 2, residues[2])
    )  # fmt: skip
    outputs = ceil_divide(oh, s.stride[1]), ceil_divide(ow, s.stride[2])
    room, cuts, counters, end = room_layout(
        scratch, s, outputs, (1, 1), (depth, height, width), 1, s.batch * od * residues[1]
    )
    end = ceil_divide(end, 8) * 8
    order, end = integers_from(scratch, end, (product(s.kernel),))
    positions, end = integers_from(scratch, end, (product(s.kernel),))
    classes, end = integers_from(scratch, end, (product(residues) + 1,))
    by_output, end = floats_from(scratch, end, (room[0].shape[1] * s.channels_out,))
    split, end = floats_from(scratch, end, (s.batch, s.channels_out, od, oh, residues[2], outputs[1]))
    return (
        room,
        cuts,
        counters,
        (order, positions, classes),
        by_output,
        (front, top, left),
        residues,
        split,
        end,
    )


@export(POINTER, returns=NUMBER)
def transpose_scratch(settings):
    return transpose_layout(settings, read(settings))[8]


@export(*[POINTER] * 6)
def transpose(input, weight, bias, output, scratch, settings):
    """``convlib.conv_transpose3d``: weight (channels_in, channels_out/groups, *kernel).

    A finite weight is presumed: an infinite one meets zeros of the padding, which gives NaN.
    """
    s = read(settings)
    room, cuts, counters, tables, by_output, before, residues, split, _ = transpose_layout(scratch, s)
    (packed, biases, offsets, rows, places), (cut, stored, units) = room, cuts
    order, positions, classes = tables
    loops.transposed_taps(
        order,
        positions,
        classes,
        s.kernel,
        s.stride,
        s.before,
        s.dilation,
        residues,
        before,
        stored[1],
        stored[3],
    )
    channels_in, channels_out, taps = s.channels_in // s.groups, s.channels_out // s.groups, product(s.kernel)
    given = floats(weight, (s.groups, channels_in, channels_out, taps))
    for o in range(s.channels_out):
        place = o * channels_in * taps
        for k in range(len(classes) - 1):
            for c in range(channels_in):
                for tap in range(classes[k], classes[k + 1]):
                    by_output[place] = given[o // channels_out, c, o % channels_out, order[tap]]
                    place += 1
    copy_bias(biases, bias, s)
    counters[0, 0] = 0

    od, oh, ow = s.output_size
    phases, columns = split.shape[4:]
    target = floats(output, split.shape) if phases == 1 else split
    transpose_into(
        units, counters, target, ow, floats(input, (s.batch, s.channels_in, *s.size)),
        reshaped(by_output, (s.channels_out, channels_in * taps)), packed, biases, offsets, positions,
        classes, rows, places, s.groups, s.stride, residues, before, cut, stored,
    )  # fmt: skip
    if phases > 1:
        lines = s.batch * s.channels_out * od * oh
        join_columns_into(floats(output, (lines, ow)), reshaped(split, (lines, phases, columns)))


@inlined
def weight_gradient_layout(scratch, s):
    """Pixels' offsets, the packed gradient, zeros for biases, the padded input with channels last …"""
    batch, channels_in, (kd, kh, kw) = s.batch, s.channels_in // s.groups, s.kernel
    block = loops.block_of(s.channels_out // s.groups)
    blocks = s.groups * ceil_divide(s.channels_out // s.groups, block)
    depth, height, width = padded_size(s)
    count = batch * product(s.output_size)
    offsets, end = integers_from(scratch, np.intp(0), (count,))
    packed, end = floats_from(scratch, end, (blocks, count, block))
    nothing, end = floats_from(scratch, end, (s.channels_out + loops.MORE_BIASES,))
    pixels, end = floats_from(scratch, end, (s.groups, batch, depth, height, width, channels_in))
    # without dilation the kernel's columns are neighbours too: one long row instead of several
    columns, span = (1, kw * channels_in) if s.dilation[2] == 1 else (kw, channels_in)
    shape = (s.channels_out, kd, kh, columns, span)
    out, end = floats_from(scratch, end + loops.SLACK_BYTES, shape)
    part, end = floats_from(scratch, end, shape)
    end = ceil_divide(end, 8) * 8
    places, end = integers_from(scratch, end, (ceil_divide(span, VECTOR_BYTES // 4) + loops.SINGLE_RUNS, 2))
    return offsets, packed, nothing, pixels, out, part, places, end


@export(POINTER, returns=NUMBER)
def weight_gradient_scratch(settings):
    return weight_gradient_layout(settings, read(settings))[7]


@export(*[POINTER] * 5)
def weight_gradient(input, gradient, output, scratch, settings):
    """``gradients.conv3d_weight``: output (channels_out, channels_in/groups, *kernel)."""
    s = read(settings)
    offsets, packed, nothing, pixels, out, part, places, _ = weight_gradient_layout(scratch, s)
    depth, height, width = padded_size(s)
    channels_in = s.channels_in // s.groups
    channels_last_into(pixels, floats(input, (s.batch, s.channels_in, *s.size)), s.before, s.mode)
    nothing[:] = 0
    of_output = floats(gradient, (s.batch, s.channels_out, *s.output_size))
    pack_pixels(packed, offsets, of_output, s.groups, s.stride, depth, height, width, channels_in)
    weight_gradient_into(out, part, pixels, packed, nothing, offsets, places, s.groups, s.dilation, 1)
    taps = product(s.kernel)
    by_tap = reshaped(out, (s.channels_out, taps, channels_in))
    target = floats(output, (s.channels_out, channels_in, taps))
    for o in range(s.channels_out):
        for c in range(channels_in):
            for tap in range(taps):
                target[o, c, tap] = by_tap[o, tap, c]


# Pooling


@export(POINTER, POINTER, POINTER, INT, POINTER)
def max_pool(input, output, indices, with_indices, settings):
    """``convlib.max_pool3d``; indices are int32, and not touched unless wanted."""
    s = read(settings)
    source, target = planes_of(input, s, s.size), planes_of(output, s, s.output_size)
    least = np.float32(-np.inf)
    if with_indices:
        places = carray(indices, target.shape, np.int32)
        max_pool_into(target, places, source, s.kernel, s.stride, s.before, s.dilation, least)
    else:
        max_pool_into(target, None, source, s.kernel, s.stride, s.before, s.dilation, least)


@export(POINTER, POINTER, POINTER, POINTER)
def scatter(gradient, indices, output, settings):
    """The gradient of ``max_pool``, whose indices it needs."""
    s = read(settings)
    planes, size, count = s.batch * s.channels_in, product(s.size), product(s.output_size)
    places = carray(indices, (planes, count), np.int32)
    scatter_into(floats(output, (planes, size)), floats(gradient, (planes, count)), places)


@export(POINTER, POINTER, INT, POINTER)
def avg_pool(input, output, include_padding, settings):
    """``convlib.avg_pool3d``."""
    s = read(settings)
    source, target = planes_of(input, s, s.size), planes_of(output, s, s.output_size)
    avg_pool_into(target, source, s.kernel, s.stride, s.before, include_padding != 0)


@export(POINTER, POINTER, INT, POINTER)
def avg_pool_back(gradient, output, include_padding, settings):
    """``gradients.avg_pool3d_input``."""
    s = read(settings)
    source, target = planes_of(gradient, s, s.output_size), planes_of(output, s, s.size)
    avg_pool_back_into(target, source, s.kernel, s.stride, s.before, include_padding != 0)
