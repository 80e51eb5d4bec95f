"""Every operation and every gradient as its definition: plain loops that can be read aloud.

The functions have the signatures of `convlib.functional` and `convlib.gradients` and give the same numbers,
thousands of times slower. Chapters print them, tests trust them. They check nothing: arguments must be NumPy
arrays and legal.

Two generators hold all index arithmetic, for any number of axes: `windows` says which part of the input each
output reads, `sources` which element each padded position copies. What is left is one line for an operation
and one line for a gradient.
"""

import math

import numpy as np

from convlib import shapes

__all__ = [
    "avg_pool1d",
    "avg_pool1d_input",
    "avg_pool2d",
    "avg_pool2d_input",
    "avg_pool3d",
    "avg_pool3d_input",
    "collect",
    "conv1d",
    "conv1d_input",
    "conv1d_weight",
    "conv2d",
    "conv2d_input",
    "conv2d_weight",
    "conv3d",
    "conv3d_input",
    "conv3d_weight",
    "conv_transpose1d",
    "conv_transpose1d_input",
    "conv_transpose1d_weight",
    "conv_transpose2d",
    "conv_transpose2d_input",
    "conv_transpose2d_weight",
    "conv_transpose3d",
    "conv_transpose3d_input",
    "conv_transpose3d_weight",
    "convolve2d",
    "correlate2d",
    "fold",
    "max_pool1d",
    "max_pool1d_input",
    "max_pool2d",
    "max_pool2d_input",
    "max_pool3d",
    "max_pool3d_input",
    "pad",
    "pad_input",
    "scatter",
    "slide",
    "source_index",
    "sources",
    "unfold",
    "windows",
]


# Windows: three ways to use them


def windows(output_shape, weight_shape, stride, dilation, groups):
    """For each output: its position, its filter's number, and the window of the input that it reads."""
    c_out, c_in, *kernel_size = weight_shape  # c_in: channels of one group
    axes = len(kernel_size)
    stride, dilation = each(stride, axes), each(dilation, axes)
    for position in np.ndindex(*output_shape):
        *n, o = position[:-axes]
        group = o // (c_out // groups)
        channels = slice(group * c_in, (group + 1) * c_in)
        taps = [  # along each axis k elements, d apart, from s p on
            slice(s * p, s * p + d * k, d)
            for p, k, s, d in zip(position[-axes:], kernel_size, stride, dilation)
        ]
        yield position, o, (*n, channels, *taps)


def slide(output, input, weight, stride, dilation, groups):
    """Each output is the sum over its window, element times weight."""
    for position, o, window in windows(output.shape, weight.shape, stride, dilation, groups):
        output[position] = np.sum(input[window] * weight[o])


def scatter(output, input, weight, stride, dilation, groups):
    """The other way: each input adds itself times its filter to a window of the output."""
    for position, c, window in windows(input.shape, weight.shape, stride, dilation, groups):
        output[window] += input[position] * weight[c]


def collect(weight_gradient, values, input, stride, dilation, groups):
    """Each filter adds up its windows of the input, each times the value at the window's position."""
    for position, o, window in windows(values.shape, weight_gradient.shape, stride, dilation, groups):
        weight_gradient[o] += values[position] * input[window]


# Convolution


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"):
    """`conv2d` along one axis.

    (N, C_in, L) or (C_in, L) with weight (C_out, C_in/groups, KL) gives (N, C_out, OL) or (C_out, OL).
    """
    return conv(input, weight, bias, stride, padding, dilation, groups, padding_mode)


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
    ndarray of shape (N, C_out, OH, OW) or (C_out, OH, OW)
        Of the input's dtype; integers give int64.
        OH = ⌊(H + 2p − d (KH − 1) − 1) / s⌋ + 1, and OW likewise.

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
    return conv(input, weight, bias, stride, padding, dilation, groups, padding_mode)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"):
    """`conv2d` along three axes.

    (N, C_in, D, H, W) or (C_in, D, H, W) with weight (C_out, C_in/groups, KD, KH, KW) gives
    (N, C_out, OD, OH, OW) or (C_out, OD, OH, OW).
    """
    return conv(input, weight, bias, stride, padding, dilation, groups, padding_mode)


