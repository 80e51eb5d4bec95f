"""The backward passes: gradients of every operation for its input and its weight.

Given the gradient of some number for an operation's output, ``grad_output``, each function returns the
gradient of that number for one of the operation's arrays. Names and order are those of ``torch.nn.grad``,
where there are any; settings are those of the forward call. The gradient for a bias is the sum of
``grad_output`` over everything but channels. The gradient of ``unfold`` is ``fold``, that of ``fold`` is
``unfold``.
"""

import math

import numpy as np

from convlib import arguments, checks, engine

# in the order in which the book lists them
__all__ = [
    *("conv1d_input", "conv2d_input", "conv3d_input"),
    *("conv1d_weight", "conv2d_weight", "conv3d_weight"),
    *("conv_transpose1d_input", "conv_transpose2d_input", "conv_transpose3d_input"),
    *("conv_transpose1d_weight", "conv_transpose2d_weight", "conv_transpose3d_weight"),
    *("max_pool1d_input", "max_pool2d_input", "max_pool3d_input"),
    *("avg_pool1d_input", "avg_pool2d_input", "avg_pool3d_input"),
    "pad_input",
]


def conv1d_input(
    input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):  # fmt: skip
    """Gradient of ``conv1d`` for its input, as ``conv2d_input``.

    Parameters
    ----------
    input_size : shape (N, C_in, L) or (C_in, L)
    weight : array of shape (C_out, C_in/groups, KL)
    grad_output : array of shape (N, C_out, OL) or (C_out, OL)
    stride, padding, dilation, groups, padding_mode
        Those of the forward call.

    Returns
    -------
    array of shape ``input_size``

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d_input``.
    """
    settings = stride, padding, dilation, groups, padding_mode
    return conv_input("conv1d_input", 1, input_size, weight, grad_output, *settings)


def conv2d_input(
    input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):  # fmt: skip
    """Gradient of ``conv2d`` for its input: a transposed convolution of ``grad_output``.

    Parameters
    ----------
    input_size : shape (N, C_in, H, W) or (C_in, H, W)
        That of the forward call's input, which the output's size alone does not tell when stride > 1.
    weight : array of shape (C_out, C_in/groups, KH, KW)
    grad_output : array of shape (N, C_out, OH, OW) or (C_out, OH, OW)
        Of the weight's dtype.
    stride, padding, dilation, groups, padding_mode
        Those of the forward call.

    Returns
    -------
    array of shape ``input_size``
        Of the weight's dtype; integers give int64, exactly.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.
    OverflowError
        Sums of such integers could leave int64.

    Notes
    -----
    ``torch.nn.grad.conv2d_input``. Every output adds its gradient times the kernel to what it read:

        grad_input[n, c, s y + d i, s x + d j] += grad_output[n, o, y, x] · weight[o, c, i, j]

    over the padded input, whose padding then passes its share on to what it copied (``pad_input``).

    Examples
    --------
    >>> conv2d_input((1, 3, 3), [[[[1.0, 1.0], [1.0, 1.0]]]], [[[1.0, 1.0], [1.0, 1.0]]])
    array([[[1., 2., 1.],
            [2., 4., 2.],
            [1., 2., 1.]]])
    """
    settings = stride, padding, dilation, groups, padding_mode
    return conv_input("conv2d_input", 2, input_size, weight, grad_output, *settings)


def conv3d_input(
    input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):  # fmt: skip
    """Gradient of ``conv3d`` for its input, as ``conv2d_input``.

    Parameters
    ----------
    input_size : shape (N, C_in, D, H, W) or (C_in, D, H, W)
    weight : array of shape (C_out, C_in/groups, KD, KH, KW)
    grad_output : array of shape (N, C_out, OD, OH, OW) or (C_out, OD, OH, OW)
    stride, padding, dilation, groups, padding_mode
        Those of the forward call.

    Returns
    -------
    array of shape ``input_size``

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d_input``.
    """
    settings = stride, padding, dilation, groups, padding_mode
    return conv_input("conv3d_input", 3, input_size, weight, grad_output, *settings)


