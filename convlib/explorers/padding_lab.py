"""PaddingLab: four ways to fill the border, beside each other on the same numbers."""

import numpy as np
from traitlets import Int, List

from convlib.arguments import PADDING_MODES
from convlib.checks import as_integer
from convlib.explorers.explorer import Explorer, Range, View, as_numbers, html_table, setting
from convlib.functional import pad, pad_mode
from convlib.gradients import conv2d_input
from convlib.shapes import count_windows, largest_padding

LARGEST_INPUT, LARGEST_KERNEL, LARGEST_PADDING = 8, 5, 5


class PaddingLabView(View):
    code = "padding_lab"

    input = List().tag(sync=True, setting=True)
    padding = Int(1).tag(sync=True, setting=True)
    mode = Int(0).tag(sync=True, setting=True)
    kernel_size = Int(3).tag(sync=True, setting=True)
    # row and column of the input, or of the border around it and then below 0 or beyond the last; or nothing
    selected = List().tag(sync=True, setting=True)


class PaddingLab(Explorer):
    """The four padding modes on the same input, and how often a kernel reads each input element.

    Parameters
    ----------
    input : array of shape (H, W), optional
        At most 8 × 8 numbers; the numbers 1 to 9 as 3 × 3 by default.
    padding : int
        Elements p added on each side, from 0 to 5, but at most one more than the shorter side. A mode whose
        limit that exceeds shows the reason in place of its numbers.
    mode : {"zeros", "reflect", "replicate", "circular"}
        The mode of the code and of `result`, which must allow ``padding``.
    kernel_size : int
        Rows and columns of the kernel whose reads are counted, from 1 to 5; it must fit the padded input.
    selected : (int, int) or ()
        Row and column of the element whose source is shown first; (-1, 2) lies just above the input.
    controls : sequence of str
        Which controls are shown, of "padding", "mode", "kernel_size".

    Raises
    ------
    TypeError, ValueError
        An array has the wrong shape or dtype, is too big to show or not finite; a number is out of range.

    Examples
    --------
    >>> explorer = PaddingLab([[1, 2, 3], [4, 5, 6], [7, 8, 9]], padding=1, mode="reflect")
    >>> explorer.result[0]
    array([5., 4., 5., 6., 5.], dtype=float32)
    >>> explorer.reads
    array([[4., 6., 4.],
           [6., 9., 6.],
           [4., 6., 4.]], dtype=float32)
    """

    view_class = PaddingLabView
    choices = {"mode": PADDING_MODES}  # noqa: RUF012
    arrays = ("input",)

    input = setting("input", "The numbers that are padded, shape (H, W).")
    padding = setting("padding", "Elements added on each side.")
    mode = setting("mode", "The mode of the code and of the result.")
    kernel_size = setting("kernel_size", "Rows and columns of the kernel whose reads are counted.")

    def __init__(
        self,
        input=None,
        *,
        padding=1,
        mode="zeros",
        kernel_size=3,
        selected=(-1, 2),
        controls=("padding", "kernel_size", "mode"),
    ):
        state = {
            "input": np.arange(1, 10).reshape(3, 3) if input is None else input,
            "padding": padding,
            "mode": mode,
            "kernel_size": kernel_size,
            "selected": selected,
        }
        super().__init__(state, controls)

    @property
    def reads(self):
        """How many windows read each input element, ndarray of shape (H, W), float32."""
        return self.compute(self.state)["reads"]

    @staticmethod
    def compute(state):
        """The padded array of each mode that allows the padding, the chosen one as the output; the reads."""
        input = np.asarray(state["input"], np.float32)
        p, k = state["padding"], state["kernel_size"]
        arrays = {
            mode: pad(input, (p, p, p, p), pad_mode(mode))
            for mode in PADDING_MODES
            if p <= mode_limit(state, mode)
        }
        # An output of ones gives 1 to each element for every window that reads it.
        weight = np.ones((1, 1, k, k), np.float32)
        windows = np.ones((1, *(count_windows(n, k, 1, 2 * p, 1) for n in input.shape)), np.float32)
        reads = conv2d_input((1, *input.shape), weight, windows, padding=p)[0]
        return arrays | {"reads": reads, "output": arrays[state["mode"]]}

    @staticmethod
    def legal(state):
        """The nearest state that the chosen mode allows and whose kernel fits."""
        padding = min(max(state["padding"], 0), mode_limit(state, state["mode"]))
        kernel_size = min(max(state["kernel_size"], 1), kernel_limit(state, padding))
        return state | {"padding": padding, "kernel_size": kernel_size}

    @staticmethod
    def bounds(state):
        """The `Range` of each slider for a legal state, the other settings being what they are."""
        paddings = [
            p
            for p in range(mode_limit(state, state["mode"]) + 1)
            if state["kernel_size"] <= kernel_limit(state, p)
        ]
        return {
            "padding": Range(paddings[0], paddings[-1]),
            "kernel_size": Range(1, kernel_limit(state, state["padding"])),
        }

    def check(self, state):
        name = type(self).__name__
        input = as_numbers(name, "input", state["input"], LARGEST_INPUT)
        selected = as_place(name, state["selected"], input.shape)
        return super().check(state | {"input": input, "selected": selected})

    def describe(self):
        state = self.state
        size = " × ".join(map(str, state["input"].shape))
        return f"{size} numbers, padded by {state['padding']} in four modes"

    def still(self):
        arrays = self.compute(self.state)
        k, p = self.kernel_size, self.padding
        tables = [html_table(arrays[mode], mode) for mode in PADDING_MODES if mode in arrays]
        beyond = [mode for mode in PADDING_MODES if mode not in arrays]
        note = f"<p>p = {p} is beyond the limit of {' and '.join(beyond)}.</p>" if beyond else ""
        reads = html_table(arrays["reads"], f"Reads of each input element by a {k} × {k} kernel, p = {p}")
        return f"<p>Padding lab: {self.describe()}.</p>{''.join(tables)}{note}{reads}"


def mode_limit(state, mode):
    """The most padding that a mode allows and that is shown."""
    shortest = min(np.shape(state["input"]))
    most = min(shortest + 1, LARGEST_PADDING)  # one more than any mode with a limit allows
    limit = largest_padding(shortest, mode)
    return most if limit is None else min(limit, most)


def kernel_limit(state, padding):
    """The largest kernel that fits into the padded input."""
    shortest = min(np.shape(state["input"]))
    return max(k for k in range(1, LARGEST_KERNEL + 1) if count_windows(shortest, k, 1, 2 * padding, 1) >= 1)


def as_place(explorer, place, shape):
    """A place in the input or in the widest border, as a list of two ints; an empty list for none."""
    if not isinstance(place, tuple | list | np.ndarray) or len(place) not in (0, 2):
        raise TypeError(f"{explorer}: selected must be (row, column) or (), got {place!r}")
    for axis, at, n in zip(("row", "column"), place, shape):
        as_integer(explorer, f"selected {axis}", at, at_least=-LARGEST_PADDING)
        if at >= n + LARGEST_PADDING:
            raise ValueError(
                f"{explorer}: selected {axis} must be smaller than {n + LARGEST_PADDING}, the input's size "
                f"{n} plus the widest border {LARGEST_PADDING}, got {at}"
            )
    return [int(at) for at in place]
