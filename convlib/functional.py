"""The operations, NumPy arrays in and out. Each one checks, pads, allocates, runs its loop and returns.

The three ranks of an operation share one function, which works on three spatial axes.
"""

import math

import numpy as np

from convlib import arguments, checks, engine

# in the order in which the book lists them
__all__ = [
    *("conv1d", "conv2d", "conv3d"),
    *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    *("correlate2d", "convolve2d"),
    *("max_pool1d", "max_pool2d", "max_pool3d"),
    *("avg_pool1d", "avg_pool2d", "avg_pool3d"),
    *("unfold", "fold", "pad"),
]


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"):
    """One-dimensional convolution: ``conv2d`` along a single axis, for signals and sequences.

    Parameters
    ----------
    input : array of shape (N, C_in, L) or (C_in, L)
    weight : array of shape (C_out, C_in/groups, KL)
    bias : array of shape (C_out,), optional
    stride, padding, dilation : int or (int,)
        As in ``conv2d``; padding may be "valid" or "same".
    groups, padding_mode
        As in ``conv2d``.

    Returns
    -------
    array of shape (N, C_out, OL) or (C_out, OL)
        OL = ⌊(L + 2p − d (KL − 1) − 1) / s⌋ + 1.

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d``.

    Notes
    -----
    ``torch.nn.functional.conv1d``. ``np.convolve`` flips its kernel, this does not.

    Examples
    --------
    >>> conv1d([[1, 2, 4, 8]], [[[-1, 1]]])
    array([[1, 2, 4]])
    """
    return convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups, padding_mode)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"):
    """Two-dimensional convolution as deep learning means it: a sliding dot product, the kernel not flipped.

    Parameters
    ----------
    input : array of shape (N, C_in, H, W) or (C_in, H, W)
        float32, float64 or integers.
    weight : array of shape (C_out, C_in/groups, KH, KW)
        Of the input's dtype; any integer dtype goes with any other.
    bias : array of shape (C_out,), optional
        One number for each output channel, of the input's dtype.
    stride : int or (int, int)
        Steps from one output to the next, (rows, columns), at least 1.
    padding : int, (int, int), "valid" or "same"
        Elements added on each side, (rows, columns). "valid" adds none; "same" keeps H and W, needs stride 1,
        and where the number to add is odd, the odd one goes after.
    dilation : int or (int, int)
        Distance between neighbouring taps, at least 1; 1 is an ordinary kernel.
    groups : int
        Number of groups of channels that do not mix; divides C_in and C_out.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the added elements hold. reflect needs padding < size, circular padding ≤ size.

    Returns
    -------
    array of shape (N, C_out, OH, OW), or (C_out, OH, OW) for an input without batch
        OH = ⌊(H + 2p − d (KH − 1) − 1) / s⌋ + 1, likewise OW. Fresh, C-contiguous, of the input's dtype;
        integers give int64, exactly.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.
    OverflowError
        Sums of such integers could leave int64.

    Notes
    -----
    Names, order and defaults are those of ``torch.nn.functional.conv2d``, ``padding_mode`` is that of
    ``torch.nn.Conv2d``. The definition, in plain loops, is ``convlib.reference.conv2d``.

    In float32, layers of 3 × 3 with stride and groups 1, at least 32 channels on both sides and at least 100
    tiles of 4 × 4 outputs are computed with Winograd's algorithm (Lavin and Gray, 2016, arXiv:1509.09308);
    with dilation d, every d-th output belongs to the same tile. Their errors stay below 1e-4 of the largest
    output; those of a direct sum are about ten times smaller.

    Examples
    --------
    >>> image = np.arange(16).reshape(1, 4, 4)
    >>> conv2d(image, np.ones((1, 1, 3, 3), int))
    array([[[45, 54],
            [81, 90]]])
    """
    return convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups, padding_mode)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"):
    """Three-dimensional convolution: ``conv2d`` with a third axis, for volumes and stacks of frames.

    Parameters
    ----------
    input : array of shape (N, C_in, D, H, W) or (C_in, D, H, W)
    weight : array of shape (C_out, C_in/groups, KD, KH, KW)
    bias : array of shape (C_out,), optional
    stride, padding, dilation : int or (int, int, int)
        As in ``conv2d``, in the order (depth, rows, columns); padding may be "valid" or "same".
    groups, padding_mode
        As in ``conv2d``.

    Returns
    -------
    array of shape (N, C_out, OD, OH, OW) or (C_out, OD, OH, OW)
        OD = ⌊(D + 2p − d (KD − 1) − 1) / s⌋ + 1, likewise OH and OW.

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d``.

    Notes
    -----
    ``torch.nn.functional.conv3d``. A 2-D convolution over C channels is a 3-D one over C frames with a kernel
    that spans them all.

    Examples
    --------
    >>> frames = np.arange(3).reshape(1, 3, 1, 1) * np.ones((1, 3, 2, 2), int)
    >>> conv3d(frames, np.ones((1, 1, 2, 2, 2), int)).ravel()
    array([ 4, 12])
    """
    return convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups, padding_mode)


