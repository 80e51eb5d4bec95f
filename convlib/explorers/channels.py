"""Channels: every kernel reads all input channels, and each kernel gives one map."""

import numpy as np
from traitlets import Int, List

from convlib.explorers.explorer import Explorer, Range, View, as_numbers, html_table, setting
from convlib.functional import conv2d, pad
from convlib.shapes import count_windows

LARGEST_INPUT = 4, 7, 7
LARGEST_WEIGHT = 4, 4, 3, 3
LARGEST_PADDING = 2

INPUT = (
    ((1, 0, 2, 1), (0, 1, 3, 0), (2, 1, 0, 1), (0, 2, 1, 0), (1, 0, 1, 2)),
    ((0, 1, 1, 0), (2, 0, 1, 1), (1, 3, 0, 2), (0, 1, 2, 1), (1, 0, 0, 1)),
    ((2, 1, 0, 1), (1, 0, 2, 0), (0, 1, 1, 3), (1, 0, 2, 0), (0, 2, 0, 1)),
)
WEIGHT = (
    (
        ((1, 0, -1), (1, 0, -1), (1, 0, -1)),
        ((0, 0, 0), (1, 1, 1), (0, 0, 0)),
        ((1, 0, 1), (0, -1, 0), (1, 0, 1)),
    ),
    (
        ((0, -1, 0), (0, 1, 0), (0, 0, 0)),
        ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        ((0, 1, -1), (0, 0, 0), (-1, 1, 0)),
    ),
)
BIAS = (1, 0)


class ChannelsView(View):
    code = "channels"

    input = List().tag(sync=True, setting=True)
    weight = List().tag(sync=True, setting=True)
    bias = List().tag(sync=True, setting=True)
    kernel = Int(0).tag(sync=True, setting=True)
    padding = Int(0).tag(sync=True, setting=True)
    step = Int(0).tag(sync=True, setting=True)


