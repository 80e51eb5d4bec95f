"""Between the door and the loops: checked arrays are laid out, loops run, results come back.

There is one engine for all ranks. Arrays here are (N, channels, depth, height, width), settings are tuples of
three, ``sides`` three pairs (before, after); an image has depth 1, a sequence height 1 too.
"""

import functools
import itertools
import math
import threading
from collections import deque
from types import SimpleNamespace

import numba
import numpy as np

from convlib import loops
from convlib.arguments import PADDING_MODES
from convlib.loops.cutting import block_for, cut_convolution, cut_winograd, threads_pay, winograd_pays

# To make room for a layer takes as long as 500,000 multiply-adds: so many of the last ones keep theirs, if it
# takes no more bytes.
LAYERS_KEPT, MOST_KEPT = 64, 1 << 20
# Results of so many bytes, up to so many, are lent their memory (``Loan``). The system itself keeps smaller
# pieces at hand, and larger ones are too much to keep.
LEAST_LENT, MOST_LENT = 1 << 25, 1 << 30

# One parallel loop at a time: it takes all cores anyway, and Numba's portable threading layer ends the
# process when two threads start loops at once.
one_loop_at_a_time = threading.Lock()

memory_at_hand = deque(maxlen=1)


class Loan:
    """The memory of a large result; once nothing refers to it, it is kept for the next one of its size.

    The system clears every page of a new large array. That takes as long as to compute the array, and is
    saved for whoever computes one after the other, as a loop over batches does.
    """

    def __init__(self, size):
        try:
            memory = memory_at_hand.pop()
        except IndexError:
            memory = None
        self.memory = memory if memory is not None and len(memory) == size else np.empty(size, np.uint8)
        self.__array_interface__ = self.memory.__array_interface__

    def __del__(self):
        memory_at_hand.append(self.memory)


def fresh(shape, dtype):
    """An array for results, whose elements are not set yet."""
    size = math.prod(shape) * dtype.itemsize
    if LEAST_LENT <= size <= MOST_LENT:
        return np.asarray(Loan(size)).view(dtype).reshape(shape)
    return np.empty(shape, dtype)


