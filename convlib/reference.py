"""Every operation as its definition: plain loops that can be read aloud.

The functions have the signatures of `convlib.functional` and give the same numbers, thousands of times
slower. Chapters print them, tests trust them. They check nothing: arguments must be NumPy arrays and legal.
"""

import numpy as np

from convlib import shapes

__all__ = ["conv2d", "pad", "slide", "source_index"]


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"):
    """Pad the input, slide every filter over it, add each filter's bias.

    Parameters
    ----------
    input : ndarray of shape (N, C_in, H, W) or (C_in, H, W)
    weight : ndarray of shape (C_out, C_in/groups, KH, KW)
    bias : ndarray of shape (C_out,), optional
    stride, dilation : int or (int, int)
        One value for both axes, or one for the rows and one for the columns.
    padding : int, (int, int), "valid" or "same"
        Elements added on each side. "same" keeps H and W (stride 1 only).
    groups : int
        Input and output channels fall into this many blocks that do not mix.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}

    Returns
    -------
    ndarray of shape (N, C_out, H_out, W_out) or (C_out, H_out, W_out)
        Of the input's dtype; integers give int64.
        H_out = ⌊(H + 2p − d (KH − 1) − 1) / s⌋ + 1, and W_out likewise.

    Notes
    -----
    For the padded input, one group, stride s and dilation d:

        output[n, o, y, x] = bias[o] + Σ_c Σ_i Σ_j  input[n, c, s y + d i, s x + d j] · weight[o, c, i, j]

    The kernel is not flipped. Strictly this is cross-correlation; deep learning calls it convolution
    (Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 9.1).

    Examples
    --------
    The first output is 0×0 + 1×1 + 3×2 + 4×3 = 19.

    >>> image = np.arange(9).reshape(1, 3, 3)
    >>> kernel = np.arange(4).reshape(1, 1, 2, 2)
    >>> conv2d(image, kernel)
    array([[[19, 25],
            [37, 43]]])
    """
    if np.issubdtype(input.dtype, np.integer):  # so that sums of small integers stay exact
        input, weight = input.astype(np.int64), weight.astype(np.int64)
    (top, bottom), (left, right) = padding_on_each_side(padding, weight.shape[2:], pair(dilation))
    mode = "constant" if padding_mode == "zeros" else padding_mode
    padded = pad(input, (left, right, top, bottom), mode)
    output = slide(padded, weight, pair(stride), pair(dilation), groups)
    return output if bias is None else output + bias[:, np.newaxis, np.newaxis]


def slide(input, weight, stride, dilation, groups):
    """Each output sums one window, its elements times one filter's."""
    *batch, _, height, width = input.shape
    c_out, c_in, kh, kw = weight.shape  # c_in: channels of one group
    (sh, sw), (dh, dw) = stride, dilation
    oh = shapes.output_size(height, kh, sh, dilation=dh)
    ow = shapes.output_size(width, kw, sw, dilation=dw)

    output = np.empty((*batch, c_out, oh, ow), dtype=input.dtype)
    for *n, o, y, x in np.ndindex(output.shape):
        first = o // (c_out // groups) * c_in  # channel of o's group
        channels = slice(first, first + c_in)
        rows = slice(y * sh, y * sh + dh * (kh - 1) + 1, dh)
        columns = slice(x * sw, x * sw + dw * (kw - 1) + 1, dw)
        window = input[*n, channels, rows, columns]
        output[*n, o, y, x] = np.sum(window * weight[o])
    return output


def pad(input, pad, mode="constant", value=0.0):
    """Extend the last axes of an array; `source_index` says where each new element comes from.

    Parameters
    ----------
    input : ndarray of any shape
    pad : tuple of int
        Elements to add, the last axis first: (left, right), (left, right, top, bottom), …
    mode : {"constant", "reflect", "replicate", "circular"}
    value : float
        What "constant" fills in.

    Returns
    -------
    ndarray
        Every padded axis of n elements has before + n + after of them.

    Examples
    --------
    >>> row = np.array([1, 2, 3, 4])
    >>> for mode in ("constant", "reflect", "replicate", "circular"):
    ...     print(pad(row, (2, 2), mode))
    [0 0 1 2 3 4 0 0]
    [3 2 1 2 3 4 3 2]
    [1 1 1 2 3 4 4 4]
    [3 4 1 2 3 4 1 2]
    """
    sides = [(0, 0)] * (input.ndim - len(pad) // 2) + list(zip(pad[-2::-2], pad[::-2]))
    padded_shape = [before + size + after for size, (before, after) in zip(input.shape, sides)]
    output = np.full(padded_shape, value, dtype=input.dtype)
    for position in np.ndindex(output.shape):
        source = tuple(
            source_index(p - before, size, mode) for p, size, (before, _) in zip(position, input.shape, sides)
        )
        if None not in source:
            output[position] = input[source]
    return output


def source_index(position, size, mode):
    """Which element of an axis stands at a position; None: a constant.

    The position counts from the first element, so −1 is just before it.

    >>> [source_index(position, 4, "reflect") for position in range(-2, 6)]
    [2, 1, 0, 1, 2, 3, 2, 1]
    """
    if 0 <= position < size:
        return position
    if mode == "reflect":  # a mirror on the centre of the border element
        return -position if position < 0 else 2 * (size - 1) - position
    if mode == "replicate":  # the nearest element
        return 0 if position < 0 else size - 1
    if mode == "circular":  # the axis closed to a ring
        return position % size
    return None


def pair(value):
    """One value for both axes, or (rows, columns) as they are."""
    return (value, value) if isinstance(value, int) else tuple(value)


def padding_on_each_side(padding, kernel_size, dilation):
    """((top, bottom), (left, right)) for every way to state ``padding``."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        return tuple(shapes.same_padding(k, d) for k, d in zip(kernel_size, dilation))
    return tuple((p, p) for p in pair(padding))
