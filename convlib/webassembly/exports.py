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
    return count_windows(n, k, s, 2 * p, d)


@export(POINTER, POINTER, *[INT] * 8)
def pad2d(input, output, n, h, w, top, bottom, left, right, mode):
    """Pad n planes (h, w) into planes (top + h + bottom, left + w + right)."""
    padded = floats(output, 0, (n, h + top + bottom, 1, w + left + right))
    pad_into(padded, floats(input, 0, (n, h, w)), top, left, mode, np.float32(0))


@njit(error_model="numpy")
def scratch_sizes(n, c, h, w, c_out, kh, kw, sw, top, bottom, left, right, groups):
    """Elements, 4 bytes each, of offsets, packed weights, biases and padded rows, which follow each other."""
    per_group, taps = c_out // groups, c // groups * kh * kw
    block = loops.block_of(per_group)
    columns = (w + left + right + sw - 1) // sw
    packed = groups * ((per_group + block - 1) // block) * block * taps
    rows = n * c * (h + top + bottom) * sw * columns + loops.SLACK_BYTES // 4
    return 2 * taps, packed, c_out + loops.WIDE_BLOCK, rows


@export(*[INT] * 17, returns=types.int64)
def conv2d_scratch(n, c, h, w, c_out, kh, kw, sh, sw, top, bottom, left, right, dh, dw, groups, mode):
    """How many float32 ``conv2d`` needs at ``scratch``, which is aligned to 8 bytes."""
    sizes = scratch_sizes(n, c, h, w, c_out, kh, kw, sw, top, bottom, left, right, groups)
    return sizes[0] + sizes[1] + sizes[2] + sizes[3]


@export(*[POINTER] * 5, *[INT] * 17)
def conv2d(
    input, weight, bias, output, scratch,
    n, c, h, w, c_out, kh, kw, sh, sw, top, bottom, left, right, dh, dw, groups, mode,
):  # fmt: skip
    """``convlib.conv2d``: input (n, c, h, w), weight (c_out, c/groups, kh, kw), bias (c_out)."""
    height, columns = h + top + bottom, (w + left + right + sw - 1) // sw
    oh, ow = count_windows(h, kh, sh, top + bottom, dh), count_windows(w, kw, sw, left + right, dw)
    taps, block = c // groups * kh * kw, loops.block_of(c_out // groups)
    sizes = scratch_sizes(n, c, h, w, c_out, kh, kw, sw, top, bottom, left, right, groups)
    packed_at = sizes[0]
    biases_at = packed_at + sizes[1]
    rows_at = biases_at + sizes[2]

    offsets = carray(scratch, taps, np.int64)
    loops.tap_offsets(offsets, c // groups, kh, kw, dh, dw, sw, height, columns)
    packed = floats(scratch, packed_at, (sizes[1] // (taps * block), taps, block))
    loops.pack_weight(packed, floats(weight, 0, (c_out, c // groups, kh, kw)), groups)
    biases, given = floats(scratch, biases_at, c_out), floats(bias, 0, c_out)
    for o in range(c_out):
        biases[o] = given[o]
    planes = floats(scratch, rows_at, (n * c, height, sw, columns))
    pad_into(planes, floats(input, 0, (n * c, h, w)), top, left, mode, np.float32(0))
    rows = floats(scratch, rows_at, (n, c, height, sw, columns))
    correlate2d_into(floats(output, 0, (n, c_out, oh, ow)), rows, packed, biases, offsets, groups, sh)
