"""Sizes of convolutions and what they cost: integers in, integers out.

Sizes are counted in elements (pixels, samples, frames), and a function of sizes works on one axis. Counts of
parameters, multiply-adds and bytes take whole shapes. Every integer is exact, however large.
"""

import math
from typing import NamedTuple

import numpy as np

from convlib.checks import as_bool, as_integer, as_integers, as_mode, check_allocation

__all__ = [
    "ReceptiveField",
    "count_bytes",
    "count_macs",
    "count_parameters",
    "coverage",
    "effective_kernel_size",
    "hdc_accepts",
    "largest_padding",
    "output_size",
    "pool_output_size",
    "receptive_field",
    "same_padding",
    "tensorflow_same_padding",
    "transposed_output_size",
]

# How an error calls the axis of a function that has one axis only.
THE_AXIS = "the only axis"

# One axis of a convolution


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
    sides = as_both_sides(function, "padding", padding)
    return fitting_output_size(function, THE_AXIS, input_size, kernel_size, stride, sides, dilation)


def fitting_output_size(function, axis, input_size, kernel_size, stride, sides, dilation):
    """``count_windows`` of legal arguments, or the error that says why no window fits."""
    size = count_windows(input_size, kernel_size, stride, sum(sides), dilation)
    if size < 1:
        raise misfit(function, axis, input_size, kernel_size, sides, dilation)
    return size


def misfit(function, axis, input_size, kernel_size, sides, dilation, rule="the window must fit"):
    """The error that says why no window fits."""
    span = effective_kernel_size(kernel_size, dilation)
    spread = f" (kernel_size {kernel_size} with dilation {dilation})" if dilation > 1 else ""
    return ValueError(
        f"{function}: along {axis} the window spans {span}{spread}, but the padded input has only "
        f"{input_size + sum(sides)} elements ({input_size} + padding {sides[0]} + {sides[1]}); {rule}"
    )


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


def tensorflow_same_padding(input_size, kernel_size, stride=1, dilation=1):
    """Padding that TensorFlow's and Keras's "same" adds along one axis; it depends on the input's size.

    Parameters
    ----------
    input_size, kernel_size, stride, dilation : int
        n, k, s and d, each at least 1.

    Returns
    -------
    (before, after) : pair of int
        So much that there are ⌈n / s⌉ outputs: together max((⌈n / s⌉ − 1) s + d (k − 1) + 1 − n, 0). Where
        that is odd, the odd element goes after.

    Raises
    ------
    TypeError, ValueError
        An argument is not an integer, or is smaller than 1.

    Notes
    -----
    With stride 1 this is ``same_padding``. With other strides PyTorch has no "same". There an odd kernel with
    padding k // 2 on both sides gives the same size, but its windows may lie elsewhere: a 3 × 3 layer of
    stride 2 on 224 × 224 pads (0, 1) here, and (1, 1) in a PyTorch model.

    TensorFlow's API documentation, module ``tf.nn``, "Notes on padding".

    Examples
    --------
    >>> tensorflow_same_padding(8, 3, stride=2), tensorflow_same_padding(224, 7, stride=2)
    ((0, 1), (2, 3))
    >>> output_size(8, 3, stride=2, padding=(0, 1))
    4
    """
    function = "tensorflow_same_padding"
    input_size = as_integer(function, "input_size", input_size, at_least=1)
    kernel_size = as_integer(function, "kernel_size", kernel_size, at_least=1)
    stride = as_integer(function, "stride", stride, at_least=1)
    dilation = as_integer(function, "dilation", dilation, at_least=1)
    last_window = (input_size - 1) // stride * stride
    total = max(last_window + dilation * (kernel_size - 1) + 1 - input_size, 0)
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
    return padding_limit(input_size, mode)


def padding_limit(input_size, mode):
    """``largest_padding`` of legal arguments."""
    if mode == "reflect":
        return max(input_size - 1, 0)
    if mode == "circular" or (mode == "replicate" and input_size == 0):
        return input_size
    return None


# One axis of a pool


