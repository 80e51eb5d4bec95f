"""Moves between PyTorch's order of axes, which convlib uses, and that of TensorFlow, Keras and JAX's Flax.

===============================  ==========================  ==========================
what                             PyTorch and convlib         Keras, TensorFlow and Flax
===============================  ==========================  ==========================
input, output                    (N, C, spatial…)            (N, spatial…, C)
weight                           (C_out, C_in/groups, K…)    (K…, C_in/groups, C_out)
weight of a depthwise layer      (C · m, 1, K…)              (K…, C, m)
===============================  ==========================  ==========================

m is the multiplier, kernels for each channel. Flax alone stores the weight of a depthwise layer like any
other.

Arrays carry no names of their axes, so a function cannot find out what it was given: it checks what a shape
can tell, and does what its name says. Every result is a fresh C-contiguous copy of the same dtype.
"""

import numpy as np

from convlib import checks

__all__ = [
    "depthwise_weight_from_keras",
    "depthwise_weight_to_keras",
    "to_channels_first",
    "to_channels_last",
    "weight_from_keras",
    "weight_to_keras",
]


def to_channels_last(input, *, batch=True):
    """From PyTorch's order to Keras's: the channels, which stand before the spatial axes, go behind them.

    Parameters
    ----------
    input : array of shape (N, C, spatial…), or (C, spatial…) with ``batch=False``
        float32, float64 or integers, with at least one spatial axis.
    batch : bool
        Whether the first axis counts images. It must be said: an image without batch (C, H, W) has as many
        axes as a batch of signals (N, C, L).

    Returns
    -------
    array of shape (N, spatial…, C), or (spatial…, C)
        Fresh, C-contiguous, of the input's dtype.

    Raises
    ------
    TypeError, ValueError
        ``input`` has a wrong dtype or too few axes, or ``batch`` is no bool.

    Examples
    --------
    >>> to_channels_last(np.zeros((32, 3, 224, 200))).shape
    (32, 224, 200, 3)
    >>> to_channels_last([[1, 2, 3], [10, 20, 30]], batch=False)
    array([[ 1, 10],
           [ 2, 20],
           [ 3, 30]])
    """
    function = "to_channels_last"
    first = as_first_axis(function, batch)
    input = as_array(function, "input", input, first + 2, ("(C, spatial…)", "(N, C, spatial…)")[first])
    return copy_moved(function, input, first, -1)


def to_channels_first(input, *, batch=True):
    """From Keras's order to PyTorch's: the channels, which stand behind the spatial axes, go before them.

    Parameters
    ----------
    input : array of shape (N, spatial…, C), or (spatial…, C) with ``batch=False``
        float32, float64 or integers, with at least one spatial axis.
    batch : bool
        Whether the first axis counts images. It must be said: an image without batch (H, W, C) has as many
        axes as a batch of signals (N, L, C).

    Returns
    -------
    array of shape (N, C, spatial…), or (C, spatial…)
        Fresh, C-contiguous, of the input's dtype.

    Raises
    ------
    TypeError, ValueError
        ``input`` has a wrong dtype or too few axes, or ``batch`` is no bool.

    Examples
    --------
    >>> to_channels_first(np.zeros((32, 224, 200, 3))).shape
    (32, 3, 224, 200)
    >>> to_channels_first(np.zeros((224, 200, 3)), batch=False).shape
    (3, 224, 200)
    """
    function = "to_channels_first"
    first = as_first_axis(function, batch)
    input = as_array(function, "input", input, first + 2, ("(spatial…, C)", "(N, spatial…, C)")[first])
    return copy_moved(function, input, -1, first)


def weight_to_keras(weight):
    """A convolution's weight from PyTorch's order to Keras's: OIHW to HWIO.

    Parameters
    ----------
    weight : array of shape (C_out, C_in/groups, K…)
        float32, float64 or integers, with at least one kernel axis. For groups = C_in, a depthwise layer,
        Keras has another layout: ``depthwise_weight_to_keras``.

    Returns
    -------
    array of shape (K…, C_in/groups, C_out)
        Fresh, C-contiguous, of the weight's dtype. The taps keep their order: neither side flips kernels.

    Raises
    ------
    TypeError, ValueError
        ``weight`` has a wrong dtype or too few axes.

    Examples
    --------
    >>> weight_to_keras(np.zeros((32, 3, 5, 7))).shape
    (5, 7, 3, 32)
    """
    function = "weight_to_keras"
    weight = as_array(function, "weight", weight, 3, "(C_out, C_in/groups, K…)")
    return copy_moved(function, weight, (1, 0), (-2, -1))