def conv_input(
    function, axes, input_size, weight, grad_output, stride, padding, dilation, groups, padding_mode
):  # fmt: skip
    """All ranks of a convolution's gradient for its input."""
    shape = arguments.as_size(function, "input_size", input_size, axes, arguments.layouts(axes))
    weight = arguments.as_weight(function, axes, weight)
    groups = arguments.as_groups(function, groups)
    batch, c_in, size = shape[: -axes - 1], shape[-axes - 1], shape[-axes:]
    arguments.check_channels(function, c_in, weight.shape, groups)
    windows = arguments.as_windows(function, size, weight.shape[2:], stride, padding, dilation, padding_mode)
    gradient = arguments.as_gradient(function, axes, grad_output, batch, len(weight), windows.output_size)
    arguments.as_one_dtype(function, weight=weight, grad_output=gradient)
    arguments.check_memory(function, shape, weight.dtype, axes, windows, len(weight))
    if weight.dtype.kind in "iu":
        products = math.prod(weight.shape[2:]) * len(weight) // groups * arguments.count_copies(windows)
        gradient, weight = arguments.as_exact_integers(
            function, products, grad_output=gradient, weight=weight
        )

    volume, filters = arguments.as_volume(gradient, axes), arguments.as_volume(weight, axes)
    size = arguments.extend(size, 1)
    if windows.mode == "zeros":  # what falls on zeros is dropped, so it need not be computed
        output = engine.transpose(volume, filters, None, groups, windows._replace(output_size=size))
    else:
        padded = tuple(n + sum(both) for n, both in zip(size, windows.sides))
        whole = windows._replace(sides=((0, 0),) * 3, output_size=padded)
        output = engine.unpad(
            engine.transpose(volume, filters, None, groups, whole), windows.sides, windows.mode
        )
    return output.reshape(shape)


def conv1d_weight(
    input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):  # fmt: skip
    """Gradient of ``conv1d`` for its weight, as ``conv2d_weight``.

    Parameters
    ----------
    input : array of shape (N, C_in, L) or (C_in, L)
    weight_size : shape (C_out, C_in/groups, KL)
    grad_output : array of shape (N, C_out, OL) or (C_out, OL)
    stride, padding, dilation, groups, padding_mode
        Those of the forward call.

    Returns
    -------
    array of shape ``weight_size``

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d_weight``.
    """
    settings = stride, padding, dilation, groups, padding_mode
    return conv_weight("conv1d_weight", 1, input, weight_size, grad_output, *settings)


def conv2d_weight(
    input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):  # fmt: skip
    """Gradient of ``conv2d`` for its weight.

    Parameters
    ----------
    input : array of shape (N, C_in, H, W) or (C_in, H, W)
    weight_size : shape (C_out, C_in/groups, KH, KW)
        That of the forward call's weight.
    grad_output : array of shape (N, C_out, OH, OW) or (C_out, OH, OW)
        Of the input's dtype.
    stride, padding, dilation, groups, padding_mode
        Those of the forward call.

    Returns
    -------
    array of shape ``weight_size``
        Of the input's dtype; integers give int64, exactly.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.
    OverflowError
        Sums of such integers could leave int64.

    Notes
    -----
    ``torch.nn.grad.conv2d_weight``. A weight is shared by all positions, so its gradient is a sum over them:

        grad_weight[o, c, i, j] = Σ_n Σ_y Σ_x  grad_output[n, o, y, x] · input[n, c, s y + d i, s x + d j]

    over the padded input.

    Examples
    --------
    >>> conv2d_weight([[[0, 1, 2], [3, 4, 5], [6, 7, 8]]], (1, 1, 2, 2), [[[1, 1], [1, 1]]])
    array([[[[ 8, 12],
             [20, 24]]]])
    """
    settings = stride, padding, dilation, groups, padding_mode
    return conv_weight("conv2d_weight", 2, input, weight_size, grad_output, *settings)


def conv3d_weight(
    input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"
):  # fmt: skip
    """Gradient of ``conv3d`` for its weight, as ``conv2d_weight``.

    Parameters
    ----------
    input : array of shape (N, C_in, D, H, W) or (C_in, D, H, W)
    weight_size : shape (C_out, C_in/groups, KD, KH, KW)
    grad_output : array of shape (N, C_out, OD, OH, OW) or (C_out, OD, OH, OW)
    stride, padding, dilation, groups, padding_mode
        Those of the forward call.

    Returns
    -------
    array of shape ``weight_size``

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d_weight``.
    """
    settings = stride, padding, dilation, groups, padding_mode
    return conv_weight("conv3d_weight", 3, input, weight_size, grad_output, *settings)


