"""Pixels in another order: windows as columns of a matrix (im2col), every d-th pixel as an image.

``range`` with a step divides, which takes longer than copying; so the loops count what they copy.
"""

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


@njit(parallel=True, cache=True, error_model="numpy")
def space_to_batch_into(out, volume, padding):
    """Fill ``out`` (dh, dw, planes, height, width): element (a, b, q, y, x) is that of plane q at (a + dh·y,
    b + dw·x).

    volume : (planes, height, width), to be padded by ``padding`` zeros (rows, columns) before the first.
    """
    dh, dw, planes, oh, ow = out.shape
    height, width = volume.shape[1:]
    for unit in prange(planes * oh * dh):
        unit = np.intp(unit)
        y, plane = unit % (oh * dh), unit // (oh * dh)
        source = y - padding[0]
        for b in range(dw):
            row = out[y % dh, b, plane, y // dh]
            for x in range(ow):
                column = b + dw * x - padding[1]
                inside = 0 <= source < height and 0 <= column < width
                row[x] = volume[plane, source, column] if inside else 0


@njit(parallel=True, cache=True, error_model="numpy")
def batch_to_space_into(out, apart):
    """The inverse, into ``out`` (planes, height, width); what lies beyond it is dropped."""
    planes, height, width = out.shape
    dh, dw = apart.shape[:2]
    for unit in prange(planes * height):
        unit = np.intp(unit)
        y, plane = unit % height, unit // height
        for b in range(dw):
            row = apart[y % dh, b, plane, y // dh]
            for x in range((width - b + dw - 1) // dw):
                out[plane, y, b + dw * x] = row[x]


@njit(parallel=True, cache=True, error_model="numpy")
def join_columns_into(out, apart):
    """Fill ``out`` (rows, width): column r + s·q is element (r, q) of that row in ``apart`` (rows, s, …)."""
    rows, width = out.shape
    steps = apart.shape[1]
    for row in prange(rows):
        row = np.intp(row)
        for r in range(steps):
            for q in range((width - r + steps - 1) // steps):
                out[row, r + steps * q] = apart[row, r, q]
