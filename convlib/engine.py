"""Between the door and the loops: checked arrays are laid out, loops run, results come back.

There is one engine for all ranks. Arrays here are (N, channels, depth, height, width), settings are tuples of
three, ``sides`` three pairs (before, after); an image has depth 1, a sequence height 1 too.
"""

import math
import threading

import numpy as np

from convlib import loops
from convlib.arguments import PADDING_MODES

# One parallel loop at a time: it takes all cores anyway, and Numba's portable threading layer ends the
# process when two threads start loops at once.
one_loop_at_a_time = threading.Lock()


def with_slack(shape, dtype):
    """An empty array after whose last element SLACK_BYTES may be read."""
    elements = math.prod(shape)
    return np.empty(elements + loops.SLACK_BYTES // dtype.itemsize, dtype)[:elements].reshape(shape)


def pad(volume, sides, mode="zeros", value=0, phases=1):
    """A padded copy, its columns split into ``phases``: (N, channels, depth, height, phases, columns)."""
    (front, back), (top, bottom), (left, right) = sides
    *planes, depth, height, width = volume.shape
    columns = -(-(width + left + right) // phases)
    shape = (*planes, depth + front + back, height + top + bottom, phases, columns)
    out = with_slack(shape, volume.dtype)
    # padding only copies, so the loop sees bare bits: one compiled version for each size of element
    bits = np.dtype(f"u{volume.itemsize}")
    count = math.prod(planes)
    source = np.ascontiguousarray(volume).view(bits).reshape(count, depth, height, width)
    target = out.view(bits).reshape(count, *shape[-4:])
    value = volume.dtype.type(value).view(bits)
    with one_loop_at_a_time:
        loops.pad_into(target, source, (front, top, left), PADDING_MODES.index(mode), value)
    return out


def unpad(padded, sides, mode="zeros"):
    """The adjoint of ``pad``: every element goes back to the one it copies."""
    size = [n - before - after for n, (before, after) in zip(padded.shape[2:], sides)]
    out = np.empty((*padded.shape[:2], *size), padded.dtype)
    planes = math.prod(padded.shape[:2])
    source = np.ascontiguousarray(padded).reshape(planes, *padded.shape[2:])
    before = tuple(first for first, _ in sides)
    with one_loop_at_a_time:
        loops.unpad_into(out.reshape(planes, *size), source, before, PADDING_MODES.index(mode))
    return out


class Packed:
    """Weights and the tables of their taps, in the order in which the loops read them."""

    def __init__(self, weight, bias, groups, classes, channel_size, list_taps):
        """weight : (C_out, C_in/groups, KD, KH, KW); list_taps fills order, positions and classes."""
        c_out, channels_in, *kernel = weight.shape
        taps, dtype = math.prod(kernel), weight.dtype
        block = loops.block_of(c_out // groups)
        blocks = groups * -(-(c_out // groups) // block)
        order, positions = np.empty(taps, np.intp), np.empty(taps, np.intp)
        self.classes = np.empty(classes + 1, np.intp)
        self.weight = np.empty((blocks, channels_in * taps, block), dtype)
        self.offsets = np.empty(channels_in * taps, np.intp)
        self.bias = np.zeros(c_out + loops.WIDE_BLOCK, dtype)
        if bias is not None:
            self.bias[:c_out] = bias
        list_taps(order, positions, self.classes)
        flat = np.ascontiguousarray(weight).reshape(c_out, channels_in, taps)
        loops.pack_weight(
            self.weight, self.offsets, flat, order, positions, self.classes, groups, channel_size
        )


def correlate(volume, weight, bias, groups, windows):
    """A convolution: (N, C_out, *output_size), which may be less than what fits."""
    stride, sides, dilation, mode, output_size = windows
    phases = stride[2]
    rows = pad(volume, sides, mode, phases=phases)
    height, columns = rows.shape[3], rows.shape[5]

    def list_taps(order, positions, classes):
        loops.forward_taps(order, positions, classes, weight.shape[2:], dilation, phases, height, columns)

    packed = Packed(weight, bias, groups, 1, math.prod(rows.shape[2:]), list_taps)
    output = np.empty((len(volume), len(weight), *output_size), volume.dtype)
    with one_loop_at_a_time:
        loops.correlate_into(output, rows, packed.weight, packed.bias, packed.offsets, groups, stride[:2])
    return output


def transpose(volume, weight, bias, groups, windows):
    """A transposed convolution: (N, C_in, …) and weight (C_in, C_out/groups, …) to (N, C_out, …)."""
    if not np.isfinite(weight).all():
        return scatter(volume, weight, bias, groups, windows)
    stride, sides, dilation, _, output_size = windows
    padding = tuple(before for before, _ in sides)
    batch, c_in = volume.shape[:2]
    channels_out, kernel = weight.shape[1], weight.shape[2:]
    by_output = weight.reshape(groups, c_in // groups, channels_out, *kernel).swapaxes(1, 2)
    by_output = by_output.reshape(groups * channels_out, c_in // groups, *kernel)

    # output y sums the inputs (y + p − d i) / s, of which some lie before the input and some behind it
    residues = tuple(min(step, size) for step, size in zip(stride, output_size))
    reach = tuple(
        (max(0, -((p - d * (k - 1)) // s)), max(0, (size - 1 + p) // s - (n - 1)))
        for n, size, k, s, p, d in zip(volume.shape[2:], output_size, kernel, stride, padding, dilation)
    )
    rows = pad(volume, reach)[..., 0, :]
    before = tuple(first for first, _ in reach)

    def list_taps(*tables):
        of_axes = kernel, stride, padding, dilation, residues, before
        loops.transposed_taps(*tables, *of_axes, *rows.shape[3:])

    packed = Packed(by_output, bias, groups, math.prod(residues), math.prod(rows.shape[2:]), list_taps)
    *outer, width = output_size
    columns = -(-width // stride[2])
    output = np.empty((batch, len(by_output), *outer, residues[2], columns), volume.dtype)
    with one_loop_at_a_time:
        loops.transpose_into(
            output, width, rows, packed.weight, packed.bias, packed.offsets, packed.classes, groups, stride,
            residues,
        )  # fmt: skip
    if residues[2] == 1:
        return output.reshape(*output.shape[:2], *output_size)
    in_order = output.swapaxes(4, 5).reshape(*output.shape[:4], columns * residues[2])
    return np.ascontiguousarray(in_order[..., :width])


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
    padded = pad(volume, sides, mode)[..., 0, :]
    batch, c_in, *size = padded.shape
    c_out, channels_in = gradient.shape[1], c_in // groups
    pixels = with_slack((groups, batch, *size, channels_in), volume.dtype)
    pixels[...] = np.moveaxis(padded.reshape(batch, groups, channels_in, *size), (1, 2), (0, -1))

    block = loops.block_of(c_out // groups)
    blocks = groups * -(-(c_out // groups) // block)
    count = batch * math.prod(gradient.shape[2:])
    packed, offsets = np.empty((blocks, count, block), volume.dtype), np.empty(count, np.intp)
    # without dilation the kernel's columns are neighbours too: one long row instead of several
    kd, kh, kw = kernel
    columns = (1, kw * channels_in) if dilation[2] == 1 else (kw, channels_in)
    out = np.empty((c_out, kd, kh, *columns), volume.dtype)
    nothing = np.zeros(c_out + loops.WIDE_BLOCK, volume.dtype)
    with one_loop_at_a_time:
        loops.pack_pixels(packed, offsets, np.ascontiguousarray(gradient), groups, stride, *size, channels_in)
        loops.weight_gradient_into(
            out, np.empty_like(out), pixels, packed, nothing, offsets, groups, dilation
        )
    return np.ascontiguousarray(np.moveaxis(out.reshape(c_out, *kernel, channels_in), -1, 1))


def max_pool(volume, kernel, windows, with_indices):
    """The largest elements, and their places in their planes or None."""
    stride, sides, dilation, _, output_size = windows
    padding = tuple(before for before, _ in sides)
    least = -np.inf if volume.dtype.kind == "f" else np.iinfo(volume.dtype).min
    # one compiled version for all integers: the largest of them is the same however wide they are
    wide = volume.dtype if volume.dtype.kind == "f" or volume.dtype == np.uint64 else np.dtype(np.int64)
    planes = np.ascontiguousarray(volume, wide).reshape(-1, *volume.shape[2:])
    output = np.empty((len(planes), *output_size), wide)
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
    out = np.empty(volume.shape, gradient.dtype)
    flat = np.ascontiguousarray(gradient).reshape(planes, math.prod(gradient.shape[2:]))
    with one_loop_at_a_time:
        loops.scatter_into(
            out.reshape(planes, math.prod(volume.shape[2:])), flat, indices.reshape(flat.shape)
        )
    return out


def avg_pool(volume, kernel, windows, include_padding):
    """The mean of each window."""
    output_size, padding = windows.output_size, tuple(before for before, _ in windows.sides)
    planes = np.ascontiguousarray(volume).reshape(-1, *volume.shape[2:])
    output = np.empty((len(planes), *output_size), volume.dtype)
    with one_loop_at_a_time:
        loops.avg_pool_into(output, planes, kernel, windows.stride, padding, include_padding)
    return output.reshape(*volume.shape[:2], *output_size)


def avg_pool_input(size, gradient, kernel, windows, include_padding):
    """The gradient of ``avg_pool`` for an input of spatial ``size``."""
    padding = tuple(before for before, _ in windows.sides)
    planes = np.ascontiguousarray(gradient).reshape(-1, *gradient.shape[2:])
    out = np.empty((len(planes), *size), gradient.dtype)
    with one_loop_at_a_time:
        loops.avg_pool_back_into(out, planes, kernel, windows.stride, padding, include_padding)
    return out.reshape(*gradient.shape[:2], *size)


def unfold(volume, kernel, windows):
    """The windows of images (N, channels, 1, H, W) as columns: (N, channels · KH · KW, OH · OW)."""
    batch, channels = volume.shape[:2]
    padded = pad(volume, windows.sides)
    planes = padded.reshape(batch * channels, padded.shape[3], padded.shape[5])
    out = np.empty((len(planes), *kernel, *windows.output_size[1:]), volume.dtype)
    bits = np.dtype(f"u{volume.itemsize}")
    with one_loop_at_a_time:
        loops.unfold_into(out.view(bits), planes.view(bits), windows.stride[1:], windows.dilation[1:])
    return out.reshape(batch, channels * math.prod(kernel), math.prod(windows.output_size))


def fold(columns, size, windows):
    """The adjoint of ``unfold``: columns (N, channels, KH, KW, OH, OW) to images (N, channels, *size)."""
    batch, channels = columns.shape[:2]
    planes = np.ascontiguousarray(columns).reshape(batch * channels, *columns.shape[2:])
    out = np.empty((len(planes), *size), columns.dtype)
    padding = tuple(before for before, _ in windows.sides[1:])
    with one_loop_at_a_time:
        loops.fold_into(out, planes, windows.stride[1:], padding, windows.dilation[1:])
    return out.reshape(batch, channels, *size)
