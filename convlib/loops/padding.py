"""Padding: where a padded position copies from, the loop that copies, and its adjoint."""

import numpy as np
from numba import njit, prange

ZEROS, REFLECT, REPLICATE, CIRCULAR = range(4)


@njit(cache=True, error_model="numpy")
def source_index(position, size, mode):
    """The element that ``position`` of an axis of ``size`` copies; −1 if it copies none.

    ``position`` counts from the first real element, so padding before it is negative. Reflect needs
    −size < position < 2 size − 1, circular −size ≤ position < 2 size.
    """
    if 0 <= position < size:
        return position
    if mode == REFLECT:
        return -position if position < 0 else 2 * (size - 1) - position
    if mode == REPLICATE:
        return 0 if position < 0 else size - 1
    if mode == CIRCULAR:
        return position + size if position < 0 else position - size
    return -1


@njit(parallel=True, cache=True, error_model="numpy")
def pad_into(out, volume, before, mode, value):
    """Pad ``volume`` (planes, depth, height, width) into ``out`` (planes, depths, rows, phases, columns).

    ``before`` is the padding before each axis. Padded column x is at ``[x % phases, x // phases]``: so
    a convolution with stride ``phases`` finds the columns it reads beside each other. Columns past the padded
    width hold whatever the mode's rule gives, or ``value`` where it gives none.
    """
    planes, depths, rows, phases, columns = out.shape
    depth, height, width = volume.shape[1:]
    left = before[2]
    for unit in prange(planes * depths * rows):
        unit = np.intp(unit)
        y, z, plane = unit % rows, unit // rows % depths, unit // rows // depths
        source_z = source_index(z - before[0], depth, mode)
        source_y = source_index(y - before[1], height, mode)
        if source_z < 0 or source_y < 0:
            for phase in range(phases):
                for q in range(columns):
                    out[plane, z, y, phase, q] = value
            continue
        for phase in range(phases):
            # columns first … last − 1 lie inside the image: a plain copy; the rest follow the mode's rule
            first = min(columns, (left - phase + phases - 1) // phases)
            last = min(columns, max(first, (left + width - phase + phases - 1) // phases))
            for q in range(first, last):
                out[plane, z, y, phase, q] = volume[plane, source_z, source_y, q * phases + phase - left]
            for edge in range(columns - (last - first)):
                q = edge if edge < first else edge + last - first
                x = source_index(q * phases + phase - left, width, mode)
                inside = 0 <= x < width
                out[plane, z, y, phase, q] = volume[plane, source_z, source_y, x] if inside else value


@njit(parallel=True, cache=True, error_model="numpy")
def unpad_into(out, padded, before, mode):
    """The adjoint of padding: add every element of ``padded`` to the element of ``out`` that it copies.

    ``padded`` : (planes, depths, rows, columns); ``out`` : (planes, depth, height, width).
    """
    planes, depths, rows, columns = padded.shape
    depth, height, width = out.shape[1:]
    for plane in prange(planes):
        plane = np.intp(plane)
        out[plane] = 0
        for z in range(depths):
            target_z = source_index(z - before[0], depth, mode)
            for y in range(rows):
                target_y = source_index(y - before[1], height, mode)
                if target_z < 0 or target_y < 0:
                    continue
                for q in range(columns):
                    x = source_index(q - before[2], width, mode)
                    if x >= 0:
                        out[plane, target_z, target_y, x] += padded[plane, z, y, q]