def conv_weight(
    function, axes, input, weight_size, grad_output, stride, padding, dilation, groups, padding_mode
):  # fmt: skip
    """All ranks of a convolution's gradient for its weight."""
    input = arguments.as_input(function, axes, input)
    shape = arguments.as_weight_size(function, axes, weight_size)
    groups = arguments.as_groups(function, groups)
    batch, c_in, size = input.shape[: -axes - 1], input.shape[-axes - 1], input.shape[-axes:]
    arguments.check_channels(function, c_in, shape, groups, "weight_size")
    windows = arguments.as_windows(function, size, shape[2:], stride, padding, dilation, padding_mode)
    gradient = arguments.as_gradient(function, axes, grad_output, batch, shape[0], windows.output_size)
    arguments.as_one_dtype(function, input=input, grad_output=gradient)
    arguments.check_memory(function, input.shape, input.dtype, axes, windows, shape[0])
    checks.check_allocation(function, "the result", shape, input.dtype)
    if input.dtype.kind in "iu":
        products = math.prod(batch) * math.prod(windows.output_size)
        input, gradient = arguments.as_exact_integers(function, products, input=input, grad_output=gradient)

    volume, filters = arguments.as_volume(input, axes), arguments.as_volume(gradient, axes)
    kernel = arguments.extend(shape[2:], 1)
    return engine.weight_gradient(volume, filters, kernel, groups, windows).reshape(shape)


def conv_transpose1d_input(
    input_size, weight, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):  # fmt: skip
    """Gradient of ``conv_transpose1d`` for its input: an ordinary convolution of ``grad_output``.

    Parameters
    ----------
    input_size : shape (N, C_in, L) or (C_in, L)
    weight : array of shape (C_in, C_out/groups, KL)
    grad_output : array of shape (N, C_out, OL) or (C_out, OL)
    stride, padding, output_padding, groups, dilation
        Those of the forward call.

    Returns
    -------
    array of shape ``input_size``

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d_input``.
    """
    settings = stride, padding, output_padding, groups, dilation
    return transposed_input("conv_transpose1d_input", 1, input_size, weight, grad_output, *settings)


def conv_transpose2d_input(
    input_size, weight, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):  # fmt: skip
    """Gradient of ``conv_transpose2d`` for its input: an ordinary convolution of ``grad_output``.

    Parameters
    ----------
    input_size : shape (N, C_in, H, W) or (C_in, H, W)
    weight : array of shape (C_in, C_out/groups, KH, KW)
    grad_output : array of shape (N, C_out, OH, OW) or (C_out, OH, OW)
    stride, padding, output_padding, groups, dilation
        Those of the forward call.

    Returns
    -------
    array of shape ``input_size``

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d_input``.
    """
    settings = stride, padding, output_padding, groups, dilation
    return transposed_input("conv_transpose2d_input", 2, input_size, weight, grad_output, *settings)


def conv_transpose3d_input(
    input_size, weight, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):  # fmt: skip
    """Gradient of ``conv_transpose3d`` for its input: an ordinary convolution of ``grad_output``.

    Parameters
    ----------
    input_size : shape (N, C_in, D, H, W) or (C_in, D, H, W)
    weight : array of shape (C_in, C_out/groups, KD, KH, KW)
    grad_output : array of shape (N, C_out, OD, OH, OW) or (C_out, OD, OH, OW)
    stride, padding, output_padding, groups, dilation
        Those of the forward call.

    Returns
    -------
    array of shape ``input_size``

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d_input``.
    """
    settings = stride, padding, output_padding, groups, dilation
    return transposed_input("conv_transpose3d_input", 3, input_size, weight, grad_output, *settings)


def transposed_input(
    function, axes, input_size, weight, grad_output, stride, padding, output_padding, groups, dilation
):  # fmt: skip
    """All ranks of a transposed convolution's gradient for its input."""
    shape = arguments.as_size(function, "input_size", input_size, axes, arguments.layouts(axes))
    weight = arguments.as_weight(function, axes, weight, transposed=True)
    groups = arguments.as_groups(function, groups)
    batch, c_in, size = shape[: -axes - 1], shape[-axes - 1], shape[-axes:]
    arguments.check_transposed_channels(function, c_in, weight.shape, groups)
    windows = arguments.as_transposed(
        function, size, weight.shape[2:], stride, padding, output_padding, dilation
    )
    c_out = weight.shape[1] * groups
    gradient = arguments.as_gradient(function, axes, grad_output, batch, c_out, windows.output_size)
    arguments.as_one_dtype(function, weight=weight, grad_output=gradient)
    arguments.check_memory(function, gradient.shape, weight.dtype, axes, windows, c_in)
    if weight.dtype.kind in "iu":
        products = math.prod(weight.shape[1:])
        gradient, weight = arguments.as_exact_integers(
            function, products, grad_output=gradient, weight=weight
        )

    volume, filters = arguments.as_volume(gradient, axes), arguments.as_volume(weight, axes)
    windows = windows._replace(output_size=arguments.extend(size, 1))
    return engine.correlate(volume, filters, None, groups, windows).reshape(shape)