def convolve(function, axes, input, weight, bias, stride, padding, dilation, groups, padding_mode):
    """All ranks of convolution."""
    input, weight, bias, shapes = arguments.as_operands(function, input, weight, bias)
    layer = arguments.as_layer(
        function, axes, shapes, input.dtype, stride, padding, dilation, groups, padding_mode
    )
    arguments.as_one_dtype(function, input=input, weight=weight, bias=bias)
    if input.dtype.kind in "iu":
        products = math.prod(weight.shape[1:])
        input, weight, bias = arguments.as_exact_integers(
            function, products, input=input, weight=weight, bias=bias
        )
    volume, filters = input.reshape(layer.input_shape), weight.reshape(layer.weight_shape)
    return engine.correlate(volume, filters, bias, layer.groups, layer.windows).reshape(layer.output_shape)


def conv_transpose1d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):  # fmt: skip
    """One-dimensional transposed convolution: ``conv_transpose2d`` along a single axis.

    Parameters
    ----------
    input : array of shape (N, C_in, L) or (C_in, L)
    weight : array of shape (C_in, C_out/groups, KL)
    bias : array of shape (C_out,), optional
    stride, padding, output_padding, groups, dilation
        As in ``conv_transpose2d``, with one axis.

    Returns
    -------
    array of shape (N, C_out, OL) or (C_out, OL)
        OL = (L − 1) s − 2p + d (KL − 1) + output_padding + 1.

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv_transpose2d``.

    Examples
    --------
    >>> conv_transpose1d([[1, 2, 3]], [[[1, 10]]], stride=2)
    array([[ 1, 10,  2, 20,  3, 30]])
    """
    return convolve_transposed(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):  # fmt: skip
    """Two-dimensional transposed convolution: every input element adds its multiple of the kernel.

    It is the adjoint of ``conv2d`` with the same weight and settings,
    ⟨conv2d(x), y⟩ = ⟨x, conv_transpose2d(y)⟩, so it undoes the shapes, not the values.

    Parameters
    ----------
    input : array of shape (N, C_in, H, W) or (C_in, H, W)
        float32, float64 or integers.
    weight : array of shape (C_in, C_out/groups, KH, KW)
        Of the input's dtype; its first axis is the input's channels, unlike that of ``conv2d``.
    bias : array of shape (C_out,), optional
    stride : int or (int, int)
        Steps between the places where neighbouring inputs add their kernels, at least 1.
    padding : int or (int, int)
        Elements removed from each side of the output, (rows, columns).
    output_padding : int or (int, int)
        Elements added to the end of the output, smaller than stride or dilation: of the several input sizes
        that a strided convolution takes to one output size, it picks the one to go back to.
    groups : int
        Number of groups of channels that do not mix; divides C_in.
    dilation : int or (int, int)
        Distance between neighbouring taps, at least 1.

    Returns
    -------
    array of shape (N, C_out, OH, OW) or (C_out, OH, OW)
        OH = (H − 1) s − 2p + d (KH − 1) + output_padding + 1, likewise OW. Fresh, C-contiguous, of the
        input's dtype; integers give int64, exactly.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.
    OverflowError
        Sums of such integers could leave int64.

    Notes
    -----
    ``torch.nn.functional.conv_transpose2d``. Dumoulin and Visin, "A guide to convolution arithmetic for deep
    learning" (2016), chapter 4.

    Examples
    --------
    >>> conv_transpose2d(np.array([[[1, 2]]]), np.ones((1, 1, 2, 2), int))
    array([[[1, 3, 2],
            [1, 3, 2]]])
    """
    return convolve_transposed(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):  # fmt: skip
    """Three-dimensional transposed convolution: ``conv_transpose2d`` with a third axis.

    Parameters
    ----------
    input : array of shape (N, C_in, D, H, W) or (C_in, D, H, W)
    weight : array of shape (C_in, C_out/groups, KD, KH, KW)
    bias : array of shape (C_out,), optional
    stride, padding, output_padding, groups, dilation
        As in ``conv_transpose2d``, in the order (depth, rows, columns).

    Returns
    -------
    array of shape (N, C_out, OD, OH, OW) or (C_out, OD, OH, OW)
        OD = (D − 1) s − 2p + d (KD − 1) + output_padding + 1, likewise OH and OW.

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv_transpose2d``.

    Examples
    --------
    >>> conv_transpose3d(np.ones((1, 2, 2, 2)), np.ones((1, 1, 2, 2, 2)), stride=2).shape
    (1, 4, 4, 4)
    """
    return convolve_transposed(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def convolve_transposed(
    function, axes, input, weight, bias, stride, padding, output_padding, groups, dilation
):  # fmt: skip
    """All ranks of transposed convolution."""
    input, weight, bias, shapes = arguments.as_operands(function, input, weight, bias)
    layer = arguments.as_transposed_layer(
        function, axes, shapes, input.dtype, stride, padding, output_padding, groups, dilation
    )
    arguments.as_one_dtype(function, input=input, weight=weight, bias=bias)
    if input.dtype.kind in "iu":
        products = math.prod(weight.shape[2:]) * weight.shape[0] // layer.groups
        input, weight, bias = arguments.as_exact_integers(
            function, products, input=input, weight=weight, bias=bias
        )
    volume, filters = input.reshape(layer.input_shape), weight.reshape(layer.weight_shape)
    return engine.transpose(volume, filters, bias, layer.groups, layer.windows).reshape(layer.output_shape)


def correlate2d(image, kernel, stride=1, padding=0, dilation=1, *, padding_mode="zeros"):
    """Cross-correlation of one image with one kernel: ``conv2d`` without batch and channels.

    Parameters
    ----------
    image : array of shape (H, W)
    kernel : array of shape (KH, KW)
        Of the image's dtype.
    stride, padding, dilation, padding_mode
        As in ``conv2d``.

    Returns
    -------
    array of shape (OH, OW)
        output[y, x] = Σ_i Σ_j image[s y + d i, s x + d j] · kernel[i, j], over the padded image.

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d``.

    Notes
    -----
    Where deep learning says convolution, it means this. ``scipy.signal.correlate2d`` is the same with
    ``mode="valid"``. Its gradients are those of ``conv2d``.

    Examples
    --------
    >>> correlate2d(np.arange(9).reshape(3, 3), [[0, 1], [2, 3]])
    array([[19, 25],
           [37, 43]])
    """
    return of_one_channel("correlate2d", image, kernel, stride, padding, dilation, padding_mode, flip=False)


def convolve2d(image, kernel, stride=1, padding=0, dilation=1, *, padding_mode="zeros"):
    """Convolution in the mathematical sense: ``correlate2d`` with the kernel flipped on both axes.

    Parameters
    ----------
    image : array of shape (H, W)
    kernel : array of shape (KH, KW)
        Of the image's dtype.
    stride, padding, dilation, padding_mode
        As in ``conv2d``; padding of (KH − 1, KW − 1) gives every overlap, the "full" convolution.

    Returns
    -------
    array of shape (OH, OW)
        output[y, x] = Σ_i Σ_j image[s y + d i, s x + d j] · kernel[KH − 1 − i, KW − 1 − j].

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d``.

    Notes
    -----
    Goodfellow, Bengio and Courville, "Deep Learning" (2016), equations 9.4 to 9.6.

    Examples
    --------
    >>> convolve2d(np.arange(9).reshape(3, 3), [[0, 1], [2, 3]])
    array([[ 5, 11],
           [23, 29]])
    """
    return of_one_channel("convolve2d", image, kernel, stride, padding, dilation, padding_mode, flip=True)


def of_one_channel(function, image, kernel, stride, padding, dilation, padding_mode, flip):
    """``conv2d`` of an image (H, W) with a kernel (KH, KW)."""
    image, kernel = checks.as_numbers(function, "image", image), checks.as_numbers(function, "kernel", kernel)
    for name, array, shape in (("image", image, "(H, W)"), ("kernel", kernel, "(KH, KW)")):
        if array.ndim != 2 or (name == "kernel" and array.size == 0):
            raise ValueError(f"{function}: {name} must have shape {shape}, got shape {array.shape}")
    arguments.as_one_dtype(function, image=image, kernel=kernel)
    kernel = kernel[::-1, ::-1] if flip else kernel
    layer = image[np.newaxis], kernel[np.newaxis, np.newaxis]
    return convolve(function, 2, *layer, None, stride, padding, dilation, 1, padding_mode)[0]


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window of a signal: ``max_pool2d`` along a single axis.

    Parameters
    ----------
    input : array of shape (N, C, L) or (C, L)
    kernel_size, stride, padding, dilation, ceil_mode, return_indices
        As in ``max_pool2d``, with one axis.

    Returns
    -------
    array of shape (N, C, OL) or (C, OL), or a pair of them

    Raises
    ------
    TypeError, ValueError
        As ``max_pool2d``.

    Examples
    --------
    >>> max_pool1d([[1, 5, 2, 3]], 2)
    array([[5, 3]])
    """
    return max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window.

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        float32, float64 or integers.
    kernel_size : int or (int, int)
        Size of the window, (rows, columns).
    stride : int or (int, int), optional
        Steps from one window to the next; by default the window's own size.
    padding : int or (int, int)
        Positions on each side that count as −∞; at most half of kernel_size, rounded down.
    dilation : int or (int, int)
        Distance between neighbouring elements of a window, at least 1.
    ceil_mode : bool
        Round the output's size up, so that a last, incomplete window counts too.
    return_indices : bool
        Also return where each largest element is.

    Returns
    -------
    output : array of shape (N, C, OH, OW) or (C, OH, OW)
        OH = ⌊(H + 2p − d (KH − 1) − 1) / s⌋ + 1, or with ⌈ ⌉; likewise OW. Of the input's dtype.
    indices : int64 array of the same shape, only with ``return_indices``
        Row · W + column of the largest element in the input without padding; of equal ones, the first; −1 if
        a dilated window reads nothing but padding.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.

    Notes
    -----
    ``torch.nn.functional.max_pool2d``. A NaN counts as larger than anything, so it is not lost.

    Examples
    --------
    >>> grid = np.array([[[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]]])
    >>> max_pool2d(grid, 2)
    array([[[8, 6],
            [9, 9]]])
    """
    return max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The largest element of each window of a volume: ``max_pool2d`` with a third axis.

    Parameters
    ----------
    input : array of shape (N, C, D, H, W) or (C, D, H, W)
    kernel_size, stride, padding, dilation, ceil_mode, return_indices
        As in ``max_pool2d``, in the order (depth, rows, columns).

    Returns
    -------
    array of shape (N, C, OD, OH, OW) or (C, OD, OH, OW), or a pair of them
        An index is (frame · H + row) · W + column.

    Raises
    ------
    TypeError, ValueError
        As ``max_pool2d``.

    Examples
    --------
    >>> max_pool3d(np.arange(8).reshape(1, 2, 2, 2), 2).item()
    7
    """
    return max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool(
    function, axes, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
):  # fmt: skip
    """All ranks of max pooling."""
    input = arguments.as_input(function, axes, input, channels="C")
    return_indices = checks.as_bool(function, "return_indices", return_indices)
    kernel, windows = arguments.as_pool(
        function, input.shape, axes, kernel_size, stride, padding, dilation, ceil_mode
    )
    arguments.check_pool_memory(function, input.shape, input.dtype, axes, windows)
    output, indices = engine.max_pool(arguments.as_volume(input, axes), kernel, windows, return_indices)
    output = arguments.like_input(output, input.ndim, axes)
    return (output, arguments.like_input(indices, input.ndim, axes)) if return_indices else output


def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window of a signal: ``avg_pool2d`` along a single axis.

    Parameters
    ----------
    input : array of shape (N, C, L) or (C, L)
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As in ``avg_pool2d``, with one axis.

    Returns
    -------
    array of shape (N, C, OL) or (C, OL)

    Raises
    ------
    TypeError, ValueError
        As ``avg_pool2d``.

    Examples
    --------
    >>> avg_pool1d([[1.0, 5.0, 2.0, 3.0]], 2)
    array([[3. , 2.5]])
    """
    return avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window.

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        float32 or float64; a mean of integers is no integer.
    kernel_size : int or (int, int)
        Size of the window, (rows, columns).
    stride : int or (int, int), optional
        Steps from one window to the next; by default the window's own size.
    padding : int or (int, int)
        Zeros added on each side, at most half of the window.
    ceil_mode : bool
        Round the output's size up, so that a last, incomplete window counts too.
    count_include_pad : bool
        Whether the divisor counts the padding. What a window of ``ceil_mode`` has beyond it never counts.

    Returns
    -------
    array of shape (N, C, OH, OW) or (C, OH, OW)
        OH = ⌊(H + 2p − KH) / s⌋ + 1, or with ⌈ ⌉; likewise OW. Of the input's dtype.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.

    Notes
    -----
    ``torch.nn.functional.avg_pool2d``, without its ``divisor_override``.

    Examples
    --------
    >>> grid = np.array([[[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5.0]]])
    >>> avg_pool2d(grid, 2)
    array([[[6.25, 3.5 ],
            [5.25, 5.25]]])
    """
    return avg_pool("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool3d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window of a volume: ``avg_pool2d`` with a third axis.

    Parameters
    ----------
    input : array of shape (N, C, D, H, W) or (C, D, H, W)
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As in ``avg_pool2d``, in the order (depth, rows, columns).

    Returns
    -------
    array of shape (N, C, OD, OH, OW) or (C, OD, OH, OW)

    Raises
    ------
    TypeError, ValueError
        As ``avg_pool2d``.

    Examples
    --------
    >>> avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2).item()
    3.5
    """
    return avg_pool("avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool(function, axes, input, kernel_size, stride, padding, ceil_mode, count_include_pad):
    """All ranks of average pooling."""
    input = arguments.as_input(function, axes, input, channels="C")
    arguments.check_mean(function, input.dtype)
    count_include_pad = checks.as_bool(function, "count_include_pad", count_include_pad)
    kernel, windows = arguments.as_pool(
        function, input.shape, axes, kernel_size, stride, padding, 1, ceil_mode
    )
    arguments.check_pool_memory(function, input.shape, input.dtype, axes, windows)
    output = engine.avg_pool(arguments.as_volume(input, axes), kernel, windows, count_include_pad)
    return arguments.like_input(output, input.ndim, axes)


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Every window as a column (im2col), so that a convolution becomes a product of matrices.

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        float32, float64 or integers.
    kernel_size : int or (int, int)
        Size of the window, (rows, columns).
    dilation : int or (int, int)
        Distance between neighbouring elements of a window, at least 1.
    padding : int or (int, int)
        Zeros added on each side.
    stride : int or (int, int)
        Steps from one window to the next, at least 1.

    Returns
    -------
    array of shape (N, C · KH · KW, OH · OW) or (C · KH · KW, OH · OW)
        Of the input's dtype; OH and OW as in ``conv2d``.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.

    Notes
    -----
    ``torch.nn.functional.unfold``. Chellapilla, Puri and Simard, "High performance convolutional neural
    networks for document processing" (2006). Its gradient is ``fold``.

    Examples
    --------
    >>> unfold(np.arange(9).reshape(1, 3, 3), 2)
    array([[0, 1, 3, 4],
           [1, 2, 4, 5],
           [3, 4, 6, 7],
           [4, 5, 7, 8]])
    """
    function = "unfold"
    input = arguments.as_input(function, 2, input, channels="C")
    kernel = checks.as_integers(function, "kernel_size", kernel_size, 2, at_least=1)
    padding = checks.as_integers(function, "padding", padding, 2, at_least=0)
    windows = arguments.as_windows(function, input.shape[-2:], kernel, stride, padding, dilation, "zeros")
    images = arguments.as_volume(input, 2)
    arguments.check_memory(
        function, input.shape, input.dtype, 2, windows, images.shape[1] * math.prod(kernel)
    )
    columns = engine.unfold(images, kernel, windows)
    return columns if input.ndim == 4 else columns[0]


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Put columns back as windows and add up where they overlap: the adjoint of ``unfold``, not its inverse.

    Parameters
    ----------
    input : array of shape (N, C · KH · KW, OH · OW) or (C · KH · KW, OH · OW)
        Columns as ``unfold`` makes them; float32, float64 or integers.
    output_size : int or (int, int)
        H and W of the image.
    kernel_size, dilation, padding, stride : int or (int, int)
        As in ``unfold``.

    Returns
    -------
    array of shape (N, C, H, W) or (C, H, W)
        Of the input's dtype; integers give int64, exactly.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.
    OverflowError
        Sums of such integers could leave int64.

    Notes
    -----
    ``torch.nn.functional.fold``. Its gradient is ``unfold``.

    Examples
    --------
    Each pixel comes back as often as windows hold it.

    >>> fold(unfold(np.ones((1, 3, 3), int), 2), 3, 2)
    array([[[1, 2, 1],
            [2, 4, 2],
            [1, 2, 1]]])
    """
    function = "fold"
    columns = checks.as_numbers(function, "input", input)
    size = checks.as_integers(function, "output_size", output_size, 2, at_least=1)
    kernel = checks.as_integers(function, "kernel_size", kernel_size, 2, at_least=1)
    padding = checks.as_integers(function, "padding", padding, 2, at_least=0)
    windows = arguments.as_windows(function, size, kernel, stride, padding, dilation, "zeros")
    elements, count = math.prod(kernel), math.prod(windows.output_size)
    if columns.ndim not in (2, 3) or columns.shape[-2] % elements or columns.shape[-1] != count:
        oh, ow = windows.output_size[1:]
        raise ValueError(
            f"{function}: input must have shape (N, C · {elements}, {count}) or (C · {elements}, {count}), "
            f"for kernel_size {kernel} and {oh} × {ow} windows, got shape {columns.shape}"
        )
    batch, channels = columns.shape[0] if columns.ndim == 3 else 1, columns.shape[-2] // elements
    if channels == 0:
        raise ValueError(f"{function}: input must have at least one channel, got shape {columns.shape}")
    wide = columns.dtype if columns.dtype.kind == "f" else np.dtype(np.int64)
    checks.check_allocation(function, "the input", columns.shape, wide)
    checks.check_allocation(function, "the output", (batch, channels, *size), wide)
    if columns.dtype.kind in "iu":
        (columns,) = arguments.as_exact_integers(function, elements, input=columns)
    windowed = columns.reshape(batch, channels, *kernel, *windows.output_size[1:])
    images = engine.fold(windowed, size, windows)
    return images if columns.ndim == 3 else images[0]


def pad(input, pad, mode="constant", value=0.0):
    """Add elements around an array's last axes.

    Parameters
    ----------
    input : array of at least as many axes as are padded
        float32, float64 or integers.
    pad : sequence of int
        Pairs (before, after), the last axis first: (left, right), (left, right, top, bottom) and so on.
        Negative numbers, which PyTorch takes to crop, are refused: slice instead.
    mode : {"constant", "reflect", "replicate", "circular"}
        constant adds ``value``; reflect mirrors about the border element, which is not repeated, and needs
        padding < size; replicate repeats the border element; circular continues at the opposite border, at
        most once around: padding ≤ size.
    value : number
        What "constant" adds; other modes take no value but 0.

    Returns
    -------
    array
        Fresh, C-contiguous, of the input's dtype; each padded axis longer by its before + after.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.

    Notes
    -----
    ``torch.nn.functional.pad``'s order and names. NumPy's names are constant, reflect, edge and wrap.

    Examples
    --------
    >>> pad(np.arange(4), (2, 2), mode="reflect")
    array([2, 1, 0, 1, 2, 3, 2, 1])
    >>> pad(np.arange(4), (2, 2), mode="circular")
    array([2, 3, 0, 1, 2, 3, 0, 1])
    """
    function = "pad"
    array = checks.as_numbers(function, "input", input)
    sides, padded = arguments.as_padding(function, array.ndim, array.shape, array.dtype, pad, mode)
    value = arguments.as_fill(function, value, mode, array.dtype)

    # Every mode works on each axis by itself: the last three at once, then every further one as the height of
    # volumes whose width is all that follows it.
    engine_mode = "zeros" if mode == "constant" else mode
    last = min(len(sides), 3)
    volume = array.reshape(1, math.prod(array.shape[:-last]), *arguments.extend(array.shape[-last:], 1))
    out = engine.pad(volume, arguments.extend(sides[-last:], (0, 0)), engine_mode, value)
    for axis in reversed(range(array.ndim - len(sides), array.ndim - last)):
        planes, width = math.prod(array.shape[:axis]), math.prod(padded[axis + 1 :])
        both = sides[axis - array.ndim]
        volume = out.reshape(1, planes, 1, array.shape[axis], width)
        out = engine.pad(volume, ((0, 0), both, (0, 0)), engine_mode, value)
    return out.reshape(padded)


def pad_mode(padding_mode):
    """The name that ``pad`` has for a layer's padding mode."""
    return "constant" if padding_mode == "zeros" else padding_mode
