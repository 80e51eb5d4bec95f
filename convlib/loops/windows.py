"""Pixels in another order: windows as columns of a matrix (im2col), columns from several rows as one.

``range`` with a step divides, which takes longer than copying; so the loops count what they copy.
"""

import numpy as np
from numba import prange

from convlib.loops.correlation import parallel_loop


@parallel_loop
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


@parallel_loop
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


@parallel_loop
def join_columns_into(out, apart):
    """Fill ``out`` (rows, width): column r + s·q is element (r, q) of that row in ``apart`` (rows, s, …)."""
    rows, width = out.shape
    steps = apart.shape[1]
    for row in prange(rows):
        row = np.intp(row)
        for r in range(steps):
            for q in range((width - r + steps - 1) // steps):
                out[row, r + steps * q] = apart[row, r, q]