def conv_transpose1d_weight(
    input, weight_size, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):  # fmt: skip
    """Gradient of ``conv_transpose1d`` for its weight.

    Parameters
    ----------
    input : array of shape (N, C_in, L) or (C_in, L)
    weight_size : shape (C_in, C_out/groups, KL)
    grad_output : array of shape (N, C_out, OL) or (C_out, OL)
    stride, padding, output_padding, groups, dilation
        Those of the forward call.

    Returns
    -------
    array of shape ``weight_size``

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d_weight``.
    """
    settings = stride, padding, output_padding, groups, dilation
    return transposed_weight("conv_transpose1d_weight", 1, input, weight_size, grad_output, *settings)


def conv_transpose2d_weight(
    input, weight_size, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):  # fmt: skip
    """Gradient of ``conv_transpose2d`` for its weight.

    Parameters
    ----------
    input : array of shape (N, C_in, H, W) or (C_in, H, W)
    weight_size : shape (C_in, C_out/groups, KH, KW)
    grad_output : array of shape (N, C_out, OH, OW) or (C_out, OH, OW)
    stride, padding, output_padding, groups, dilation
        Those of the forward call.

    Returns
    -------
    array of shape ``weight_size``

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d_weight``.
    """
    settings = stride, padding, output_padding, groups, dilation
    return transposed_weight("conv_transpose2d_weight", 2, input, weight_size, grad_output, *settings)


def conv_transpose3d_weight(
    input, weight_size, grad_output, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):  # fmt: skip
    """Gradient of ``conv_transpose3d`` for its weight.

    Parameters
    ----------
    input : array of shape (N, C_in, D, H, W) or (C_in, D, H, W)
    weight_size : shape (C_in, C_out/groups, KD, KH, KW)
    grad_output : array of shape (N, C_out, OD, OH, OW) or (C_out, OD, OH, OW)
    stride, padding, output_padding, groups, dilation
        Those of the forward call.

    Returns
    -------
    array of shape ``weight_size``

    Raises
    ------
    TypeError, ValueError, OverflowError
        As ``conv2d_weight``.
    """
    settings = stride, padding, output_padding, groups, dilation
    return transposed_weight("conv_transpose3d_weight", 3, input, weight_size, grad_output, *settings)


def transposed_weight(
    function, axes, input, weight_size, grad_output, stride, padding, output_padding, groups, dilation
):  # fmt: skip
    """All ranks of a transposed convolution's gradient for its weight: input and output change places."""
    input = arguments.as_input(function, axes, input)
    shape = arguments.as_weight_size(function, axes, weight_size, transposed=True)
    groups = arguments.as_groups(function, groups)
    batch, c_in, size = input.shape[: -axes - 1], input.shape[-axes - 1], input.shape[-axes:]
    arguments.check_transposed_channels(function, c_in, shape, groups, "weight_size")
    windows = arguments.as_transposed(function, size, shape[2:], stride, padding, output_padding, dilation)
    gradient = arguments.as_gradient(
        function, axes, grad_output, batch, shape[1] * groups, windows.output_size
    )
    arguments.as_one_dtype(function, input=input, grad_output=gradient)
    arguments.check_memory(function, gradient.shape, input.dtype, axes, windows, c_in)
    checks.check_allocation(function, "the result", shape, input.dtype)
    if input.dtype.kind in "iu":
        products = math.prod(batch) * math.prod(size)
        input, gradient = arguments.as_exact_integers(function, products, input=input, grad_output=gradient)

    volume, filters = arguments.as_volume(gradient, axes), arguments.as_volume(input, axes)
    kernel = arguments.extend(shape[2:], 1)
    return engine.weight_gradient(volume, filters, kernel, groups, windows).reshape(shape)


