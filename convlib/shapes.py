"""Sizes of convolutions: integers in, integers out.

Every function works on one axis. Sizes are counted in elements (pixels, samples, frames).
"""

from convlib.checks import as_integer, as_mode

__all__ = ["effective_kernel_size", "largest_padding", "output_size", "same_padding"]


def effective_kernel_size(kernel_size, dilation=1):
    """How many input positions a dilated kernel spans along one axis.

    Parameters
    ----------
    kernel_size : int
        Number of taps k along the axis, at least 1.
    dilation : int
        Distance d between neighbouring taps; 1 is an ordinary kernel, its taps side by side.

    Returns
    -------
    int
        d (k − 1) + 1.

    Raises
    ------
    TypeError, ValueError
        An argument is not an integer, or is smaller than 1.

    Notes
    -----
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), section 5.1.

    Examples
    --------
    >>> effective_kernel_size(3), effective_kernel_size(3, dilation=2)
    (3, 5)
    """
    kernel_size = as_integer("effective_kernel_size", "kernel_size", kernel_size, at_least=1)
    dilation = as_integer("effective_kernel_size", "dilation", dilation, at_least=1)
    return dilation * (kernel_size - 1) + 1


def count_windows(input_size, kernel_size, stride, padding_both, dilation):
    """The size formula itself, for legal arguments; ``padding_both`` is the sum of both sides.

    It is compiled into convlib.wasm too, so the published page takes its bounds from here.
    A result below 1 means that the window does not fit.
    """
    return (input_size + padding_both - dilation * (kernel_size - 1) - 1) // stride + 1


def output_size(input_size, kernel_size, stride=1, padding=0, dilation=1):
    """Size of a convolution's output along one axis.

    Parameters
    ----------
    input_size : int
        n, at least 0.
    kernel_size : int
        k, at least 1.
    stride : int
        s, at least 1.
    padding : int or pair of int
        p elements on each side, or (before, after).
    dilation : int
        d, at least 1.

    Returns
    -------
    int
        ⌊(n + 2p − d (k − 1) − 1) / s⌋ + 1. The floor leaves input unread where the last step does not fit.

    Raises
    ------
    TypeError, ValueError
        An argument is not an integer or out of range, or the window does not fit into the padded input.

    Notes
    -----
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), relationship 15.

    Examples
    --------
    >>> output_size(5, 3), output_size(5, 3, padding=1), output_size(224, 3, stride=2, padding=1)
    (3, 5, 112)
    """
    function = "output_size"
    input_size = as_integer(function, "input_size", input_size, at_least=0)
    kernel_size = as_integer(function, "kernel_size", kernel_size, at_least=1)
    stride = as_integer(function, "stride", stride, at_least=1)
    dilation = as_integer(function, "dilation", dilation, at_least=1)
    sides = padding if isinstance(padding, tuple | list) else (padding, padding)
    if len(sides) != 2:
        raise ValueError(f"{function}: padding must be an integer or a pair (before, after), got {padding!r}")
    before, after = (as_integer(function, "padding", side, at_least=0) for side in sides)
    return fitting_output_size(
        function, "the only axis", input_size, kernel_size, stride, (before, after), dilation
    )


def fitting_output_size(function, axis, input_size, kernel_size, stride, sides, dilation):
    """``count_windows`` of legal arguments, or the error that says why no window fits."""
    size = count_windows(input_size, kernel_size, stride, sum(sides), dilation)
    if size < 1:
        span = effective_kernel_size(kernel_size, dilation)
        spread = f" (kernel_size {kernel_size} with dilation {dilation})" if dilation > 1 else ""
        raise ValueError(
            f"{function}: along {axis} the window spans {span}{spread}, but the padded input has only "
            f"{input_size + sum(sides)} elements ({input_size} + padding {sides[0]} + {sides[1]}); "
            "the window must fit"
        )
    return size


def same_padding(kernel_size, dilation=1):
    """Padding that makes a stride-1 convolution keep its input's size along one axis.

    Parameters
    ----------
    kernel_size, dilation : int
        At least 1.

    Returns
    -------
    (before, after) : pair of int
        Together d (k − 1). Where that is odd, the odd element goes after, as in PyTorch.

    Raises
    ------
    TypeError, ValueError
        An argument is not an integer, or is smaller than 1.

    Examples
    --------
    >>> same_padding(3), same_padding(4), same_padding(3, dilation=2)
    ((1, 1), (1, 2), (2, 2))
    """
    kernel_size = as_integer("same_padding", "kernel_size", kernel_size, at_least=1)
    dilation = as_integer("same_padding", "dilation", dilation, at_least=1)
    total = dilation * (kernel_size - 1)
    return total // 2, total - total // 2


def largest_padding(input_size, mode="zeros"):
    """The most elements per side that a padding mode can add along one axis.

    Parameters
    ----------
    input_size : int
        n, at least 0.
    mode : {"zeros", "constant", "reflect", "replicate", "circular"}

    Returns
    -------
    int or None
        n − 1 for reflect, which does not repeat the border element; n for circular, which wraps at most
        once; None, no limit, for zeros and constant, and for replicate unless the axis is empty (then 0).

    Raises
    ------
    TypeError, ValueError
        ``input_size`` is not an integer or is negative, or the mode is unknown.

    Examples
    --------
    >>> largest_padding(4, "reflect"), largest_padding(4, "circular"), largest_padding(4, "zeros")
    (3, 4, None)
    """
    input_size = as_integer("largest_padding", "input_size", input_size, at_least=0)
    mode = as_mode("largest_padding", "mode", mode, ("zeros", "constant", "reflect", "replicate", "circular"))
    if mode == "reflect":
        return max(input_size - 1, 0)
    if mode == "circular" or (mode == "replicate" and input_size == 0):
        return input_size
    return None