def conv(input, weight, bias, stride, padding, dilation, groups, padding_mode):
    """conv1d, conv2d and conv3d: the weight says how many axes."""
    input, weight = exact(input), exact(weight)
    c_out, _, *kernel_size = weight.shape
    axes = len(kernel_size)
    padded = pad(input, both_sides(padding, kernel_size, dilation), padding_mode)
    output_size = on_each_axis(shapes.output_size, padded.shape[-axes:], kernel_size, stride, 0, dilation)
    output = np.empty((*input.shape[: -axes - 1], c_out, *output_size), input.dtype)
    slide(output, padded, weight, stride, dilation, groups)
    if bias is not None:
        output += exact(bias).reshape(c_out, *[1] * axes)
    return output


def correlate2d(image, kernel, stride=1, padding=0, dilation=1, *, padding_mode="zeros"):
    """`conv2d` of one channel: an image (H, W) and a kernel (KH, KW) give (OH, OW).

    Examples
    --------
    >>> correlate2d(np.arange(9).reshape(3, 3), np.array([[0, 1], [2, 3]]))
    array([[19, 25],
           [37, 43]])
    """
    image, kernel = image[np.newaxis], kernel[np.newaxis, np.newaxis]
    return conv2d(image, kernel, None, stride, padding, dilation, padding_mode=padding_mode)[0]


def convolve2d(image, kernel, stride=1, padding=0, dilation=1, *, padding_mode="zeros"):
    """Convolution as mathematics means it: `correlate2d` with the kernel turned by 180°.

    Examples
    --------
    The first output is 0×3 + 1×2 + 3×1 + 4×0 = 5.

    >>> convolve2d(np.arange(9).reshape(3, 3), np.array([[0, 1], [2, 3]]))
    array([[ 5, 11],
           [23, 29]])
    """
    turned = kernel[::-1, ::-1]
    return correlate2d(image, turned, stride, padding, dilation, padding_mode=padding_mode)


def conv1d_input(
    input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):
    """`conv2d_input` along one axis: grad_output (N, C_out, OL) gives (N, C_in, L)."""
    return conv_input(input_size, weight, grad_output, stride, padding, dilation, groups, padding_mode)


def conv2d_input(
    input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):
    """Gradient of `conv2d` with respect to its input: each output hands its gradient back to its window.

    Parameters
    ----------
    input_size : tuple of int
        Shape of the input, (N, C_in, H, W) or (C_in, H, W): several sizes can lead to one output size.
    weight : ndarray of shape (C_out, C_in/groups, KH, KW)
    grad_output : ndarray of shape (N, C_out, OH, OW) or (C_out, OH, OW)
        Gradient of a loss with respect to the output.
    stride, padding, dilation, groups, padding_mode
        Those of `conv2d`.

    Returns
    -------
    ndarray of shape input_size
        Of grad_output's dtype; integers give int64.

    Notes
    -----
    The input element under tap (i, j) of output (y, x) was multiplied by weight[o, c, i, j], so, padded:

        gradient[n, c, s y + d i, s x + d j] += grad_output[n, o, y, x] · weight[o, c, i, j]

    Then what padding received goes to the elements that it copied, see `pad_input`.

    Examples
    --------
    With nothing but ones, the gradient counts how often each element is read.

    >>> conv2d_input((1, 3, 3), np.ones((1, 1, 2, 2), int), np.ones((1, 2, 2), int))
    array([[[1, 2, 1],
            [2, 4, 2],
            [1, 2, 1]]])
    """
    return conv_input(input_size, weight, grad_output, stride, padding, dilation, groups, padding_mode)


def conv3d_input(
    input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):
    """`conv2d_input` along three axes: grad_output (N, C_out, OD, OH, OW) gives (N, C_in, D, H, W)."""
    return conv_input(input_size, weight, grad_output, stride, padding, dilation, groups, padding_mode)


def conv_input(input_size, weight, grad_output, stride, padding, dilation, groups, padding_mode):
    """The gradients with respect to the input of conv1d, conv2d and conv3d."""
    weight, grad_output = exact(weight), exact(grad_output)
    sides = both_sides(padding, weight.shape[2:], dilation)
    padded_gradient = pad(np.zeros(input_size, grad_output.dtype), sides)
    scatter(padded_gradient, grad_output, weight, stride, dilation, groups)
    return pad_input(input_size, padded_gradient, sides, padding_mode)