def max_pool1d_input(
    input, grad_output, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False
):  # fmt: skip
    """Gradient of ``max_pool1d`` for its input.

    Parameters
    ----------
    input : array of shape (N, C, L) or (C, L)
    grad_output : array of shape (N, C, OL) or (C, OL)
        Of the input's dtype.
    kernel_size, stride, padding, dilation, ceil_mode
        Those of the forward call.

    Returns
    -------
    array of the input's shape
        Of the input's dtype; integers give int64.

    Raises
    ------
    TypeError, ValueError, OverflowError
        An argument has a wrong type, dtype, shape or value, or integers could leave int64.
    """
    settings = kernel_size, stride, padding, dilation, ceil_mode
    return max_pool_input("max_pool1d_input", 1, input, grad_output, *settings)


def max_pool2d_input(
    input, grad_output, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False
):  # fmt: skip
    """Gradient of ``max_pool2d`` for its input.

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
    grad_output : array of shape (N, C, OH, OW) or (C, OH, OW)
        Of the input's dtype.
    kernel_size, stride, padding, dilation, ceil_mode
        Those of the forward call.

    Returns
    -------
    array of the input's shape
        Of the input's dtype; integers give int64.

    Raises
    ------
    TypeError, ValueError, OverflowError
        An argument has a wrong type, dtype, shape or value, or integers could leave int64.

    Notes
    -----
    All of an output's gradient goes to the element that was the largest of its window, the first of equals.

    Examples
    --------
    >>> max_pool2d_input([[[1.0, 4.0], [3.0, 2.0]]], [[[5.0]]], 2)
    array([[[0., 5.],
            [0., 0.]]])
    """
    settings = kernel_size, stride, padding, dilation, ceil_mode
    return max_pool_input("max_pool2d_input", 2, input, grad_output, *settings)


def max_pool3d_input(
    input, grad_output, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False
):  # fmt: skip
    """Gradient of ``max_pool3d`` for its input.

    Parameters
    ----------
    input : array of shape (N, C, D, H, W) or (C, D, H, W)
    grad_output : array of shape (N, C, OD, OH, OW) or (C, OD, OH, OW)
        Of the input's dtype.
    kernel_size, stride, padding, dilation, ceil_mode
        Those of the forward call.

    Returns
    -------
    array of the input's shape
        Of the input's dtype; integers give int64.

    Raises
    ------
    TypeError, ValueError, OverflowError
        An argument has a wrong type, dtype, shape or value, or integers could leave int64.
    """
    settings = kernel_size, stride, padding, dilation, ceil_mode
    return max_pool_input("max_pool3d_input", 3, input, grad_output, *settings)


def max_pool_input(
    function, axes, input, grad_output, kernel_size, stride, padding, dilation, ceil_mode
):  # fmt: skip
    """All ranks of max pooling's gradient."""
    input = arguments.as_input(function, axes, input, channels="C")
    kernel, windows = arguments.as_pool(
        function, input.shape, axes, kernel_size, stride, padding, dilation, ceil_mode
    )
    batch, channels = input.shape[: -axes - 1], input.shape[-axes - 1]
    gradient = arguments.as_gradient(function, axes, grad_output, batch, channels, windows.output_size)
    arguments.as_one_dtype(function, input=input, grad_output=gradient)
    arguments.check_pool_memory(function, input.shape, input.dtype, axes, windows)
    if input.dtype.kind in "iu":
        (gradient,) = arguments.as_exact_integers(function, math.prod(kernel), grad_output=gradient)
    volume = engine.max_pool_input(
        arguments.as_volume(input, axes), arguments.as_volume(gradient, axes), kernel, windows
    )
    return volume.reshape(input.shape)


def avg_pool1d_input(
    input_size, grad_output, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):  # fmt: skip
    """Gradient of ``avg_pool1d`` for its input.

    Parameters
    ----------
    input_size : shape (N, C, L) or (C, L)
    grad_output : array of shape (N, C, OL) or (C, OL)
        float32 or float64.
    kernel_size, stride, padding, ceil_mode, count_include_pad
        Those of the forward call.

    Returns
    -------
    array of shape ``input_size``

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.
    """
    settings = kernel_size, stride, padding, ceil_mode, count_include_pad
    return avg_pool_input("avg_pool1d_input", 1, input_size, grad_output, *settings)