class Channels(Explorer):
    """The sum over each input channel, their sum with the bias, and the map that each kernel gives.

    Parameters
    ----------
    input : array of shape (C_in, H, W)
        At most 4 channels of 7 × 7 numbers.
    weight : array of shape (C_out, C_in, KH, KW)
        At most 4 kernels, 3 × 3, each as deep as ``input`` and not larger than it. They are not flipped.
    bias : array of shape (C_out,), optional
        The number added to each kernel's map; 0 if none is given with a ``weight``.
    kernel : int
        Which kernel is looked at, from 0.
    padding : int
        Zeros added on each side of every channel, from 0 to 2.
    step : int
        Index of the output whose window is marked, counted row by row.
    controls : sequence of str
        Which controls are shown, of "kernel", "step", "padding"; without being asked, the first two.

    Raises
    ------
    TypeError, ValueError
        An array has the wrong shape or dtype, is too big to show or not finite; input, weight and bias do not
        belong together; or the kernel or the padding is out of range.

    Examples
    --------
    >>> channels = Channels()
    >>> channels.weight.shape
    (2, 3, 3, 3)
    >>> channels.result[0]
    array([[ 5.,  7.],
           [ 8.,  8.],
           [ 6., 10.]], dtype=float32)
    """

    view_class = ChannelsView
    arrays = ("input", "weight", "bias")
    plays = {"step": "through the positions of the window"}  # noqa: RUF012

    input = setting("input", "The numbers of all channels, shape (C_in, H, W).")
    weight = setting("weight", "The kernels, shape (C_out, C_in, KH, KW).")
    bias = setting("bias", "The number added to each map, shape (C_out,).")
    kernel = setting("kernel", "Index of the kernel that is looked at.")
    padding = setting("padding", "Zeros added on each side of every channel.")
    step = setting("step", "Index of the output whose window is marked, counted row by row.")

    def __init__(
        self,
        input=INPUT,
        weight=WEIGHT,
        bias=None,
        *,
        kernel=0,
        padding=0,
        step=0,
        controls=("kernel", "step"),
    ):
        if bias is None and weight is WEIGHT:
            bias = BIAS
        arrays = {"input": input, "weight": weight, "bias": bias}
        super().__init__(arrays | {"kernel": kernel, "padding": padding, "step": step}, controls)

    @staticmethod
    def compute(state):
        """The padded input, the sums of each channel for the kernel looked at, and the output."""
        input, weight, p = state["input"], state["weight"], state["padding"]
        slices = weight[state["kernel"], :, np.newaxis]
        return {
            "padded": pad(input, (p, p, p, p)),
            "partial": conv2d(input, slices, padding=p, groups=len(input)),
            "output": conv2d(input, weight, state["bias"], padding=p),
        }

    @staticmethod
    def legal(state):
        """The nearest state that can be shown."""
        kernel = min(max(state["kernel"], 0), len(state["weight"]) - 1)
        padding = min(max(state["padding"], 0), LARGEST_PADDING)
        state = state | {"kernel": kernel, "padding": padding}
        return state | {"step": min(max(state["step"], 0), count_outputs(state) - 1)}

    @staticmethod
    def bounds(state):
        """The `Range` of each slider for a legal state, the other settings being what they are."""
        return {
            "kernel": Range(0, len(state["weight"]) - 1),
            "padding": Range(0, LARGEST_PADDING),
            "step": Range(0, count_outputs(state) - 1),
        }

    def check(self, state):
        name = type(self).__name__
        input = as_numbers(name, "input", state["input"], LARGEST_INPUT, ("channels", "rows", "columns"))
        axes = ("kernels", "channels", "rows", "columns")
        weight = as_numbers(name, "weight", state["weight"], LARGEST_WEIGHT, axes)
        if weight.shape[1] != len(input):
            raise ValueError(
                f"{name}: a kernel is as deep as its input: the input has {several(len(input), 'channel')}, "
                f"so weight.shape[1] must be {len(input)}, got weight of shape {weight.shape}"
            )
        if any(k > n for k, n in zip(weight.shape[2:], input.shape[1:])):
            raise ValueError(
                f"{name}: the kernels, {weight.shape[2:]}, are larger than a channel, {input.shape[1:]}"
            )
        bias = np.zeros(len(weight), np.float32) if state["bias"] is None else state["bias"]
        bias = as_numbers(name, "bias", bias, LARGEST_WEIGHT[:1], ("kernels",))
        if len(bias) != len(weight):
            raise ValueError(
                f"{name}: there is one bias per kernel: weight has {several(len(weight), 'kernel')}, "
                f"so bias must have length {len(weight)}, got {len(bias)}"
            )
        return super().check(state | {"input": input, "weight": weight, "bias": bias})

    def describe(self):
        state = self.state
        weight = state["weight"]
        kernels, depth, rows, columns = weight.shape
        return (
            f"{several(kernels, 'kernel')} × {several(depth, 'channel')} × {rows} × {columns} = "
            f"{several(weight.size, 'weight')}, input {state['input'].shape}, output {self.result.shape}"
        )

    def still(self):
        state = self.state
        arrays = self.compute(state)
        output = arrays["output"]
        o, row, column = state["kernel"], *divmod(state["step"], output.shape[2])
        terms = [f"{sums[row, column]:.4g} (channel {c})" for c, sums in enumerate(arrays["partial"])]
        terms.append(f"{state['bias'][o]:.4g} (bias)")
        tables = [
            html_table(array, caption)
            for c in range(len(state["input"]))
            for array, caption in (
                (arrays["padded"][c], f"input[{c}]" + (", padded" if state["padding"] else "")),
                (state["weight"][o, c], f"weight[{o}, {c}]"),
                (arrays["partial"][c], f"Sums of channel {c}"),
            )
        ]
        tables += [html_table(plane, f"output[{index}]") for index, plane in enumerate(output)]
        return (
            f"<p>Channels: {self.describe()}. Every kernel reads all channels and gives one map: "
            f"output[{o}, {row}, {column}] = {' + '.join(terms)} = {output[o, row, column]:.4g}.</p>"
            f"{''.join(tables)}"
        )


def count_outputs(state):
    sizes = zip(state["input"].shape[1:], state["weight"].shape[2:])
    rows, columns = (count_windows(n, k, 1, 2 * state["padding"], 1) for n, k in sizes)
    return rows * columns


def several(count, word):
    return f"{count} {word}" + ("" if count == 1 else "s")