def conv1d_weight(
    input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):
    """`conv2d_weight` along one axis: input (N, C_in, L) gives (C_out, C_in/groups, KL)."""
    return conv_weight(input, weight_size, grad_output, stride, padding, dilation, groups, padding_mode)


def conv2d_weight(
    input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):
    """Gradient of `conv2d` with respect to its weight: each tap adds up what it read, times output gradients.

    Parameters
    ----------
    input : ndarray of shape (N, C_in, H, W) or (C_in, H, W)
    weight_size : tuple of int
        Shape of the weight, (C_out, C_in/groups, KH, KW).
    grad_output : ndarray of shape (N, C_out, OH, OW) or (C_out, OH, OW)
    stride, padding, dilation, groups, padding_mode
        Those of `conv2d`.

    Returns
    -------
    ndarray of shape weight_size
        Of the input's dtype; integers give int64.

    Notes
    -----
    For the padded input and one group:

        gradient[o, c, i, j] = Σ_n Σ_y Σ_x  grad_output[n, o, y, x] · input[n, c, s y + d i, s x + d j]

    Examples
    --------
    The first tap read the elements 0, 1, 3 and 4.

    >>> conv2d_weight(np.arange(9).reshape(1, 3, 3), (1, 1, 2, 2), np.ones((1, 2, 2), int))
    array([[[[ 8, 12],
             [20, 24]]]])
    """
    return conv_weight(input, weight_size, grad_output, stride, padding, dilation, groups, padding_mode)


def conv3d_weight(
    input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):
    """`conv2d_weight` along three axes: input (N, C_in, D, H, W) gives (C_out, C_in/groups, KD, KH, KW)."""
    return conv_weight(input, weight_size, grad_output, stride, padding, dilation, groups, padding_mode)


def conv_weight(input, weight_size, grad_output, stride, padding, dilation, groups, padding_mode):
    """The gradients with respect to the weight of conv1d, conv2d and conv3d."""
    input, grad_output = exact(input), exact(grad_output)
    padded = pad(input, both_sides(padding, weight_size[2:], dilation), padding_mode)
    gradient = np.zeros(weight_size, input.dtype)
    collect(gradient, grad_output, padded, stride, dilation, groups)
    return gradient


