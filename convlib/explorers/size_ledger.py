"""SizeLedger: the output-size formula term by term, and what the floor leaves unread."""

import numpy as np
from traitlets import Int

from convlib.explorers.explorer import Explorer, Range, View, html_table, setting
from convlib.functional import conv1d
from convlib.gradients import conv1d_input
from convlib.shapes import count_windows, same_padding, tensorflow_same_padding

LARGEST_INPUT, USUAL_INPUT = 256, 32
LARGEST = {"kernel_size": 16, "stride": 16, "padding": 8, "dilation": 8}


class SizeLedgerView(View):
    code = "size_ledger"

    input_size = Int(6).tag(sync=True, setting=True)
    kernel_size = Int(3).tag(sync=True, setting=True)
    stride = Int(2).tag(sync=True, setting=True)
    padding = Int(0).tag(sync=True, setting=True)
    dilation = Int(1).tag(sync=True, setting=True)
    largest = Int(USUAL_INPUT).tag(sync=True, setting=True)  # where the slider of input_size ends


class SizeLedger(Explorer):
    """One axis of a convolution: its output's size term by term, its windows, the elements that none reads.

    Parameters
    ----------
    input_size : int
        n, from 1 to 256; the slider ends at 32, or at n where that is more.
    kernel_size, stride : int
        k and s, from 1 to 16. The window must fit into the padded input.
    padding : int
        p on each side, from 0 to 8.
    dilation : int
        d, from 1 to 8.
    controls : sequence of str
        Which controls are shown, of "input_size", "kernel_size", "stride", "padding", "dilation". Without a
        control, a dilation of 1 is left out of the formula, and with a padding of 0 the paddings called same.

    Raises
    ------
    TypeError, ValueError
        A setting is not an integer or out of range, or the window does not fit.

    Notes
    -----
    `result` holds how many input elements each window reads; its length is the output's `size`. It is the
    convolution of n ones with k ones, so windows that reach into the padding hold less than k.

    Examples
    --------
    >>> ledger = SizeLedger(6, 3, stride=2)
    >>> ledger.size, ledger.unread
    (2, 1)
    >>> SizeLedger(6, 3, stride=2, padding=1).result
    array([2., 3., 3.], dtype=float32)
    """

    view_class = SizeLedgerView
    input_size = setting("input_size", "n, the elements of the input along the axis.")
    kernel_size = setting("kernel_size", "k, the taps of the kernel.")
    stride = setting("stride", "s, the elements from one window to the next.")
    padding = setting("padding", "p, the elements added on each side.")
    dilation = setting("dilation", "d, the distance between neighbouring taps.")

    def __init__(
        self,
        input_size=6,
        kernel_size=3,
        *,
        stride=2,
        padding=0,
        dilation=1,
        controls=("input_size", "kernel_size", "stride", "padding", "dilation"),
    ):
        state = {
            "input_size": input_size,
            "kernel_size": kernel_size,
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "largest": USUAL_INPUT,
        }
        super().__init__(state, controls)

    @property
    def size(self):
        """The output's size."""
        return count_outputs(self.state)

    @property
    def unread(self):
        """Elements at the end of the padded input that no window reaches."""
        state = self.state
        room = count_windows(*window(state | {"stride": 1})) - 1
        return room - (count_outputs(state) - 1) * state["stride"]

    @staticmethod
    def compute(state):
        """What each window reads of the input, and how often each element of the padded input is read."""
        n, k, p = (state[name] for name in ("input_size", "kernel_size", "padding"))
        steps = {"stride": state["stride"], "dilation": state["dilation"]}
        weight = np.ones((1, 1, k), np.float32)
        output = conv1d(np.ones((1, n), np.float32), weight, padding=p, **steps)
        reads = conv1d_input((1, n + 2 * p), weight, np.ones_like(output), **steps)
        return {"output": output[0], "reads": reads[0]}

    @staticmethod
    def legal(state):
        """The nearest state whose window fits; a dilation that is too large shrinks, then the kernel."""
        largest = min(max(state["largest"], 1), LARGEST_INPUT)
        state = state | {"largest": largest, "input_size": min(max(state["input_size"], 1), largest)}
        state["padding"] = min(max(state["padding"], 0), LARGEST["padding"])
        for name in ("stride", "kernel_size", "dilation"):
            state[name] = min(max(state[name], 1), LARGEST[name])
        while state["dilation"] > 1 and not fits(state):
            state["dilation"] -= 1
        while not fits(state):
            state["kernel_size"] -= 1
        return state

    @staticmethod
    def bounds(state):
        """The `Range` of each slider for a legal state, the other settings being what they are."""
        ranges = {}
        for name, low in {"input_size": 1, "kernel_size": 1, "padding": 0, "dilation": 1}.items():
            high = LARGEST.get(name, state["largest"])
            fitting = [value for value in range(low, high + 1) if fits(state | {name: value})]
            ranges[name] = Range(fitting[0], fitting[-1])
        return ranges | {"stride": Range(1, LARGEST["stride"])}

    def check(self, state):
        if state["largest"] < state["input_size"] <= LARGEST_INPUT:
            state = state | {"largest": state["input_size"]}
        return super().check(state)

    def describe(self):
        state = self.state
        n, k, s, p, d = (
            state[name] for name in ("input_size", "kernel_size", "stride", "padding", "dilation")
        )
        return f"input {n}, kernel {k}, stride {s}, padding {p}, dilation {d}: output {self.size}"

    def still(self):
        state = self.state
        n, k, s, p, d = (
            state[name] for name in ("input_size", "kernel_size", "stride", "padding", "dilation")
        )
        shown = [name for name, _ in self.controls]
        span = f"{d}·({k} − 1) − 1" if d > 1 or "dilation" in shown else k
        told = f"⌊({n} + 2·{p} − {span}) / {s}⌋ + 1 = {self.size}."
        if p > 0 or "padding" in shown:
            told += " TensorFlow's same adds {} before and {} after.".format(
                *tensorflow_same_padding(n, k, s, d)
            )
            if s == 1:
                told += " PyTorch's adds {} before and {} after.".format(*same_padding(k, d))
        reads = html_table(
            self.compute(state)["reads"][np.newaxis],
            f"Windows that read each element of the padded input; at its end {self.unread} are never read",
        )
        return f"<p>Size ledger: {self.describe()}.</p><p>{told}</p>{reads}"


def window(state):
    """The arguments of `count_windows`."""
    n, k, s, p, d = (state[name] for name in ("input_size", "kernel_size", "stride", "padding", "dilation"))
    return n, k, s, 2 * p, d


def count_outputs(state):
    return count_windows(*window(state))


def fits(state):
    return count_windows(*window(state | {"stride": 1})) >= 1
