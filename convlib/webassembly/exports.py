"""What convlib.wasm exports: the library's loops behind pointers and 32-bit integers.

Images are planes of float32, C-contiguous; ``mode`` counts the padding modes: zeros, reflect, replicate,
circular. JavaScript has no 64-bit integers without a detour, hence int32.
"""

import numpy as np
from numba import carray, njit, types
from numba.extending import intrinsic

from convlib import loops, shapes

INT, POINTER = types.int32, types.voidptr
EXPORTS = {}

# the same functions, compiled without threads
pad_into = njit(error_model="numpy")(loops.pad_into.py_func)
correlate2d_into = njit(error_model="numpy")(loops.correlate2d_into.py_func)
count_windows = njit(error_model="numpy")(shapes.count_windows)


def export(*parameters, returns=types.void):
    def register(function):
        compiled = njit(returns(*parameters), error_model="numpy", no_cpython_wrapper=True)(function)
        EXPORTS[function.__name__] = compiled
        return compiled

    return register


@intrinsic
def advance(typing_context, pointer, count):
    """The address ``count`` bytes further on."""

    def generate(context, builder, signature, arguments):
        return builder.gep(arguments[0], [arguments[1]])

    return POINTER(POINTER, types.intp), generate


@njit(error_model="numpy")
def floats(pointer, first, shape):
    """An array of float32 that starts ``first`` elements behind ``pointer``."""
    return carray(advance(pointer, np.intp(4 * first)), shape, np.float32)


@export(*[INT] * 5, returns=types.int64)
def output_size(n, k, s, p, d):
    """``shapes.output_size``, with no checks; below 1, the window does not fit."""
    return count_windows(np.int64(n), np.int64(k), np.int64(s), 2 * np.int64(p), np.int64(d))


@export(POINTER, POINTER, *[INT] * 8)
def pad2d(input, output, n, h, w, top, bottom, left, right, mode):
    """Pad n planes (h, w) into planes (top + h + bottom, left + w + right)."""
    n, h, w = np.intp(n), np.intp(h), np.intp(w)
    rows, columns = h + top + bottom, w + left + right
    out = floats(output, 0, (n, rows, 1, columns))
    pad_into(out, floats(input, 0, (n, h, w)), np.intp(top), np.intp(left), np.intp(mode), np.float32(0))


@njit(error_model="numpy")
def scratch_layout(n, c, h, w, c_out, kh, kw, sw, top, bottom, left, right, groups):
    """Sizes, in float32, of what a convolution needs beside its operands."""
    per_group = c_out // groups
    block = loops.block_of(per_group)
    taps = c // groups * kh * kw
    offsets = 2 * taps
    packed = groups * ((per_group + block - 1) // block) * block * taps
    biases = c_out + loops.WIDE_BLOCK
    columns = (w + left + right + sw - 1) // sw
    rows = n * c * (h + top + bottom) * sw * columns + loops.SLACK_BYTES // 4
    return offsets, packed, biases, rows


@export(*[INT] * 17, returns=types.int64)
def conv2d_scratch(n, c, h, w, c_out, kh, kw, sh, sw, top, bottom, left, right, dh, dw, groups, mode):
    """How many float32 ``conv2d`` needs at ``scratch``, which is aligned to 8 bytes."""
    offsets, packed, biases, rows = scratch_layout(
        np.int64(n), np.int64(c), np.int64(h), np.int64(w), np.int64(c_out), np.int64(kh), np.int64(kw),
        np.int64(sw), np.int64(top), np.int64(bottom), np.int64(left), np.int64(right), np.int64(groups),
    )  # fmt: skip
    return offsets + packed + biases + rows


@export(*[POINTER] * 5, *[INT] * 17)
def conv2d(
    input, weight, bias, output, scratch,
    n, c, h, w, c_out, kh, kw, sh, sw, top, bottom, left, right, dh, dw, groups, mode,
):  # fmt: skip
    """``convlib.conv2d``: input (n, c, h, w), weight (c_out, c/groups, kh, kw), bias (c_out)."""
    n, c, h, w, c_out, kh, kw = (
        np.int64(n), np.int64(c), np.int64(h), np.int64(w), np.int64(c_out), np.int64(kh), np.int64(kw),
    )  # fmt: skip
    sh, sw, dh, dw, groups = np.int64(sh), np.int64(sw), np.int64(dh), np.int64(dw), np.int64(groups)
    top, bottom, left, right = np.int64(top), np.int64(bottom), np.int64(left), np.int64(right)
    height, width = h + top + bottom, w + left + right
    columns = (width + sw - 1) // sw
    oh = count_windows(h, kh, sh, top + bottom, dh)
    ow = count_windows(w, kw, sw, left + right, dw)
    per_group = c_out // groups
    block = loops.block_of(per_group)
    taps = c // groups * kh * kw
    blocks = groups * ((per_group + block - 1) // block)
    after_offsets, after_packed, after_biases, _ = scratch_layout(
        n, c, h, w, c_out, kh, kw, sw, top, bottom, left, right, groups
    )
    after_packed += after_offsets
    after_biases += after_packed

    offsets = carray(scratch, taps, np.int64)
    loops.tap_offsets(offsets, c // groups, kh, kw, dh, dw, sw, height, columns)
    packed = floats(scratch, after_offsets, (blocks, taps, block))
    loops.pack_weight(packed, floats(weight, 0, (c_out, c // groups, kh, kw)), groups)
    biases, given = floats(scratch, after_packed, c_out), floats(bias, 0, c_out)
    for o in range(c_out):
        biases[o] = given[o]
    rows = floats(scratch, after_biases, (n, c, height, sw, columns))
    pad_into(
        floats(scratch, after_biases, (n * c, height, sw, columns)),
        floats(input, 0, (n * c, h, w)), top, left, np.int64(mode), np.float32(0),
    )  # fmt: skip
    out = floats(output, 0, (n, c_out, oh, ow))
    correlate2d_into(out, rows, packed, biases, offsets, groups, sh)
