"""Pooling: the largest value or the mean of each window, and what a shift of the input does to them."""

import numpy as np
from traitlets import Int, List

from convlib.explorers.explorer import Explorer, Range, View, as_numbers, html_table, setting
from convlib.functional import avg_pool2d, max_pool2d
from convlib.shapes import count_pool_windows

LARGEST_INPUT, LARGEST_KERNEL, LARGEST_STRIDE, LARGEST_SHIFT = 10, 4, 4, 3
POOLS = {"max": max_pool2d, "average": avg_pool2d}

INPUT = ((7, 3, 5, 2), (8, 7, 1, 6), (4, 9, 3, 9), (0, 8, 4, 5))


class PoolingView(View):
    code = "pooling"

    input = List().tag(sync=True, setting=True)
    pool = Int(0).tag(sync=True, setting=True)
    kernel_size = Int(2).tag(sync=True, setting=True)
    stride = Int(2).tag(sync=True, setting=True)
    padding = Int(0).tag(sync=True, setting=True)
    shift = Int(1).tag(sync=True, setting=True)
    step = Int(0).tag(sync=True, setting=True)


class Pooling(Explorer):
    """Max and average pooling of a grid of numbers, before and after its columns are shifted to the right.

    Parameters
    ----------
    input : array of shape (H, W)
        At most 10 × 10 numbers.
    pool : {"max", "average"}
        What is kept of a window: its largest value, with its sign, or the mean of all its values.
    kernel_size : int
        Rows and columns of the window, from 1 to 4, and at most those of ``input``.
    stride : int, optional
        Steps from one window to the next, from 1 to 4; by default ``kernel_size``.
    padding : int
        Elements added on each side, at most half of ``kernel_size``: −∞ in max pooling, and in average
        pooling zeros, which count.
    shift : int
        Columns by which the input is shifted to the right, from 0 to 3. What leaves on the right comes in on
        the left.
    controls : sequence of str
        Which controls are shown, of "pool", "kernel_size", "stride", "padding", "shift", "step".

    Raises
    ------
    TypeError, ValueError
        An array has the wrong shape or dtype, is too big to show or not finite; a number is out of range.

    Examples
    --------
    >>> explorer = Pooling(shift=1)
    >>> explorer.unshifted
    array([[8., 6.],
           [9., 9.]], dtype=float32)
    >>> explorer.result
    array([[8., 7.],
           [9., 9.]], dtype=float32)
    >>> explorer
    <Pooling: max pooling, 2 × 2 windows, stride 2: a shift of the input by 1 changes 1 of 4 outputs>
    """

    view_class = PoolingView
    choices = {"pool": tuple(POOLS)}  # noqa: RUF012
    arrays = ("input",)
    plays = {"step": "through the windows"}  # noqa: RUF012

    input = setting("input", "The numbers that are pooled, shape (H, W), before the shift.")
    pool = setting("pool", "What is kept of a window.")
    kernel_size = setting("kernel_size", "Rows and columns of the window.")
    stride = setting("stride", "Steps from one window to the next.")
    padding = setting("padding", "Elements added on each side.")
    shift = setting("shift", "Columns by which the input is shifted to the right.")
    step = setting("step", "Index of the output whose window is marked, counted row by row.")

    def __init__(
        self,
        input=INPUT,
        *,
        pool="max",
        kernel_size=2,
        stride=None,
        padding=0,
        shift=1,
        controls=("pool", "kernel_size", "stride", "shift", "step"),
    ):
        state = {
            "input": input,
            "pool": pool,
            "kernel_size": kernel_size,
            "stride": kernel_size if stride is None else stride,
            "padding": padding,
            "shift": shift,
            "step": 0,
        }
        super().__init__(state, controls)

    @property
    def unshifted(self):
        """The output of the input as it is, ndarray of shape (OH, OW), float32."""
        return self.compute(self.state)["before"]

    @staticmethod
    def compute(state):
        """The shifted input, and the outputs of the input before and after the shift."""
        input = np.asarray(state["input"], np.float32)
        shifted = np.roll(input, state["shift"], axis=1)
        settings = [state[name] for name in ("kernel_size", "stride", "padding")]
        before, output = (POOLS[state["pool"]](of[np.newaxis], *settings)[0] for of in (input, shifted))
        return {"shifted": shifted, "before": before, "output": output}

    @staticmethod
    def legal(state):
        """The nearest state whose window fits; a padding of more than half of it shrinks."""
        kernel_size = min(max(state["kernel_size"], 1), largest_kernel(state))
        state = state | {
            "kernel_size": kernel_size,
            "stride": min(max(state["stride"], 1), LARGEST_STRIDE),
            "padding": min(max(state["padding"], 0), kernel_size // 2),
            "shift": min(max(state["shift"], 0), LARGEST_SHIFT),
        }
        return state | {"step": min(max(state["step"], 0), count_outputs(state) - 1)}

    @staticmethod
    def bounds(state):
        """The `Range` of each slider for a legal state, the other settings being what they are."""
        return {
            "kernel_size": Range(max(2 * state["padding"], 1), largest_kernel(state)),
            "stride": Range(1, LARGEST_STRIDE),
            "padding": Range(0, state["kernel_size"] // 2),
            "shift": Range(0, LARGEST_SHIFT),
            "step": Range(0, count_outputs(state) - 1),
        }

    def check(self, state):
        input = as_numbers("Pooling", "input", state["input"], LARGEST_INPUT)
        return super().check(state | {"input": input})

    def describe(self):
        state = self.state
        k, s = state["kernel_size"], state["stride"]
        arrays = self.compute(state)
        # the shift changes the order of a sum, and with it the last bits of a mean
        within = 2e-6 * np.abs(arrays["shifted"]).max()
        changed = np.count_nonzero(np.abs(arrays["output"] - arrays["before"]) > within)
        return (
            f"{state['pool']} pooling, {k} × {k} windows, stride {s}: a shift of the input by "
            f"{state['shift']} changes {changed} of {arrays['output'].size} outputs"
        )

    def still(self):
        state = self.state
        arrays = self.compute(state)
        tables = (
            html_table(arrays["shifted"], f"Input, shifted by {state['shift']}"),
            html_table(arrays["before"], "Output before the shift"),
            html_table(arrays["output"], "Output after the shift"),
        )
        return f"<p>Pooling: {self.describe()}.</p>{''.join(tables)}"


def largest_kernel(state):
    return min(LARGEST_KERNEL, *np.shape(state["input"]))


def count_outputs(state):
    k, s, p = (state[name] for name in ("kernel_size", "stride", "padding"))
    rows, columns = (count_pool_windows(n, k, s, p, 1, False) for n in np.shape(state["input"]))
    return rows * columns
