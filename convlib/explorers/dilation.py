"""Dilation: where the taps of a dilated kernel lie, and which cells between them are skipped."""

import numpy as np
from traitlets import Int, List

from convlib.explorers.explorer import View, html_table, setting
from convlib.explorers.grid import GridExplorer
from convlib.functional import conv2d, pad
from convlib.shapes import effective_kernel_size

INPUT = tuple(tuple(range(7 * row, 7 * row + 7)) for row in range(7))
KERNEL = ((1, 1, 1),) * 3


class DilationView(View):
    code = "dilation"

    input = List().tag(sync=True, setting=True)
    kernel = List().tag(sync=True, setting=True)
    dilation = Int(2).tag(sync=True, setting=True)
    padding = Int(0).tag(sync=True, setting=True)
    step = Int(0).tag(sync=True, setting=True)


class Dilation(GridExplorer):
    """The taps of a dilated kernel on a grid of numbers, and what its effective size makes of the output.

    Parameters
    ----------
    input : array of shape (H, W)
        At most 12 × 12 numbers; 0 to 48 by default, so that each number says where it lies.
    kernel : array of shape (KH, KW)
        At most 7 × 7, and not larger than ``input``. It is not flipped.
    dilation : int
        Distance between neighbouring taps on both axes, from 1 to 6.
    padding : int
        Zeros added on each side, from 0 to 4.
    controls : sequence of str
        Which controls are shown, of "step", "dilation", "padding".

    Raises
    ------
    TypeError, ValueError
        An array has the wrong shape or dtype, is too big to show or not finite; or the window does not fit.

    Examples
    --------
    >>> Dilation().result
    array([[144., 153., 162.],
           [207., 216., 225.],
           [270., 279., 288.]], dtype=float32)
    """

    view_class = DilationView
    largest_dilation = 6
    plays = {"step": "through the positions of the window"}  # noqa: RUF012

    input = setting("input", "The numbers that the kernel slides over, shape (H, W).")
    kernel = setting("kernel", "The kernel, shape (KH, KW).")
    dilation = setting("dilation", "Distance between neighbouring taps.")
    padding = setting("padding", "Zeros added on each side.")
    step = setting("step", "Index of the output whose window is marked, counted row by row.")

    def __init__(
        self, input=INPUT, kernel=KERNEL, *, dilation=2, padding=0, controls=("step", "dilation", "padding")
    ):
        super().__init__(
            {"input": input, "kernel": kernel, "dilation": dilation, "padding": padding, "step": 0}, controls
        )

    @staticmethod
    def compute(state):
        """The padded input and the output, as float32 arrays of two dimensions."""
        input = np.asarray(state["input"], np.float32)
        weight = np.asarray(state["kernel"], np.float32)[np.newaxis, np.newaxis]
        p, d = state["padding"], state["dilation"]
        return {
            "padded": pad(input, (p, p, p, p)),
            "output": conv2d(input[np.newaxis], weight, padding=p, dilation=d)[0],
        }

    def describe(self):
        state = self.state
        d, window = state["dilation"], state["kernel"].shape
        size, kernel, effective = (
            " × ".join(map(str, shape))
            for shape in (state["input"].shape, window, [effective_kernel_size(k, d) for k in window])
        )
        return f"a {kernel} kernel with dilation {d} spans {effective} of {size} numbers"

    def still(self):
        state = self.state
        tables = (
            html_table(self.compute(state)["padded"], "Input" + (", padded" if state["padding"] else "")),
            html_table(state["kernel"], f"Kernel; dilation {state['dilation']}"),
            html_table(self.result, "Output"),
        )
        return f"<p>Dilation: {self.describe()}.</p>{''.join(tables)}"