def with_slack(shape, dtype, make=np.empty):
    """An array that begins with a cache line, and after whose last element SLACK_BYTES may be read."""
    elements, line = math.prod(shape), loops.CACHE_LINE // dtype.itemsize
    room = make(elements + line + loops.SLACK_BYTES // dtype.itemsize, dtype)
    place, _ = room.__array_interface__["data"]  # room.ctypes would be a cycle of references
    first = -place // dtype.itemsize % line
    return room[first : first + elements].reshape(shape)


def for_loops(array, dtype=None):
    """An array in C order that loops read.

    Numba would compile a loop once more for read-only arrays. They come here under another name, which allows
    to write; no loop writes to what it is given to read.
    """
    array = np.ascontiguousarray(array, dtype)
    if array.flags.writeable:
        return array
    place, _ = array.__array_interface__["data"]
    fields = array.__array_interface__ | {"data": (place, False)}
    return np.asarray(SimpleNamespace(__array_interface__=fields, memory=array))


def biases(channels, dtype, bias=None):
    """A bias for each of the output channels, 0 if none is given, and as many more as a tile may read."""
    out = np.zeros(channels + loops.MORE_BIASES, dtype)
    if bias is not None:
        out[:channels] = bias
    return out


def pad(volume, sides, mode="zeros", value=0):
    """A padded copy."""
    *planes, depth, height, width = volume.shape
    shape = (*planes, *(n + before + after for n, (before, after) in zip(volume.shape[-3:], sides)))
    out = with_slack(shape, volume.dtype)
    # padding only copies, so the loop sees bare bits: one compiled version for each size of element
    bits = np.dtype(f"u{volume.itemsize}")
    count = math.prod(planes)
    source = for_loops(volume).view(bits).reshape(count, depth, height, width)
    target = out.view(bits).reshape(count, *shape[-3:])
    value = volume.dtype.type(value).view(bits)
    before = tuple(first for first, _ in sides)
    with one_loop_at_a_time:
        loops.pad_into(target, source, before, PADDING_MODES.index(mode), value)
    return out


def unpad(padded, sides, mode="zeros"):
    """The adjoint of ``pad``: every element goes back to the one it copies."""
    size = [n - before - after for n, (before, after) in zip(padded.shape[2:], sides)]
    out = fresh((*padded.shape[:2], *size), padded.dtype)
    planes = math.prod(padded.shape[:2])
    source = for_loops(padded).reshape(planes, *padded.shape[2:])
    before = tuple(first for first, _ in sides)
    with one_loop_at_a_time:
        loops.unpad_into(out.reshape(planes, *size), source, before, PADDING_MODES.index(mode))
    return out


def counters_for(threads):
    """A zero for each thread, in a cache line of its own."""
    return np.zeros((threads, loops.CACHE_LINE // np.dtype(np.intp).itemsize), np.intp)


class Room:
    """How a convolution is cut into units, and the memory that its loop works in."""

    def __init__(self, weights, c_out, dtype, plan):
        """weights : of one output channel; plan : ``plan_room``'s"""
        self.cut, self.stored, self.units, threads, inputs, runs, packed = plan
        self.packed = np.empty(packed, dtype)
        self.bias = biases(c_out, dtype)
        self.offsets = np.empty(weights, np.intp)
        self.rows, self.places = with_slack((threads, inputs), dtype), np.empty((threads, runs, 2), np.intp)
        self.counters = counters_for(threads)

    def fill(self, bias):
        """Write what the loop finds there at its beginning."""
        self.bias[: len(self.bias) - loops.MORE_BIASES] = 0 if bias is None else bias
        self.counters[:] = 0


@functools.lru_cache
def plan_room(threads, c_out, weights, groups, itemsize, outputs, step, extra, phases, channels, others):
    """What ``Room`` needs to know; others : images times depths, the rest as ``cut_convolution`` has it."""
    block = block_for(c_out // groups, weights, outputs[1], itemsize)
    blocks, run = -(-(c_out // groups) // block), loops.columns_of_run(block, itemsize)
    cut, stored, units = cut_convolution(
        outputs, step, extra, phases, channels, blocks, block, others * groups, run, itemsize, threads
    )
    inputs = channels * math.prod(stored) + loops.SLACK_BYTES // itemsize
    inputs += -inputs % (loops.CACHE_LINE // itemsize)
    runs = cut[0] * -(-cut[1] // run) + loops.SINGLE_RUNS
    return cut, stored, units, max(1, min(threads, units)), inputs, runs, (groups * blocks, weights, block)


def threads_for(multiply_adds, channels_out):
    """How many threads work; channels_out : those of a group"""
    block = loops.block_of(channels_out)
    return numba.get_num_threads() if threads_pay(multiply_adds, block) else 1


class Correlation:
    """All that ``correlate`` needs to know but for the numbers; a small layer's room is kept with it."""

    def __init__(self, input_shape, weight_shape, dtype, groups, windows):
        stride, sides, dilation, mode, output_size = windows
        batch, c_in, *size = input_shape
        c_out, channels, *kernel = weight_shape
        self.output_shape = batch, c_out, *output_size
        self.winograd = suits_winograd(input_shape, c_out, tuple(kernel), dtype, groups, windows)
        if math.prod(kernel) == 1 and output_size == tuple(size) and stride == (1, 1, 1):
            # a window of one pixel: all pixels are one long row
            size = output_size = 1, 1, math.prod(size)
        extra = tuple(d * (k - 1) for k, d in zip(kernel, dilation))
        self.weights, self.dtype = channels * math.prod(kernel), dtype
        self.work = (
            c_out, self.weights, groups, dtype.itemsize, output_size[1:], stride[1:], extra, stride[2],
            channels, batch * output_size[0],
        )  # fmt: skip
        # the shapes that the loop sees
        self.shapes = (batch, c_out, *output_size), (batch, c_in, *size), (c_out, self.weights)
        before = tuple(first for first, _ in sides)
        self.settings = groups, PADDING_MODES.index(mode), tuple(kernel), stride, before, dilation
        self.amount = math.prod(self.output_shape) * self.weights, c_out // groups
        self.kept = None, None

    def room(self):
        """Where the next call works, while no other does; a small one is kept."""
        threads = threads_for(*self.amount)
        of_threads, room = self.kept
        if threads != of_threads:
            room = Room(self.weights, self.work[0], self.dtype, plan_room(threads, *self.work))
            if room.rows.nbytes + room.packed.nbytes <= MOST_KEPT:
                self.kept = threads, room
        return room


# a layer is called over and over with arrays of the same shapes
plan_correlation = functools.lru_cache(LAYERS_KEPT)(Correlation)


def correlate(volume, weight, bias, groups, windows):
    """A convolution: (N, C_out, *output_size), which may be less than what fits."""
    plan = plan_correlation(volume.shape, weight.shape, volume.dtype, groups, windows)
    if plan.winograd:
        output = winograd(volume, weight, bias, windows)
        if output is not None:
            return output
    output = fresh(plan.output_shape, volume.dtype)
    of_output, of_input, of_weight = plan.shapes
    volume, weight = for_loops(volume).reshape(of_input), for_loops(weight).reshape(of_weight)
    with one_loop_at_a_time:
        room = plan.room()
        room.fill(bias)
        arguments = (
            output.reshape(of_output), volume, weight, room.packed, room.bias, room.offsets, room.rows,
            room.places, *plan.settings, room.cut, room.stored,
        )  # fmt: skip
        if len(room.rows) == 1:
            loops.correlate_alone(room.units, *arguments)
        else:
            loops.correlate_into(room.units, room.counters, *arguments)
    return output


def suits_winograd(input_shape, c_out, kernel, dtype, groups, windows):
    stride, _, dilation, _, output_size = windows
    batch, channels, depth = input_shape[:3]
    plain = dtype == np.float32 and groups == depth == 1
    return plain and winograd_pays(channels, c_out, kernel, stride, dilation, batch, output_size)


def winograd(volume, weight, bias, windows):
    """``correlate`` for layers that suit it; it rounds about ten times as much.

    Returns None if an output is infinite or NaN: neighbours share their products, so it would spread to
    outputs that do not see its cause.
    """
    _, sides, dilation, mode, output_size = windows
    dtype, (batch, channels), c_out = volume.dtype, volume.shape[:2], len(weight)
    lanes, blocks = loops.VECTOR_BYTES // dtype.itemsize, -(-c_out // loops.WIDE_BLOCK)
    threads = numba.get_num_threads()
    cut, units, room = cut_winograd(
        channels, c_out, batch, output_size, dilation, lanes, loops.WIDE_RUNS, threads
    )
    threads = min(threads, units)
    output = fresh((batch, c_out, *output_size), dtype)
    # what fills up the last vectors is computed too, and must be finite: the loop sees to the inputs
    rows, inputs, products, edges = (
        with_slack((threads, elements), dtype, make)
        for elements, make in zip(room, (np.zeros, np.empty, np.zeros, np.empty))
    )
    lost = np.zeros((threads, lanes), dtype)
    with one_loop_at_a_time:
        loops.winograd_into(
            units, counters_for(threads), output, for_loops(volume),
            for_loops(weight).reshape(c_out, channels * 9),
            np.empty((blocks, channels * 9, loops.WIDE_BLOCK), dtype),
            np.empty((blocks, loops.POINTS * channels, loops.WIDE_BLOCK), dtype),
            biases(c_out, dtype, bias), biases(cut[1], dtype), np.empty(loops.POINTS * channels, np.intp),
            rows, inputs, products, edges, lost,
            np.empty((threads, cut[2] // lanes + loops.SINGLE_RUNS, 2), np.intp),
            PADDING_MODES.index(mode), tuple(before for before, _ in sides), dilation, cut,
        )  # fmt: skip
    return None if lost.any() else output


def transpose(volume, weight, bias, groups, windows):
    """A transposed convolution: (N, C_in, …) and weight (C_in, C_out/groups, …) to (N, C_out, …)."""
    if not np.isfinite(weight).all():
        return scatter(volume, weight, bias, groups, windows)
    stride, sides, dilation, _, output_size = windows
    padding = tuple(before for before, _ in sides)
    batch, c_in = volume.shape[:2]
    channels_out, kernel = weight.shape[1], weight.shape[2:]
    channels, c_out, taps = c_in // groups, groups * channels_out, math.prod(kernel)
    by_output = weight.reshape(groups, channels, channels_out, taps).swapaxes(1, 2)

    reach = tuple(d * (k - 1) - p for d, k, p in zip(dilation, kernel, padding))
    if min(reach) >= 0 and suits_winograd(volume.shape, c_out, kernel, volume.dtype, groups, windows):
        # with stride 1 it is a convolution with the taps in reverse order
        reverse = by_output[0, ..., ::-1].reshape(c_out, c_in, *kernel)
        sides = tuple((n, n) for n in reach)
        return correlate(volume, reverse, bias, groups, windows._replace(sides=sides, mode="zeros"))

    # output r + q s sums the inputs q + (r + p − d i) / s: from ``before`` before q to ``ahead`` behind it
    residues = tuple(min(step, size) for step, size in zip(stride, output_size))
    before = tuple(-((p - d * (k - 1)) // s) for k, s, p, d in zip(kernel, stride, padding, dilation))
    ahead = [(r - 1 + p) // s for r, s, p in zip(residues, stride, padding)]
    extra = tuple(max(0, first + last) for first, last in zip(before, ahead))
    depth, height, width = output_size
    rows, columns = -(-height // stride[1]), -(-width // stride[2])
    output = fresh((batch, c_out, depth, height, residues[2], columns), volume.dtype)
    threads = threads_for(volume.size * channels_out * taps, channels_out)
    plan = plan_room(
        threads, c_out, channels * taps, groups, volume.itemsize, (rows, columns), (1, 1), extra, 1,
        channels, batch * depth * residues[1],
    )  # fmt: skip
    stored = plan[1]

    order, positions = np.empty(taps, np.intp), np.empty(taps, np.intp)
    classes = np.empty(math.prod(residues) + 1, np.intp)
    loops.transposed_taps(
        order, positions, classes, kernel, stride, padding, dilation, residues, before, stored[1], stored[3],
    )  # fmt: skip
    # an output smaller than the stride has no outputs of some classes: their taps are left out
    by_class = np.zeros((c_out, channels * taps), volume.dtype)
    for first, last in itertools.pairwise(classes):
        of_class = by_output[..., order[first:last]].reshape(c_out, channels * (last - first))
        by_class[:, channels * first : channels * last] = of_class
    room = Room(channels * taps, c_out, volume.dtype, plan)
    room.fill(bias)
    with one_loop_at_a_time:
        loops.transpose_into(
            room.units, room.counters, output, width, for_loops(volume), by_class, room.packed, room.bias,
            room.offsets, positions, classes, room.rows, room.places, groups, stride, residues, before,
            room.cut, room.stored,
        )  # fmt: skip
    if residues[2] == 1:
        return output.reshape(batch, c_out, *output_size)
    joined = fresh((batch, c_out, *output_size), volume.dtype)
    with one_loop_at_a_time:
        loops.join_columns_into(joined.reshape(-1, width), output.reshape(-1, residues[2], columns))
    return joined


def scatter(volume, weight, bias, groups, windows):
    """``transpose``, as its definition: every input adds its multiple of the kernel.

    Only here no product with a padded zero arises, which infinite weights would turn into NaN.
    """
    stride, sides, dilation, _, output_size = windows
    padding = [before for before, _ in sides]
    batch, c_in, *size = volume.shape
    channels_out, kernel = weight.shape[1], weight.shape[2:]
    of_groups = volume.reshape(batch, groups, c_in // groups, *size)
    weights = weight.reshape(groups, c_in // groups, channels_out, *kernel)
    whole = [
        max((n - 1) * s + d * (k - 1) + 1, p + out)
        for n, s, d, k, p, out in zip(size, stride, dilation, kernel, padding, output_size)
    ]
    sums = np.zeros((batch, groups, channels_out, *whole), volume.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        for tap in np.ndindex(*kernel):
            window = tuple(
                slice(d * i, d * i + (n - 1) * s + 1, s) for i, n, s, d in zip(tap, size, stride, dilation)
            )
            sums[..., *window] += np.einsum("ngcdhw,gco->ngodhw", of_groups, weights[..., *tap])
    output = sums[..., *(slice(p, p + out) for p, out in zip(padding, output_size))]
    output = output.reshape(batch, groups * channels_out, *output_size)
    if bias is not None:
        with np.errstate(invalid="ignore", over="ignore"):
            output = output + bias[:, np.newaxis, np.newaxis, np.newaxis]
    return output


def weight_gradient(volume, gradient, kernel, groups, windows):
    """The gradient of ``correlate`` for its weight: (C_out, C_in/groups, *kernel)."""
    stride, sides, dilation, mode, _ = windows
    batch, c_in, *size = volume.shape
    size = tuple(n + before + after for n, (before, after) in zip(size, sides))
    c_out, channels_in = gradient.shape[1], c_in // groups
    pixels = with_slack((groups, batch, *size, channels_in), volume.dtype)

    block = loops.block_of(c_out // groups)
    blocks = groups * -(-(c_out // groups) // block)
    count = batch * math.prod(gradient.shape[2:])
    packed, offsets = np.empty((blocks, count, block), volume.dtype), np.empty(count, np.intp)
    # without dilation the kernel's columns are neighbours too: one long row instead of several
    kd, kh, kw = kernel
    columns = (1, kw * channels_in) if dilation[2] == 1 else (kw, channels_in)
    out = np.empty((c_out, kd, kh, *columns), volume.dtype)
    nothing = biases(c_out, volume.dtype)
    runs = -(-out.shape[-1] * volume.itemsize // loops.VECTOR_BYTES) + loops.SINGLE_RUNS
    before = tuple(first for first, _ in sides)
    with one_loop_at_a_time:
        loops.channels_last_into(pixels, for_loops(volume), before, PADDING_MODES.index(mode))
        loops.pack_pixels(packed, offsets, for_loops(gradient), groups, stride, *size, channels_in)
        loops.weight_gradient_into(
            out, np.empty_like(out), pixels, packed, nothing, offsets, np.empty((runs, 2), np.intp), groups,
            dilation, threads_for(count * c_out * channels_in * math.prod(kernel), c_out // groups),
        )  # fmt: skip
    return np.ascontiguousarray(np.moveaxis(out.reshape(c_out, *kernel, channels_in), -1, 1))


def max_pool(volume, kernel, windows, with_indices):
    """The largest elements, and their places in their planes or None."""
    stride, sides, dilation, _, output_size = windows
    padding = tuple(before for before, _ in sides)
    least = -np.inf if volume.dtype.kind == "f" else np.iinfo(volume.dtype).min
    # one compiled version for all integers: the largest of them is the same however wide they are
    wide = volume.dtype if volume.dtype.kind == "f" or volume.dtype == np.uint64 else np.dtype(np.int64)
    planes = for_loops(volume, wide).reshape(-1, *volume.shape[2:])
    output = fresh((len(planes), *output_size), wide)
    indices = np.empty(output.shape, np.int64) if with_indices else None
    with one_loop_at_a_time:
        loops.max_pool_into(output, indices, planes, kernel, stride, padding, dilation, wide.type(least))
    shape = (*volume.shape[:2], *output_size)
    return output.reshape(shape).astype(volume.dtype, copy=False), indices.reshape(
        shape
    ) if with_indices else None


def max_pool_input(volume, gradient, kernel, windows):
    """The gradient of ``max_pool``: all of it goes to each window's largest element."""
    _, indices = max_pool(volume, kernel, windows, with_indices=True)
    planes = math.prod(volume.shape[:2])
    out = fresh(volume.shape, gradient.dtype)
    flat = for_loops(gradient).reshape(planes, math.prod(gradient.shape[2:]))
    with one_loop_at_a_time:
        loops.scatter_into(
            out.reshape(planes, math.prod(volume.shape[2:])), flat, indices.reshape(flat.shape)
        )
    return out


def avg_pool(volume, kernel, windows, include_padding):
    """The mean of each window."""
    output_size, padding = windows.output_size, tuple(before for before, _ in windows.sides)
    planes = for_loops(volume).reshape(-1, *volume.shape[2:])
    output = fresh((len(planes), *output_size), volume.dtype)
    with one_loop_at_a_time:
        loops.avg_pool_into(output, planes, kernel, windows.stride, padding, include_padding)
    return output.reshape(*volume.shape[:2], *output_size)


def avg_pool_input(size, gradient, kernel, windows, include_padding):
    """The gradient of ``avg_pool`` for an input of spatial ``size``."""
    padding = tuple(before for before, _ in windows.sides)
    planes = for_loops(gradient).reshape(-1, *gradient.shape[2:])
    out = fresh((len(planes), *size), gradient.dtype)
    with one_loop_at_a_time:
        loops.avg_pool_back_into(out, planes, kernel, windows.stride, padding, include_padding)
    return out.reshape(*gradient.shape[:2], *size)


def unfold(volume, kernel, windows):
    """The windows of images (N, channels, 1, H, W) as columns: (N, channels · KH · KW, OH · OW)."""
    batch, channels = volume.shape[:2]
    padded = pad(volume, windows.sides)
    planes = padded.reshape(batch * channels, *padded.shape[3:])
    out = fresh((len(planes), *kernel, *windows.output_size[1:]), volume.dtype)
    bits = np.dtype(f"u{volume.itemsize}")
    with one_loop_at_a_time:
        loops.unfold_into(out.view(bits), planes.view(bits), windows.stride[1:], windows.dilation[1:])
    return out.reshape(batch, channels * math.prod(kernel), math.prod(windows.output_size))


def fold(columns, size, windows):
    """The adjoint of ``unfold``: columns (N, channels, KH, KW, OH, OW) to images (N, channels, *size)."""
    batch, channels = columns.shape[:2]
    planes = for_loops(columns).reshape(batch * channels, *columns.shape[2:])
    out = fresh((len(planes), *size), columns.dtype)
    padding = tuple(before for before, _ in windows.sides[1:])
    with one_loop_at_a_time:
        loops.fold_into(out, planes, windows.stride[1:], padding, windows.dilation[1:])
    return out.reshape(batch, channels, *size)
