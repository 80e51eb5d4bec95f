"""Padding: where a padded position copies from, and the loop that copies."""

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
def pad_into(out, image, top, left, mode, value):
    """Pad every plane of ``image`` (planes, height, width) into ``out`` (planes, rows, phases, columns).

    Padded row y is ``out[:, y]``, its column x at ``[x % phases, x // phases]``: a convolution with stride
    ``phases`` then finds the columns it reads beside each other. Columns past the padded width hold whatever
    the mode's rule gives, or ``value`` where it gives none.
    """
    planes, rows, phases, columns = out.shape
    height, width = image.shape[1:]
    for unit in prange(planes * rows):
        plane, y = np.intp(unit) // rows, np.intp(unit) % rows
        source = source_index(y - top, height, mode)
        if source < 0:
            for phase in range(phases):
                for q in range(columns):
                    out[plane, y, phase, q] = value
            continue
        for phase in range(phases):
            # columns first … last − 1 lie inside the image: a plain copy; the rest follow the mode's rule
            first = min(columns, (left - phase + phases - 1) // phases)
            last = min(columns, max(first, (left + width - phase + phases - 1) // phases))
            for q in range(first, last):
                out[plane, y, phase, q] = image[plane, source, q * phases + phase - left]
            for edge in range(columns - (last - first)):
                q = edge if edge < first else edge + last - first
                x = source_index(q * phases + phase - left, width, mode)
                out[plane, y, phase, q] = image[plane, source, x] if 0 <= x < width else value