# Transposed convolution


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """`conv_transpose2d` along one axis.

    (N, C_in, L) or (C_in, L) with weight (C_in, C_out/groups, KL) gives (N, C_out, OL) or (C_out, OL).
    """
    return conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Each input element adds itself times its filter to the output; then the border is cut off.

    Parameters
    ----------
    input : ndarray of shape (N, C_in, H, W) or (C_in, H, W)
    weight : ndarray of shape (C_in, C_out/groups, KH, KW)
        One filter for each input channel.
    bias : ndarray of shape (C_out,), optional
    stride, dilation : int or (int, int)
        Steps of the output between two inputs, and between two taps.
    padding : int or (int, int)
        Elements cut off on each side of the output: what a convolution with this padding added there.
    output_padding : int or (int, int)
        Further rows at the bottom and columns at the right; smaller than stride or dilation.
    groups : int
        Input and output channels fall into this many blocks that do not mix.

    Returns
    -------
    ndarray of shape (N, C_out, OH, OW) or (C_out, OH, OW)
        Of the input's dtype; integers give int64.
        OH = (H − 1) s − 2p + d (KH − 1) + output_padding + 1, and OW likewise.

    Notes
    -----
    Before the border is cut off, for one group:

        output[n, o, s y + d i, s x + d j] += input[n, c, y, x] · weight[c, o, i, j]

    This is the sum that carries a convolution's gradient back to its input, hence "transposed" (Dumoulin and
    Visin, "A guide to convolution arithmetic for deep learning" (2016), chapter 4).

    Examples
    --------
    1 and 10 each write their multiple of 1 2 3, the second two steps further, and 3 + 10 meet.

    >>> conv_transpose2d(np.array([[[1, 10]]]), np.array([[[[1, 2, 3]]]]), stride=(1, 2))
    array([[[ 1, 2, 13, 20, 30]]])
    """
    return conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """`conv_transpose2d` along three axes.

    (N, C_in, D, H, W) or (C_in, D, H, W) with weight (C_in, C_out/groups, KD, KH, KW) gives
    (N, C_out, OD, OH, OW) or (C_out, OD, OH, OW).
    """
    return conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose(input, weight, bias, stride, padding, output_padding, groups, dilation):
    """conv_transpose1d, conv_transpose2d and conv_transpose3d: the weight says how many axes."""
    input, weight = exact(input), exact(weight)
    _, c_out, *kernel_size = weight.shape  # c_out: channels of one group
    axes = len(kernel_size)
    full_size = on_each_axis(
        shapes.transposed_output_size, input.shape[-axes:], kernel_size, stride, 0, output_padding, dilation
    )
    output = np.zeros((*input.shape[: -axes - 1], groups * c_out, *full_size), input.dtype)
    scatter(output, input, weight, stride, dilation, groups)
    output = output[..., *(slice(p, n - p) for p, n in zip(each(padding, axes), full_size))]
    return output if bias is None else output + exact(bias).reshape(-1, *[1] * axes)


def conv_transpose1d_input(
    input_size, weight, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """`conv_transpose2d_input` along one axis: grad_output (N, C_out, OL) gives (N, C_in, L)."""
    return conv_transpose_input(input_size, weight, grad_output, stride, padding, groups, dilation)


def conv_transpose2d_input(
    input_size, weight, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Gradient of `conv_transpose2d` with respect to its input: a convolution of the output's gradient.

    Parameters
    ----------
    input_size : tuple of int
        Shape of the input, (N, C_in, H, W) or (C_in, H, W).
    weight : ndarray of shape (C_in, C_out/groups, KH, KW)
    grad_output : ndarray of shape (N, C_out, OH, OW) or (C_out, OH, OW)
    stride, padding, output_padding, groups, dilation
        Those of `conv_transpose2d`; the rows that output_padding added are in grad_output.

    Returns
    -------
    ndarray of shape input_size
        Of grad_output's dtype; integers give int64.

    Notes
    -----
    For grad_output padded with zeros and one group:

        gradient[n, c, y, x] = Σ_o Σ_i Σ_j  grad_output[n, o, s y + d i, s x + d j] · weight[c, o, i, j]

    Examples
    --------
    1×1 + 2×2 + 3×3 = 14 and 3×1 + 4×2 + 5×3 = 26.

    >>> weight = np.array([[[[1, 2, 3]]]])
    >>> conv_transpose2d_input((1, 1, 2), weight, np.array([[[1, 2, 3, 4, 5]]]), stride=(1, 2))
    array([[[14, 26]]])
    """
    return conv_transpose_input(input_size, weight, grad_output, stride, padding, groups, dilation)