def count_pool_windows(input_size, kernel_size, stride, padding, dilation, ceil_mode):
    """A pool's output size for legal arguments; a result below 1 means that the window does not fit.

    Like ``count_windows`` it is plain integer arithmetic for Numba, which cannot call that one from here.
    """
    room = input_size + 2 * padding - dilation * (kernel_size - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    size = (room + stride - 1) // stride + 1
    if (size - 1) * stride >= input_size + padding:
        size -= 1  # the last window would start in the padding behind the input
    return size


def pool_output_size(input_size, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Size of a pool's output along one axis.

    Parameters
    ----------
    input_size : int
        n, at least 1.
    kernel_size : int
        k, at least 1.
    stride : int, optional
        s, at least 1; by default k, so that windows touch and do not overlap.
    padding : int
        p elements on each side, at most ⌊k / 2⌋.
    dilation : int
        d, at least 1; average pools have none.
    ceil_mode : bool
        Round up, not down: the last window may reach beyond the padded input, by fewer than s elements, but
        must start in the input or in the padding before it.

    Returns
    -------
    int
        ⌊(n + 2p − d (k − 1) − 1) / s⌋ + 1; with ``ceil_mode`` ⌈(n + 2p − d (k − 1) − 1) / s⌉ + 1, less 1 if
        the last window would start at n or behind it.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type or is out of range, or the window does not fit into the padded input.

    Notes
    -----
    The formulas of ``torch.nn.MaxPool1d``. Its padding is limited by half the kernel's taps, k, not by half
    of what a dilated kernel spans.

    Examples
    --------
    >>> pool_output_size(4, 2), pool_output_size(6, 3, stride=2), pool_output_size(6, 3, 2, ceil_mode=True)
    (2, 2, 3)
    """
    function = "pool_output_size"
    input_size = as_integer(function, "input_size", input_size, at_least=1)
    kernel_size = as_integer(function, "kernel_size", kernel_size, at_least=1)
    stride = kernel_size if stride is None else as_integer(function, "stride", stride, at_least=1)
    padding = as_integer(function, "padding", padding, at_least=0)
    dilation = as_integer(function, "dilation", dilation, at_least=1)
    ceil_mode = as_bool(function, "ceil_mode", ceil_mode)
    return fitting_pool_output_size(
        function, THE_AXIS, input_size, kernel_size, stride, padding, dilation, ceil_mode
    )


def fitting_pool_output_size(function, axis, input_size, kernel_size, stride, padding, dilation, ceil_mode):
    """``count_pool_windows`` of integers in range, or the error that says why there is no such pool."""
    if padding > kernel_size // 2:
        raise ValueError(
            f"{function}: padding along {axis} must be at most {kernel_size // 2}, half of kernel_size "
            f"{kernel_size} rounded down, got {padding}; more would make windows that hold mostly padding"
        )
    if input_size < 1:
        raise ValueError(f"{function}: the input is empty along {axis}; a pool needs an element to choose")
    size = count_pool_windows(input_size, kernel_size, stride, padding, dilation, ceil_mode)
    if size < 1:
        rule = "the window must fit"
        if ceil_mode:
            rule += f", or with ceil_mode reach out by fewer than the stride, {stride}"
        raise misfit(function, axis, input_size, kernel_size, (padding, padding), dilation, rule)
    return size


# One axis of a transposed convolution


def transposed_output_size(input_size, kernel_size, stride=1, padding=0, output_padding=0, dilation=1):
    """Size of a transposed convolution's output along one axis.

    Parameters
    ----------
    input_size : int
        n, at least 1.
    kernel_size : int
        k, at least 1.
    stride : int
        s, at least 1: how far apart the input's elements are laid.
    padding : int
        p elements that are taken away on each side: the padding of the convolution that this one transposes.
    output_padding : int
        Elements added after, less than the larger of s and d. A convolution's floor maps several input sizes
        to one; this chooses which of them comes back.
    dilation : int
        d, at least 1.

    Returns
    -------
    int
        (n − 1) s − 2p + d (k − 1) + output_padding + 1.

    Raises
    ------
    TypeError, ValueError
        An argument is not an integer or out of range, or nothing is left of the output.

    Notes
    -----
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), relationship 14 for
    d = 1; ``torch.nn.ConvTranspose2d`` for the rest.

    Examples
    --------
    >>> transposed_output_size(2, 3), transposed_output_size(3, 3, stride=2, padding=1)
    (4, 5)
    >>> transposed_output_size(3, 3, stride=2, padding=1, output_padding=1), output_size(6, 3, 2, 1)
    (6, 3)
    """
    function = "transposed_output_size"
    input_size = as_integer(function, "input_size", input_size, at_least=1)
    kernel_size = as_integer(function, "kernel_size", kernel_size, at_least=1)
    stride = as_integer(function, "stride", stride, at_least=1)
    padding = as_integer(function, "padding", padding, at_least=0)
    output_padding = as_integer(function, "output_padding", output_padding, at_least=0)
    dilation = as_integer(function, "dilation", dilation, at_least=1)
    return fitting_transposed_output_size(
        function, THE_AXIS, input_size, kernel_size, stride, padding, output_padding, dilation
    )


def fitting_transposed_output_size(
    function, axis, input_size, kernel_size, stride, padding, output_padding, dilation
):
    """The size of integers in range, or the error that says why there is no such output."""
    if output_padding >= max(stride, dilation):
        raise ValueError(
            f"{function}: output_padding along {axis} must be smaller than the larger of stride {stride} and "
            f"dilation {dilation}, got {output_padding}; it chooses among the sizes that a "
            "convolution of this stride maps to one"
        )
    if input_size < 1:
        raise ValueError(f"{function}: the input is empty along {axis}; there is nothing to lay out")
    full = (input_size - 1) * stride + dilation * (kernel_size - 1) + 1
    size = full - 2 * padding + output_padding
    if size < 1:
        raise ValueError(
            f"{function}: along {axis} nothing is left: the input reaches {full} outputs, output_padding "
            f"{output_padding} adds as many, and padding {padding} takes {padding} away on each side"
        )
    return size


# Stacks of layers


class ReceptiveField(NamedTuple):
    """What the outputs of a stack of layers see of its input, along one axis.

    Output i sees the input elements start + i · jump to start + i · jump + size − 1.

    Attributes
    ----------
    size : int
        Elements from the first that an output sees to the last.
    jump : int
        Elements from one output's first to the next one's: the product of all strides.
    start : int
        Index of the first element that output 0 sees; negative where that lies in the padding.
    """

    size: int
    jump: int
    start: int


def receptive_field(layers):
    """How far one output of a stack of convolutions and pools sees, along one axis.

    Parameters
    ----------
    layers : iterable
        From the input to the output, each layer a kernel_size, or a tuple (kernel_size, stride, padding,
        dilation) that may end early, or a dict with those names. Stride 1, padding 0 and dilation 1 are the
        defaults; padding is a number for each side, or a pair (before, after).

    Returns
    -------
    ReceptiveField
        ``size``, 1 + Σ d (k − 1) · (product of the strides of all earlier layers); ``jump``, the product of
        all strides; ``start``, −Σ p · (product of the strides of all earlier layers).

    Raises
    ------
    TypeError, ValueError
        ``layers`` or one of them has a wrong form, or a number in it is no integer or out of range.

    Notes
    -----
    Positions are whole: ``start`` is an index, not the centre of the field, which lies between two elements
    where ``size`` is even. With dilation an output need not see all of its field: ``coverage``.

    Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill (2019),
    doi:10.23915/distill.00021, section "Single-path networks".

    Examples
    --------
    >>> receptive_field([3, 3, 3])
    ReceptiveField(size=7, jump=1, start=0)
    >>> pool = {"kernel_size": 2, "stride": 2}
    >>> receptive_field([(3, 1, 1), (3, 1, 1), pool, (3, 1, 1), (3, 1, 1), pool])
    ReceptiveField(size=16, jump=4, start=-6)
    """
    function = "receptive_field"
    try:
        layers = list(layers)
    except TypeError:
        raise TypeError(
            f"{function}: layers must hold one item for each layer, such as [3, (3, 2)], got {layers!r}"
        ) from None
    size, jump, start = 1, 1, 0
    for index, layer in enumerate(layers):
        kernel_size, stride, dilation, before = as_layer(function, f"layers[{index}]", layer)
        size += dilation * (kernel_size - 1) * jump
        start -= before * jump
        jump *= stride
    return ReceptiveField(size, jump, start)


def as_layer(function, name, layer):
    """kernel_size, stride, dilation and padding before of one layer of a stack."""

    def in_order(kernel_size, stride=1, padding=0, dilation=1):
        return kernel_size, stride, dilation, padding

    try:
        if isinstance(layer, dict):
            *numbers, padding = in_order(**layer)
        elif isinstance(layer, tuple | list):
            *numbers, padding = in_order(*layer)
        else:
            *numbers, padding = in_order(layer)
    except TypeError:  # a name that is not one of these, too many numbers or none
        raise ValueError(
            f"{function}: {name} must be a kernel_size, a tuple (kernel_size, stride, padding, dilation) "
            f"that may end early, or a dict with those names and a kernel_size, got {layer!r}"
        ) from None
    before, _ = as_both_sides(function, f"padding of {name}", padding)
    kernel_size, stride, dilation = (
        as_integer(function, f"{field} of {name}", number, at_least=1)
        for field, number in zip(("kernel_size", "stride", "dilation"), numbers)
    )
    return kernel_size, stride, dilation, before


def coverage(dilations, kernel_size=3, axes=1):
    """Through how many paths each input position reaches one output of a stack of stride-1 convolutions.

    Parameters
    ----------
    dilations : sequence of int
        Dilation of each layer, at least 1. Their order makes no difference.
    kernel_size : int or sequence of int
        Taps along an axis, of all layers or of each, at least 1.
    axes : {1, 2, 3}
        Along how many axes the layers convolve, each with the same kernel size and dilation.

    Returns
    -------
    ndarray of int64, of shape (size,) * axes
        size = 1 + Σ d (k − 1), the receptive field. 0 is a hole: a position inside the field that the output
        does not see. The sum is the number of all paths, Π k to the power ``axes``.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong form, or a number in it is no integer or out of range.
    OverflowError
        There are more paths than int64 can count.

    Notes
    -----
    A path takes one tap in each layer, and reaches the position that is the sum of the taps' distances; so
    the counts are the dilated kernels, every tap 1, convolved with each other. Holes are what Wang et al.
    (2018), section 3.2, call gridding. Without holes the use is still uneven: the middle has most paths.

    Examples
    --------
    >>> coverage([1, 2])
    array([1, 1, 2, 1, 2, 1, 1])
    >>> coverage([2, 2])
    array([1, 0, 2, 0, 3, 0, 2, 0, 1])
    >>> counts = coverage([2, 2, 2], axes=2)
    >>> f"{np.count_nonzero(counts)} of {counts.size} positions"
    '49 of 169 positions'
    """
    function = "coverage"
    dilations = as_dilations(function, dilations)
    if isinstance(kernel_size, tuple | list | np.ndarray) and len(kernel_size) != len(dilations):
        raise ValueError(
            f"{function}: kernel_size must be an integer or one for each of the {len(dilations)} dilations, "
            f"got {kernel_size!r}"
        )
    kernel_sizes = as_integers(function, "kernel_size", kernel_size, len(dilations), at_least=1)
    axes = as_integer(function, "axes", axes, at_least=1)
    if axes > 3:
        raise ValueError(f"{function}: axes must be at most 3, got {axes}")
    paths = math.prod(kernel_sizes) ** axes
    if paths >= 2**63:
        raise OverflowError(f"{function}: {paths:.1e} paths are more than int64 can count; take fewer layers")
    size = 1 + sum(d * (k - 1) for k, d in zip(kernel_sizes, dilations))
    check_allocation(function, "the counts", (size,) * axes, np.dtype(np.int64))

    along_axis = np.ones(1, np.int64)
    for k, d in zip(kernel_sizes, dilations):
        wider = np.zeros(len(along_axis) + d * (k - 1), np.int64)
        for tap in range(k):
            wider[tap * d : tap * d + len(along_axis)] += along_axis
        along_axis = wider
    counts = along_axis
    for _ in range(axes - 1):
        counts = np.multiply.outer(counts, along_axis)
    return counts


def hdc_accepts(dilations, kernel_size=3):
    """What the usual rule for dilated stacks, hybrid dilated convolution, says: are there no holes?

    Parameters
    ----------
    dilations : sequence of int
        r_1 … r_n, the dilation of each layer from the input to the output, at least two.
    kernel_size : int
        K, taps along an axis, of all layers.

    Returns
    -------
    bool
        M_2 ≤ K, where M_n = r_n and M_i = max(M_{i+1} − 2 r_i, 2 r_i − M_{i+1}, r_i).

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong form, or a number in it is no integer or out of range.

    Notes
    -----
    The rule is not the truth, which ``coverage`` counts. With K = 3 they agree where the dilations never
    fall and the first is 1 (tried for 2 to 4 layers, up to dilation 12). The rule does not look at r_1 at
    all, so it accepts [2, 2, 2] and [2, 3, 3], which have holes. And it depends on the order, which coverage
    does not: it refuses [9, 3, 1], which has none, and accepts [1, 3, 9]. Its authors also ask that the
    dilations have no common factor, which would refuse [2, 2, 2], but not [2, 3, 3].

    Wang et al., "Understanding Convolution for Semantic Segmentation" (2018), section 3.2.

    Examples
    --------
    >>> hdc_accepts([1, 2, 5]), hdc_accepts([1, 2, 9])
    (True, False)
    >>> hdc_accepts([2, 2, 2]), bool(coverage([2, 2, 2]).all())
    (True, False)
    >>> hdc_accepts([9, 3, 1]), bool(coverage([9, 3, 1]).all())
    (False, True)
    """
    function = "hdc_accepts"
    dilations = as_dilations(function, dilations)
    if len(dilations) < 2:
        raise ValueError(
            f"{function}: dilations must hold at least 2 layers, because the rule judges the second one, "
            f"got {list(dilations)}"
        )
    kernel_size = as_integer(function, "kernel_size", kernel_size, at_least=1)
    distance = dilations[-1]
    for dilation in reversed(dilations[1:-1]):
        distance = max(distance - 2 * dilation, 2 * dilation - distance, dilation)
    return distance <= kernel_size


def as_dilations(function, dilations):
    """The dilations of a stack as a tuple of ints."""
    if not isinstance(dilations, tuple | list | np.ndarray):
        raise TypeError(
            f"{function}: dilations must be a sequence with one number for each layer, such as [1, 2, 5], "
            f"got {dilations!r}"
        )
    return as_integers(function, "dilations", dilations, len(dilations), at_least=1)


# What a layer costs


def count_parameters(in_channels, out_channels, kernel_size, groups=1, bias=True):
    """Numbers that a convolutional layer learns.

    Parameters
    ----------
    in_channels, out_channels : int
        C_in and C_out, at least 1.
    kernel_size : tuple of int
        One number for each axis: (3, 3) for a 3 × 3 kernel. A single 3 is refused, because it does not say
        how many axes there are. The empty tuple () makes the layer fully connected, channels its neurons.
    groups : int
        Divides C_in and C_out.
    bias : bool
        One further number for each output channel.

    Returns
    -------
    int
        C_out · C_in / groups · Π k, plus C_out for the bias. The input's height and width do not matter.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type or is out of range, or ``groups`` does not divide both channel counts.

    Notes
    -----
    Pools have none. A locally connected layer, which does not share its weights between positions, has this
    many for each position of its output.

    Examples
    --------
    >>> count_parameters(3, 32, (5, 5)), count_parameters(3, 32, (5, 5), bias=False)
    (2432, 2400)
    >>> count_parameters(64, 64, (3, 3), groups=4)
    9280
    >>> count_parameters(28 * 28, 64 * 28 * 28, ())
    39388160
    """
    function = "count_parameters"
    kernel_size = as_shape(function, "kernel_size", kernel_size, at_least=1)
    weights = count_weights(function, in_channels, out_channels, kernel_size, groups)
    return weights + int(out_channels) * as_bool(function, "bias", bias)


def count_macs(in_channels, out_channels, kernel_size, output_size, groups=1, batch=1):
    """Multiply-adds of a convolutional layer: products of an input element and a weight.

    Parameters
    ----------
    in_channels, out_channels : int
        C_in and C_out, at least 1.
    kernel_size : tuple of int
        One number for each axis, as in ``count_parameters``; () for a fully connected layer.
    output_size : tuple of int
        The output's size along each of these axes, such as (OH, OW).
    groups : int
        Divides C_in and C_out.
    batch : int
        Images, N, at least 1.

    Returns
    -------
    int
        N · C_out · C_in / groups · Π k · Π output_size. Products with padded zeros count; adding the bias
        does not.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type or is out of range, ``groups`` does not divide both channel counts, or
        ``kernel_size`` and ``output_size`` differ in length.

    Notes
    -----
    One multiply-add (MAC) is two floating-point operations. Fewer multiply-adds need not be less time.

    Examples
    --------
    >>> count_macs(3, 32, (5, 5), (220, 220))
    116160000
    >>> count_macs(64, 64, (3, 3), (32, 32), groups=64) + count_macs(64, 128, (1, 1), (32, 32))
    8978432
    """
    function = "count_macs"
    kernel_size = as_shape(function, "kernel_size", kernel_size, at_least=1)
    output_size = as_shape(function, "output_size", output_size, at_least=0)
    if len(kernel_size) != len(output_size):
        raise ValueError(
            f"{function}: kernel_size and output_size must have one number for each axis, got {kernel_size} "
            f"and {output_size}"
        )
    batch = as_integer(function, "batch", batch, at_least=1)
    weights = count_weights(function, in_channels, out_channels, kernel_size, groups)
    return batch * weights * math.prod(output_size)


def count_bytes(shape, dtype="float32"):
    """Memory that an array takes.

    Parameters
    ----------
    shape : tuple of int
        Its size along every axis, (N, C, H, W) of an image batch.
    dtype : dtype
        What its elements are, anything NumPy knows as a number or bool.

    Returns
    -------
    int
        Bytes: Π shape · bytes of one element; 2³⁰ of them are one GiB.

    Raises
    ------
    TypeError, ValueError
        ``shape`` is no tuple of integers of at least 0, or ``dtype`` is no dtype of numbers.

    Examples
    --------
    >>> count_bytes((1, 3, 224, 224)), count_bytes((1, 3, 224, 224), "uint8")
    (602112, 150528)
    """
    function = "count_bytes"
    shape = as_shape(function, "shape", shape, at_least=0)
    try:
        element = None if dtype is None else np.dtype(dtype)
    except (TypeError, ValueError):
        element = None
    if element is None or element.kind not in "biufc":
        raise TypeError(
            f"{function}: dtype must be a NumPy dtype of numbers, such as 'float32', got {dtype!r}"
        )
    return math.prod(shape) * element.itemsize


def count_weights(function, in_channels, out_channels, kernel_size, groups):
    """Weights of a layer, its channels and groups being checked here."""
    in_channels = as_integer(function, "in_channels", in_channels, at_least=1)
    out_channels = as_integer(function, "out_channels", out_channels, at_least=1)
    groups = as_integer(function, "groups", groups, at_least=1)
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            f"{function}: groups must divide in_channels {in_channels} and out_channels {out_channels}, "
            f"got {groups}"
        )
    return out_channels * (in_channels // groups) * math.prod(kernel_size)


# Arguments


def as_both_sides(function, name, padding):
    """A padding along one axis as (before, after)."""
    sides = padding if isinstance(padding, tuple | list) else (padding, padding)
    if len(sides) != 2:
        raise ValueError(f"{function}: {name} must be an integer or a pair (before, after), got {padding!r}")
    return tuple(as_integer(function, name, side, at_least=0) for side in sides)


def as_shape(function, name, value, at_least):
    """A tuple of ints, one for each axis; a single integer does not say for how many."""
    if not isinstance(value, tuple | list):
        raise TypeError(
            f"{function}: {name} must be a tuple with one number for each axis, such as (3, 3) for two axes, "
            f"got {value!r}"
        )
    return as_integers(function, name, value, len(value), at_least)