def weight_from_keras(weight):
    """A convolution's weight from Keras's order to PyTorch's: HWIO to OIHW.

    Parameters
    ----------
    weight : array of shape (K…, C_in/groups, C_out)
        float32, float64 or integers, with at least one kernel axis.

    Returns
    -------
    array of shape (C_out, C_in/groups, K…)
        Fresh, C-contiguous, of the weight's dtype.

    Raises
    ------
    TypeError, ValueError
        ``weight`` has a wrong dtype or too few axes.

    Examples
    --------
    >>> weight_from_keras(np.zeros((5, 7, 3, 32))).shape
    (32, 3, 5, 7)
    """
    function = "weight_from_keras"
    weight = as_array(function, "weight", weight, 3, "(K…, C_in/groups, C_out)")
    return copy_moved(function, weight, (-2, -1), (1, 0))


def depthwise_weight_to_keras(weight, in_channels):
    """A depthwise convolution's weight from PyTorch's order to that of Keras's DepthwiseConv layers.

    Parameters
    ----------
    weight : array of shape (C · m, 1, K…)
        float32, float64 or integers, with at least one kernel axis; the weight of a convolution with
        groups = C. Kernel c · m + j is channel c's j-th.
    in_channels : int
        C, which the weight alone does not tell; the multiplier is m = len(weight) / C.

    Returns
    -------
    array of shape (K…, C, m)
        Fresh, C-contiguous, of the weight's dtype.

    Raises
    ------
    TypeError, ValueError
        ``weight`` has a wrong dtype or shape, or ``in_channels`` does not divide its length.

    Notes
    -----
    Both sides number the output channels alike, c · m + j: ``tf.nn.depthwise_conv2d`` in TensorFlow's API
    documentation.

    Examples
    --------
    >>> depthwise_weight_to_keras(np.zeros((6, 1, 5, 7)), in_channels=3).shape
    (5, 7, 3, 2)
    """
    function = "depthwise_weight_to_keras"
    weight = as_array(function, "weight", weight, 3, "(C · m, 1, K…)")
    if weight.shape[1] != 1:
        raise ValueError(
            f"{function}: weight must have shape (C · m, 1, K…), each kernel for one channel, got shape "
            f"{weight.shape}; a weight whose kernels cover several channels goes to weight_to_keras"
        )
    in_channels = checks.as_integer(function, "in_channels", in_channels, at_least=1)
    if len(weight) % in_channels:
        raise ValueError(
            f"{function}: in_channels must divide the {len(weight)} kernels of a weight of shape "
            f"{weight.shape}, got {in_channels}"
        )
    channels = weight.reshape(in_channels, len(weight) // in_channels, *weight.shape[2:])
    return copy_moved(function, channels, (0, 1), (-2, -1))


def depthwise_weight_from_keras(weight):
    """A depthwise convolution's weight from the order of Keras's DepthwiseConv layers to PyTorch's.

    Parameters
    ----------
    weight : array of shape (K…, C, m)
        float32, float64 or integers, with at least one kernel axis.

    Returns
    -------
    array of shape (C · m, 1, K…)
        Fresh, C-contiguous, of the weight's dtype, for a convolution with groups = C.

    Raises
    ------
    TypeError, ValueError
        ``weight`` has a wrong dtype or too few axes.

    Examples
    --------
    >>> depthwise_weight_from_keras(np.zeros((5, 7, 3, 2))).shape
    (6, 1, 5, 7)
    """
    function = "depthwise_weight_from_keras"
    weight = as_array(function, "weight", weight, 3, "(K…, C, m)")
    channels = copy_moved(function, weight, (-2, -1), (0, 1))
    return channels.reshape(weight.shape[-2] * weight.shape[-1], 1, *weight.shape[:-2])


def as_first_axis(function, batch):
    """Index of the first axis behind the batch."""
    if not isinstance(batch, bool | np.bool_):
        raise TypeError(f"{function}: batch must be True or False, got {batch!r}")
    return int(batch)


def as_array(function, name, value, axes, shape):
    """A NumPy array of at least so many axes; ``shape`` says which."""
    array = checks.as_numbers(function, name, value)
    if array.ndim < axes:
        raise ValueError(
            f"{function}: {name} must have shape {shape} of at least {axes} axes, got shape {array.shape}"
        )
    return array


def copy_moved(function, array, source, target):
    """A fresh C-contiguous array with axes moved, or an error before anything impossible is allocated."""
    moved = np.moveaxis(array, source, target)
    checks.check_allocation(function, "the result", moved.shape, moved.dtype)
    return moved.copy(order="C")