def conv_transpose3d_input(
    input_size, weight, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """`conv_transpose2d_input` along three axes.

    grad_output (N, C_out, OD, OH, OW) gives (N, C_in, D, H, W).
    """
    return conv_transpose_input(input_size, weight, grad_output, stride, padding, groups, dilation)


def conv_transpose_input(input_size, weight, grad_output, stride, padding, groups, dilation):
    """The gradients with respect to the input of conv_transpose1d, conv_transpose2d and conv_transpose3d."""
    weight, grad_output = exact(weight), exact(grad_output)
    padded = pad(grad_output, both_sides(padding, weight.shape[2:], dilation))
    gradient = np.empty(input_size, grad_output.dtype)
    slide(gradient, padded, weight, stride, dilation, groups)
    return gradient


def conv_transpose1d_weight(
    input, weight_size, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """`conv_transpose2d_weight` along one axis: input (N, C_in, L) gives (C_in, C_out/groups, KL)."""
    return conv_transpose_weight(input, weight_size, grad_output, stride, padding, groups, dilation)


def conv_transpose2d_weight(
    input, weight_size, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Gradient of `conv_transpose2d` with respect to its weight: gradients that a tap wrote to, times inputs.

    Parameters
    ----------
    input : ndarray of shape (N, C_in, H, W) or (C_in, H, W)
    weight_size : tuple of int
        Shape of the weight, (C_in, C_out/groups, KH, KW).
    grad_output : ndarray of shape (N, C_out, OH, OW) or (C_out, OH, OW)
    stride, padding, output_padding, groups, dilation
        Those of `conv_transpose2d`.

    Returns
    -------
    ndarray of shape weight_size
        Of the input's dtype; integers give int64.

    Notes
    -----
    For grad_output padded with zeros and one group:

        gradient[c, o, i, j] = Σ_n Σ_y Σ_x  input[n, c, y, x] · grad_output[n, o, s y + d i, s x + d j]

    Examples
    --------
    The first tap wrote 1 to the first output and 10 to the third: 1×1 + 10×3 = 31.

    >>> grad_output = np.array([[[1, 2, 3, 4, 5]]])
    >>> conv_transpose2d_weight(np.array([[[1, 10]]]), (1, 1, 1, 3), grad_output, stride=(1, 2))
    array([[[[31, 42, 53]]]])
    """
    return conv_transpose_weight(input, weight_size, grad_output, stride, padding, groups, dilation)


def conv_transpose3d_weight(
    input, weight_size, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """`conv_transpose2d_weight` along three axes.

    input (N, C_in, D, H, W) gives (C_in, C_out/groups, KD, KH, KW).
    """
    return conv_transpose_weight(input, weight_size, grad_output, stride, padding, groups, dilation)


def conv_transpose_weight(input, weight_size, grad_output, stride, padding, groups, dilation):
    """The gradients with respect to the weight of conv_transpose1d, conv_transpose2d and conv_transpose3d."""
    input, grad_output = exact(input), exact(grad_output)
    padded = pad(grad_output, both_sides(padding, weight_size[2:], dilation))
    gradient = np.zeros(weight_size, input.dtype)
    collect(gradient, input, padded, stride, dilation, groups)
    return gradient


# Pooling


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """`max_pool2d` along one axis: (N, C, L) gives (N, C, OL), both also without N."""
    return max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window, each channel by itself.

    Parameters
    ----------
    input : ndarray of shape (N, C, H, W) or (C, H, W)
    kernel_size : int or (int, int)
        Size of the window.
    stride : int or (int, int), optional
        That of the window if not given: windows side by side.
    padding : int or (int, int)
        How far a window may begin before the input, and end behind it. What lies there is never chosen.
    dilation : int or (int, int)
        Distance between the elements of a window.
    ceil_mode : bool
        Whether windows that start in the input, but do not fit, count too.
    return_indices : bool
        Whether to say also where each largest element stands.

    Returns
    -------
    ndarray of shape (N, C, OH, OW) or (C, OH, OW)
        Of the input's dtype. OH = ⌊(H + 2p − d (KH − 1) − 1) / s⌋ + 1, or ⌈…⌉ + 1 with ceil_mode, less 1 if
        the last window then starts behind the input; OW likewise.
    indices : int64 ndarray of the same shape, with return_indices only
        y W + x for the element (y, x) of the channel.

    Notes
    -----
    NaN counts as larger than any number. Of equal elements the first in reading order is chosen, of NaNs too.
    A window without any element (a dilated one can step over a very small input) gives the dtype's smallest
    value, and the index −1.

    Examples
    --------
    >>> image = np.array([[[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]]])
    >>> max_pool2d(image, 2)
    array([[[8, 6],
            [9, 9]]])
    """
    return max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """`max_pool2d` along three axes: (N, C, D, H, W) gives (N, C, OD, OH, OW), both also without N."""
    return max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool(axes, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    """max_pool1d, max_pool2d and max_pool3d. Each element of a channel has a number; padding has −1."""
    kernel_size, size = each(kernel_size, axes), input.shape[-axes:]
    numbers = np.arange(math.prod(size)).reshape(size)
    numbers = pad(numbers, both_sides(padding, kernel_size, dilation), value=-1)
    smallest = -np.inf if np.issubdtype(input.dtype, np.floating) else np.iinfo(input.dtype).min
    output_shape = pool_shape(input.shape, kernel_size, stride, padding, dilation, ceil_mode)
    output, indices = np.full(output_shape, smallest, input.dtype), np.full(output_shape, -1)
    for position, window in pool_windows(output_shape, kernel_size, stride, dilation):
        plane = input[position[:-axes]].ravel()
        inside = numbers[window[-axes:]]
        inside = inside[inside >= 0]
        if inside.size:
            indices[position] = inside[np.argmax(plane[inside])]  # the first of the largest, NaN above all
            output[position] = plane[indices[position]]
    return (output, indices) if return_indices else output


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """`avg_pool2d` along one axis: (N, C, L) gives (N, C, OL), both also without N."""
    return avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The average of each window, each channel by itself.

    Parameters
    ----------
    input : ndarray of shape (N, C, H, W) or (C, H, W)
        Of floats.
    kernel_size, stride, ceil_mode
        Those of `max_pool2d`.
    padding : int or (int, int)
        Zeros added on each side.
    count_include_pad : bool
        Whether these zeros count in the number of elements that a sum is divided by.

    Returns
    -------
    ndarray of shape (N, C, OH, OW) or (C, OH, OW)
        Of the input's dtype and of `max_pool2d`'s size.

    Notes
    -----
    What a window of ceil_mode covers beyond the padding never counts. This is PyTorch's rule.

    Examples
    --------
    >>> image = np.array([[[7.0, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]]])
    >>> avg_pool2d(image, 2)
    array([[[6.25, 3.5 ],
            [5.25, 5.25]]])
    """
    return avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool3d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """`avg_pool2d` along three axes: (N, C, D, H, W) gives (N, C, OD, OH, OW), both also without N."""
    return avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool(axes, input, kernel_size, stride, padding, ceil_mode, count_include_pad):
    """avg_pool1d, avg_pool2d and avg_pool3d: sum over count; a slice stops where the padding ends."""
    kernel_size = each(kernel_size, axes)
    sides = both_sides(padding, kernel_size)
    padded = pad(input, sides)
    counts = pad(np.ones_like(input), sides, value=count_include_pad)
    output = np.empty(pool_shape(input.shape, kernel_size, stride, padding, 1, ceil_mode), input.dtype)
    for position, window in pool_windows(output.shape, kernel_size, stride):
        output[position] = np.sum(padded[window]) / np.sum(counts[window])
    return output


def max_pool1d_input(input, grad_output, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """`max_pool2d_input` along one axis: grad_output (N, C, OL) gives (N, C, L)."""
    return max_pool_input(1, input, grad_output, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d_input(input, grad_output, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Gradient of `max_pool2d`: each window's gradient goes to the element that was chosen.

    Parameters
    ----------
    input : ndarray of shape (N, C, H, W) or (C, H, W)
    grad_output : ndarray of shape (N, C, OH, OW) or (C, OH, OW)
    kernel_size, stride, padding, dilation, ceil_mode
        Those of `max_pool2d`.

    Returns
    -------
    ndarray of input's shape
        Of grad_output's dtype; integers give int64.

    Examples
    --------
    >>> image = np.array([[[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]]])
    >>> max_pool2d_input(image, np.array([[[1, 2], [3, 4]]]), 2)
    array([[[0, 0, 0, 0],
            [1, 0, 0, 2],
            [0, 3, 0, 4],
            [0, 0, 0, 0]]])
    """
    return max_pool_input(2, input, grad_output, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d_input(input, grad_output, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """`max_pool2d_input` along three axes: grad_output (N, C, OD, OH, OW) gives (N, C, D, H, W)."""
    return max_pool_input(3, input, grad_output, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool_input(axes, input, grad_output, kernel_size, stride, padding, dilation, ceil_mode):
    """The gradients of max_pool1d, max_pool2d and max_pool3d."""
    grad_output = exact(grad_output)
    _, indices = max_pool(axes, input, kernel_size, stride, padding, dilation, ceil_mode, True)
    gradient = np.zeros(input.shape, grad_output.dtype)
    for position, index in np.ndenumerate(indices):
        if index >= 0:
            chosen = np.unravel_index(index, input.shape[-axes:])
            gradient[*position[:-axes], *chosen] += grad_output[position]
    return gradient


def avg_pool1d_input(
    input_size, grad_output, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    """`avg_pool2d_input` along one axis: grad_output (N, C, OL) gives (N, C, L)."""
    return avg_pool_input(
        1, input_size, grad_output, kernel_size, stride, padding, ceil_mode, count_include_pad
    )


def avg_pool2d_input(
    input_size, grad_output, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    """Gradient of `avg_pool2d`: each window's elements share its gradient equally.

    Parameters
    ----------
    input_size : tuple of int
        Shape of the input, (N, C, H, W) or (C, H, W).
    grad_output : ndarray of shape (N, C, OH, OW) or (C, OH, OW)
        Of floats.
    kernel_size, stride, padding, ceil_mode, count_include_pad
        Those of `avg_pool2d`.

    Returns
    -------
    ndarray of shape input_size
        Of grad_output's dtype.

    Examples
    --------
    >>> avg_pool2d_input((1, 2, 4), np.array([[[4.0, 8.0]]]), 2)
    array([[[1., 1., 2., 2.],
            [1., 1., 2., 2.]]])
    """
    return avg_pool_input(
        2, input_size, grad_output, kernel_size, stride, padding, ceil_mode, count_include_pad
    )


def avg_pool3d_input(
    input_size, grad_output, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    """`avg_pool2d_input` along three axes: grad_output (N, C, OD, OH, OW) gives (N, C, D, H, W)."""
    return avg_pool_input(
        3, input_size, grad_output, kernel_size, stride, padding, ceil_mode, count_include_pad
    )


def avg_pool_input(axes, input_size, grad_output, kernel_size, stride, padding, ceil_mode, count_include_pad):
    """The gradients of avg_pool1d, avg_pool2d and avg_pool3d: the same count divides."""
    kernel_size = each(kernel_size, axes)
    sides = both_sides(padding, kernel_size)
    counts = pad(np.ones(input_size, grad_output.dtype), sides, value=count_include_pad)
    padded_gradient = np.zeros_like(counts)
    for position, window in pool_windows(grad_output.shape, kernel_size, stride):
        padded_gradient[window] += grad_output[position] / np.sum(counts[window])
    return pad_input(input_size, padded_gradient, sides)


def pool_shape(input_shape, kernel_size, stride, padding, dilation, ceil_mode):
    """Shape of a pool's output."""
    axes = len(kernel_size)
    output_size = on_each_axis(
        shapes.pool_output_size, input_shape[-axes:], kernel_size, stride, padding, dilation, ceil_mode
    )
    return (*input_shape[:-axes], *output_size)


def pool_windows(output_shape, kernel_size, stride, dilation=1):
    """`windows` for a pool: channels do not mix, so there are as many groups as channels."""
    channels = output_shape[-len(kernel_size) - 1]
    stride = kernel_size if stride is None else stride
    weight_shape = (channels, 1, *kernel_size)
    for position, _, window in windows(output_shape, weight_shape, stride, dilation, channels):
        yield position, window


# Windows as columns


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Write every window of the input into a column, so that a convolution is one matrix product.

    Parameters
    ----------
    input : ndarray of shape (N, C, H, W) or (C, H, W)
    kernel_size, dilation, padding, stride : int or (int, int)
        Those of `conv2d`; the padding is zeros.

    Returns
    -------
    ndarray of shape (N, C·KH·KW, L) or (C·KH·KW, L)
        Of the input's dtype. L = OH · OW, the number of `conv2d`'s outputs; column y OW + x is the window of
        output (y, x), channel by channel and row by row.

    Notes
    -----
    Its gradient is `fold`.

    Examples
    --------
    >>> unfold(np.arange(9).reshape(1, 3, 3), kernel_size=2)
    array([[0, 1, 3, 4],
           [1, 2, 4, 5],
           [3, 4, 6, 7],
           [4, 5, 7, 8]])
    """
    *batch, channels, height, width = input.shape
    kernel_size = each(kernel_size, 2)
    padded = pad(input, both_sides(padding, kernel_size))
    oh, ow = on_each_axis(shapes.output_size, (height, width), kernel_size, stride, padding, dilation)
    columns = np.empty((*batch, channels * math.prod(kernel_size), oh * ow), input.dtype)
    # the windows of a convolution with one filter, which reads all channels
    output_shape, weight_shape = (*batch, 1, oh, ow), (1, channels, *kernel_size)
    for (*n, _, y, x), _, window in windows(output_shape, weight_shape, stride, dilation, groups=1):
        columns[*n, :, y * ow + x] = padded[window].ravel()
    return columns


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add every column to the window that `unfold` would take it from.

    Parameters
    ----------
    input : ndarray of shape (N, C·KH·KW, L) or (C·KH·KW, L)
    output_size : int or (int, int)
        (H, W).
    kernel_size, dilation, padding, stride : int or (int, int)
        Those of `unfold`.

    Returns
    -------
    ndarray of shape (N, C, H, W) or (C, H, W)
        Of the input's dtype; integers give int64.

    Notes
    -----
    Not `unfold`'s inverse, since windows overlap, but its gradient; and its own gradient is `unfold`.

    Examples
    --------
    Every element returns as often as a window holds it: the 4 in the middle four times.

    >>> columns = unfold(np.arange(9).reshape(1, 3, 3), kernel_size=2)
    >>> fold(columns, output_size=3, kernel_size=2)
    array([[[ 0,  2,  2],
            [ 6, 16, 10],
            [ 6, 14,  8]]])
    """
    input, kernel_size, output_size = exact(input), each(kernel_size, 2), each(output_size, 2)
    *batch, rows, _ = input.shape
    channels = rows // math.prod(kernel_size)
    sides = both_sides(padding, kernel_size)
    oh, ow = on_each_axis(shapes.output_size, output_size, kernel_size, stride, padding, dilation)
    padded = pad(np.zeros((*batch, channels, *output_size), input.dtype), sides)
    output_shape, weight_shape = (*batch, 1, oh, ow), (1, channels, *kernel_size)
    for (*n, _, y, x), _, window in windows(output_shape, weight_shape, stride, dilation, groups=1):
        padded[window] += input[*n, :, y * ow + x].reshape(channels, *kernel_size)
    return pad_input((*batch, channels, *output_size), padded, sides)


# Padding


def pad(input, pad, mode="constant", value=0.0):
    """Extend the last axes of an array; `source_index` says where each new element comes from.

    Parameters
    ----------
    input : ndarray of any shape
    pad : sequence of int
        Elements to add, the last axis first: (left, right), (left, right, top, bottom), …
    mode : {"constant", "reflect", "replicate", "circular"}
        "zeros", as layers call it, is "constant" too.
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
    padded_shape = [before + size + after for size, (before, after) in axis_by_axis(input.shape, pad)]
    output = np.full(padded_shape, value, dtype=input.dtype)
    for position, source in sources(input.shape, pad, mode):
        output[position] = input[source]
    return output


def pad_input(input_size, grad_output, pad, mode="constant"):
    """Gradient of `pad`: each padded position hands its gradient to the element that it copied.

    Parameters
    ----------
    input_size : tuple of int
        Shape of the array before it was padded.
    grad_output : ndarray of the padded shape
    pad, mode
        Those of `pad`.

    Returns
    -------
    ndarray of shape input_size
        Of grad_output's dtype; integers give int64. What "constant" added copied nothing and is cut off.

    Examples
    --------
    >>> for mode in ("constant", "reflect", "replicate", "circular"):
    ...     print(pad_input((4,), np.array([1, 1, 1, 1, 1, 1, 1, 1]), (2, 2), mode))
    [1 1 1 1]
    [1 3 3 1]
    [3 1 1 3]
    [2 2 2 2]
    """
    grad_output = exact(grad_output)
    gradient = np.zeros(input_size, grad_output.dtype)
    for position, source in sources(input_size, pad, mode):
        gradient[source] += grad_output[position]
    return gradient


def sources(input_size, pad, mode):
    """For each padded position that copies an element: the position, and that of the element."""
    sides = axis_by_axis(input_size, pad)
    for position in np.ndindex(*(before + size + after for size, (before, after) in sides)):
        source = tuple(
            source_index(p - before, size, mode) for p, (size, (before, _)) in zip(position, sides)
        )
        if None not in source:
            yield position, source


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


# Arguments in one form


def each(value, axes):
    """One value for all axes, or one for each as they are."""
    return (value,) * axes if np.ndim(value) == 0 else tuple(value)


def on_each_axis(rule, sizes, *settings):
    """A rule of `shapes`, axis by axis."""
    per_axis = zip(sizes, *(each(setting, len(sizes)) for setting in settings))
    return tuple(rule(*of_axis) for of_axis in per_axis)


def both_sides(padding, kernel_size, dilation=1):
    """``padding``, in any way to state it, in the order of `pad`: before and after, the last axis first."""
    axes = len(kernel_size)
    if padding == "same":
        sides = [shapes.same_padding(k, d) for k, d in zip(kernel_size, each(dilation, axes))]
    else:
        sides = [(p, p) for p in each(0 if padding == "valid" else padding, axes)]
    return [elements for both in reversed(sides) for elements in both]


def axis_by_axis(size, pad):
    """Each axis's size and what `pad` adds to it: (size, (before, after)), the first axis first."""
    added = list(zip(pad[-2::-2], pad[::-2]))
    return list(zip(size, [(0, 0)] * (len(size) - len(added)) + added))


def exact(array):
    """Integers as int64, so that sums of small ones stay exact."""
    return array.astype(np.int64) if np.issubdtype(array.dtype, np.integer) else array