def avg_pool2d_input(
    input_size, grad_output, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):  # fmt: skip
    """Gradient of ``avg_pool2d`` for its input.

    Parameters
    ----------
    input_size : shape (N, C, H, W) or (C, H, W)
    grad_output : array of shape (N, C, OH, OW) or (C, OH, OW)
        float32 or float64.
    kernel_size, stride, padding, ceil_mode, count_include_pad
        Those of the forward call.

    Returns
    -------
    array of shape ``input_size``

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.

    Notes
    -----
    Every element of a window gets an equal share of its output's gradient.

    Examples
    --------
    >>> avg_pool2d_input((1, 2, 2), [[[8.0]]], 2)
    array([[[2., 2.],
            [2., 2.]]])
    """
    settings = kernel_size, stride, padding, ceil_mode, count_include_pad
    return avg_pool_input("avg_pool2d_input", 2, input_size, grad_output, *settings)


def avg_pool3d_input(
    input_size, grad_output, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):  # fmt: skip
    """Gradient of ``avg_pool3d`` for its input.

    Parameters
    ----------
    input_size : shape (N, C, D, H, W) or (C, D, H, W)
    grad_output : array of shape (N, C, OD, OH, OW) or (C, OD, OH, OW)
        float32 or float64.
    kernel_size, stride, padding, ceil_mode, count_include_pad
        Those of the forward call.

    Returns
    -------
    array of shape ``input_size``

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.
    """
    settings = kernel_size, stride, padding, ceil_mode, count_include_pad
    return avg_pool_input("avg_pool3d_input", 3, input_size, grad_output, *settings)


def avg_pool_input(
    function, axes, input_size, grad_output, kernel_size, stride, padding, ceil_mode, count_include_pad
):  # fmt: skip
    """All ranks of average pooling's gradient."""
    shape = arguments.as_size(function, "input_size", input_size, axes, arguments.layouts(axes, channels="C"))
    count_include_pad = checks.as_bool(function, "count_include_pad", count_include_pad)
    kernel, windows = arguments.as_pool(function, shape, axes, kernel_size, stride, padding, 1, ceil_mode)
    batch, channels, size = shape[: -axes - 1], shape[-axes - 1], shape[-axes:]
    gradient = arguments.as_gradient(function, axes, grad_output, batch, channels, windows.output_size)
    arguments.check_mean(function, gradient.dtype, "grad_output")
    arguments.check_pool_memory(function, shape, gradient.dtype, axes, windows)
    size = arguments.extend(size, 1)
    volume = engine.avg_pool_input(
        size, arguments.as_volume(gradient, axes), kernel, windows, count_include_pad
    )
    return volume.reshape(shape)


def pad_input(input_size, grad_output, pad, mode="constant"):
    """Gradient of ``pad`` for its input: every padded element's gradient goes to the element that it copies.

    Parameters
    ----------
    input_size : shape of the forward call's input
    grad_output : array of the padded shape
        float32, float64 or integers.
    pad, mode
        Those of the forward call; at most three axes.

    Returns
    -------
    array of shape ``input_size``
        Of the dtype of ``grad_output``; integers give int64, exactly.

    Raises
    ------
    TypeError, ValueError, OverflowError
        An argument has a wrong type, dtype, shape or value, or integers could leave int64.

    Examples
    --------
    >>> pad_input((3,), [1.0] * 7, (2, 2), mode="replicate")
    array([3., 1., 3.])
    """
    function = "pad_input"
    shape = arguments.as_shape(function, "input_size", input_size)
    gradient = checks.as_numbers(function, "grad_output", grad_output)
    checks.check_allocation(function, "the result", shape, gradient.dtype)
    sides, expected = arguments.as_padding(function, min(len(shape), 3), shape, gradient.dtype, pad, mode)
    first = len(shape) - len(sides)
    if gradient.shape != expected:
        raise ValueError(
            f"{function}: grad_output must have shape {expected}, that of the padded array, "
            f"got shape {gradient.shape}"
        )
    if gradient.dtype.kind in "iu":
        checks.check_allocation(function, "grad_output", gradient.shape, np.dtype(np.int64))
        (gradient,) = arguments.as_exact_integers(function, gradient.size, grad_output=gradient)
    volume = gradient.reshape(1, math.prod(shape[:first]), *arguments.extend(expected[first:], 1))
    engine_mode = "zeros" if mode == "constant" else mode
    return engine.unpad(volume, arguments.extend(sides, (0, 0)), engine_mode).reshape(shape)
