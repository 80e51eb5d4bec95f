"""SlidingWindow: a kernel steps over a grid of numbers, and every product can be seen."""

import numpy as np
from traitlets import Float, Int, List

from convlib.arguments import PADDING_MODES
from convlib.explorers.explorer import View, as_numbers, html_table, setting
from convlib.explorers.grid import GridExplorer, count_outputs
from convlib.functional import conv2d, pad, pad_mode

INPUT = ((0, 1, 2, 1), (3, 4, 5, 0), (6, 7, 8, 2), (1, 0, 3, 1))
KERNEL = ((0, 1), (2, 3))


class SlidingWindowView(View):
    code = "sliding_window"

    input = List().tag(sync=True, setting=True)
    kernel = List().tag(sync=True, setting=True)
    bias = Float().tag(sync=True, setting=True)
    stride = Int(1).tag(sync=True, setting=True)
    padding = Int(0).tag(sync=True, setting=True)
    dilation = Int(1).tag(sync=True, setting=True)
    padding_mode = Int(0).tag(sync=True, setting=True)
    step = Int(0).tag(sync=True, setting=True)
    reached = Int(0).tag(sync=True, setting=True)
    selected = List().tag(sync=True, setting=True)


class SlidingWindow(GridExplorer):
    """A kernel steps over a grid of numbers; the products and their sum are written out.

    Parameters
    ----------
    input : array of shape (H, W)
        At most 12 × 12 numbers. The default gives 0×0 + 1×1 + 3×2 + 4×3 = 19 first.
    kernel : array of shape (KH, KW)
        At most 7 × 7, and not larger than ``input``. It is not flipped.
    bias : float
        Added to every output.
    stride, padding, dilation : int
        The same on both axes: stride and dilation from 1 to 4, padding from 0 to 4.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
    step : int
        Index of the output that is being computed, counted row by row.
    controls : sequence of str
        Which controls are shown, of "step", "padding", "stride", "dilation", "padding_mode".

    Raises
    ------
    TypeError, ValueError
        An array has the wrong shape or dtype, is too big to show or not finite; or the window does not fit.

    Examples
    --------
    >>> explorer = SlidingWindow([[0, 1, 2], [3, 4, 5], [6, 7, 8]], [[0, 1], [2, 3]])
    >>> explorer.result
    array([[19., 25.],
           [37., 43.]], dtype=float32)
    """

    view_class = SlidingWindowView
    choices = {"padding_mode": PADDING_MODES}  # noqa: RUF012
    plays = {"step": "through the outputs"}  # noqa: RUF012

    input = setting("input", "The numbers that the kernel slides over, shape (H, W).")
    kernel = setting("kernel", "The kernel, shape (KH, KW).")
    bias = setting("bias", "The number added to every output.")
    stride = setting("stride", "Elements from one window to the next.")
    padding = setting("padding", "Elements added on each side.")
    dilation = setting("dilation", "Distance between neighbouring taps.")
    padding_mode = setting("padding_mode", "What the added elements hold.")
    step = setting("step", "Index of the output that is being computed, counted row by row.")

    def __init__(
        self,
        input=INPUT,
        kernel=KERNEL,
        *,
        bias=0,
        stride=1,
        padding=0,
        dilation=1,
        padding_mode="zeros",
        step=0,
        controls=("step",),
    ):
        state = {
            "input": input,
            "kernel": kernel,
            "bias": bias,
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "padding_mode": padding_mode,
            "step": step,
            "reached": 0,
            "selected": [],
        }
        super().__init__(state, controls)

    @staticmethod
    def compute(state):
        """The padded input and the output, as float32 arrays of two dimensions."""
        input = np.asarray(state["input"], np.float32)
        weight = np.asarray(state["kernel"], np.float32)[np.newaxis, np.newaxis]
        p = state["padding"]
        output = conv2d(
            input[np.newaxis],
            weight,
            np.asarray([state["bias"]], np.float32),
            state["stride"],
            p,
            state["dilation"],
            padding_mode=state["padding_mode"],
        )
        mode = pad_mode(state["padding_mode"])
        return {"padded": pad(input, (p, p, p, p), mode), "output": output[0]}

    @classmethod
    def legal(cls, state):
        state = super().legal(state)
        reached = min(max(state["reached"], state["step"]), count_outputs(state) - 1)
        return state | {"reached": reached}

    def check(self, state):
        bias = as_numbers("SlidingWindow", "bias", [[state["bias"]]], 1).item()
        return super().check(state | {"bias": bias})

    def describe(self):
        state = self.state
        size = " × ".join(map(str, state["input"].shape))
        window = " × ".join(map(str, state["kernel"].shape))
        return f"a {window} kernel slides over {size} numbers"

    def still(self):
        state = self.state
        tables = (
            html_table(self.compute(state)["padded"], "Input" + (", padded" if state["padding"] else "")),
            html_table(state["kernel"], f"Kernel; bias {state['bias']:.4g}"),
            html_table(self.result, "Output"),
        )
        return f"<p>Sliding window: {self.describe()}.</p>{''.join(tables)}"
