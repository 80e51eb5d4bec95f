"""What the explorers of one kernel over one grid of numbers share: how those are checked, and what fits."""

import numpy as np

from convlib.explorers.explorer import Explorer, Range, as_numbers
from convlib.shapes import count_windows, largest_padding

LARGEST_INPUT, LARGEST_KERNEL = 12, 7
LARGEST_PADDING, LARGEST_STRIDE = 4, 4


class GridExplorer(Explorer):
    """An explorer with input, kernel, padding, dilation and step, and perhaps stride and padding_mode.

    Input and kernel have shape (H, W) and (KH, KW); the other settings are the same on both axes. ``step``
    is the index of an output, counted row by row. A subclass says how large ``dilation`` may be.
    """

    arrays = ("input", "kernel")
    largest_dilation = LARGEST_STRIDE

    @classmethod
    def legal(cls, state):
        """The nearest state whose window fits; a padding or dilation that is too large shrinks."""
        padding = min(max(state["padding"], 0), padding_limit(state))
        dilation = min(max(state["dilation"], 1), cls.largest_dilation)
        while dilation > 1 and not fits(state, padding, dilation):
            dilation -= 1
        state = state | {"padding": padding, "dilation": dilation}
        if "stride" in state:
            state["stride"] = min(max(state["stride"], 1), LARGEST_STRIDE)
        return state | {"step": min(max(state["step"], 0), count_outputs(state) - 1)}

    @classmethod
    def bounds(cls, state):
        """The `Range` of each slider for a legal state, the other settings being what they are."""
        paddings = [p for p in range(padding_limit(state) + 1) if fits(state, p, state["dilation"])]
        dilations = [d for d in range(1, cls.largest_dilation + 1) if fits(state, state["padding"], d)]
        stride = {"stride": Range(1, LARGEST_STRIDE)} if "stride" in state else {}
        return stride | {
            "padding": Range(paddings[0], paddings[-1]),
            "dilation": Range(1, dilations[-1]),
            "step": Range(0, count_outputs(state) - 1),
        }

    def check(self, state):
        name = type(self).__name__
        input = as_numbers(name, "input", state["input"], LARGEST_INPUT)
        kernel = as_numbers(name, "kernel", state["kernel"], LARGEST_KERNEL)
        if any(k > n for k, n in zip(kernel.shape, input.shape)):
            raise ValueError(
                f"{name}: the kernel, shape {kernel.shape}, is larger than the input, shape {input.shape}"
            )
        return super().check(state | {"input": input, "kernel": kernel})


def output_shape(state, stride, padding, dilation):
    """Rows and columns of the output; below 1 where the window does not fit."""
    spans = zip(np.shape(state["input"]), np.shape(state["kernel"]))
    return [count_windows(n, k, stride, 2 * padding, dilation) for n, k in spans]


def fits(state, padding, dilation):
    return min(output_shape(state, 1, padding, dilation)) >= 1


def padding_limit(state):
    limit = largest_padding(min(np.shape(state["input"])), state.get("padding_mode", "zeros"))
    return LARGEST_PADDING if limit is None else min(limit, LARGEST_PADDING)


def count_outputs(state):
    rows, columns = output_shape(state, state.get("stride", 1), state["padding"], state["dilation"])
    return rows * columns
