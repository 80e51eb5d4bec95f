"""Windows as columns of a matrix (im2col), and the sum that puts them back."""

import numpy as np
from numba import njit, prange


@njit(parallel=True, cache=True, error_model="numpy")
def unfold_into(out, padded, stride, dilation):
    """Copy windows: ``out`` (planes, KH, KW, OH, OW) from padded planes (planes, height, width)."""
    planes, kh, kw, oh, ow = out.shape
    for unit in prange(planes * kh * kw):
        unit = np.intp(unit)
        j, i, plane = unit % kw, unit // kw % kh, unit // kw // kh
        for y in range(oh):
            line = padded[plane, y * stride[0] + i * dilation[0]]
            for x in range(ow):
                out[plane, i, j, y, x] = line[x * stride[1] + j * dilation[1]]


@njit(parallel=True, cache=True, error_model="numpy")
def fold_into(out, columns, stride, padding, dilation):
    """Add every window's elements of ``columns`` (planes, KH, KW, OH, OW) to where they came from in ``out``.

    ``out`` : (planes, height, width), without the padding, whose sums are dropped.
    """
    planes, kh, kw, oh, ow = columns.shape
    height, width = out.shape[1:]
    for plane in prange(planes):
        plane = np.intp(plane)
        out[plane] = 0
        for i in range(kh):
            for j in range(kw):
                for y in range(oh):
                    target = y * stride[0] + i * dilation[0] - padding[0]
                    if 0 <= target < height:
                        for x in range(ow):
                            column = x * stride[1] + j * dilation[1] - padding[1]
                            if 0 <= column < width:
                                out[plane, target, column] += columns[plane, i, j, y, x]
