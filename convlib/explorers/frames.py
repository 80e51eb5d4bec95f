"""Frames: a 3-D convolution, whose kernel moves through a stack of frames too."""

import math

import numpy as np
from traitlets import Int, List

from convlib.explorers.explorer import Explorer, Range, View, as_numbers, html_table, setting
from convlib.functional import conv2d, conv3d, pad
from convlib.shapes import count_windows

AXES = ("depth", "rows", "columns")
LARGEST_INPUT, LARGEST_KERNEL = (6, 6, 6), (6, 3, 3)
LARGEST_STRIDE, LARGEST_PADDING = 3, 2

NEXT_MINUS_PREVIOUS = (((-1,),), ((1,),))


class FramesView(View):
    code = "frames"

    input = List().tag(sync=True, setting=True)
    slices = List().tag(sync=True, setting=True)
    kernel_depth = Int(2).tag(sync=True, setting=True)
    stride_depth = Int(1).tag(sync=True, setting=True)
    padding_depth = Int(0).tag(sync=True, setting=True)
    step = Int(0).tag(sync=True, setting=True)


class Frames(Explorer):
    """A kernel moves through depth as well as rows and columns of a stack of frames.

    Where ``kernel_depth`` makes the kernel shallower, its last slices are only put away and come back as they
    were; where it makes the kernel deeper than it was given, its slices repeat: −1, 1, −1, 1, −1.

    Parameters
    ----------
    input : array of shape (D, H, W), optional
        D frames, at most 6 × 6 × 6 numbers. By default 5 frames of 3 × 5, in which a spot of 9 moves one
        column to the right from frame to frame while a spot of 5 stays.
    kernel : array of shape (KD, KH, KW)
        At most 6 × 3 × 3, and not larger than ``input``. It is not flipped. By default the difference of two
        successive frames.
    stride_depth : int
        Step of the window from frame to frame, from 1 to 3; it is 1 along rows and columns.
    padding_depth : int
        Frames of zeros added before and after, from 0 to 2; there is no padding of rows and columns.
    controls : sequence of str
        Which controls are shown, of "step", "kernel_depth", "stride_depth", "padding_depth".

    Raises
    ------
    TypeError, ValueError
        An array has the wrong shape or dtype, is too big to show or not finite; the kernel is larger than the
        input; or a number is out of range.

    Examples
    --------
    >>> frames = Frames()
    >>> frames.result.shape
    (4, 3, 5)
    >>> frames.result[1]
    array([[ 0., -9.,  9.,  0.,  0.],
           [ 0.,  0.,  0.,  0.,  0.],
           [ 0.,  0.,  0.,  0.,  0.]], dtype=float32)
    >>> frames.kernel_depth = 5
    >>> frames.kernel.ravel()
    array([-1.,  1., -1.,  1., -1.], dtype=float32)
    """

    view_class = FramesView
    arrays = ("input", "slices")
    plays = {"step": "through the positions of the window"}  # noqa: RUF012

    input = setting("input", "The frames, shape (D, H, W).")
    kernel_depth = setting("kernel_depth", "How many frames the kernel reads at once, KD.")
    stride_depth = setting("stride_depth", "Step of the window from frame to frame.")
    padding_depth = setting("padding_depth", "Frames of zeros added before and after.")
    step = setting("step", "Index of the output whose window is marked, frame by frame, row by row.")

    def __init__(
        self,
        input=None,
        kernel=NEXT_MINUS_PREVIOUS,
        *,
        stride_depth=1,
        padding_depth=0,
        controls=("step", "kernel_depth", "stride_depth", "padding_depth"),
    ):
        state = {
            "input": moving_spot() if input is None else input,
            "stride_depth": stride_depth,
            "padding_depth": padding_depth,
            "step": 0,
        }
        super().__init__(state | settings_of(kernel), controls)

    @property
    def kernel(self):
        """The kernel, shape (KD, KH, KW)."""
        return kernel_of(self.state)

    @kernel.setter
    def kernel(self, kernel):
        self.update(kernel=kernel)

    def update(self, **changes):
        if "kernel" in changes:
            changes = settings_of(changes.pop("kernel")) | changes
        super().update(**changes)

    @staticmethod
    def compute(state):
        """The padded input, each slice of the kernel over each of its frames, the output, and conv2d's.

        The output at depth d is the sum over all i of slice i over frame d × stride + i of the padded input.
        """
        input, kernel = state["input"], kernel_of(state)
        s, p = state["stride_depth"], state["padding_depth"]
        padded = pad(input, (0, 0, 0, 0, p, p))
        arrays = {
            "padded": padded,
            "partial": conv3d(padded[np.newaxis], kernel[:, np.newaxis, np.newaxis]),
            "output": conv3d(
                input[np.newaxis], kernel[np.newaxis, np.newaxis], stride=(s, 1, 1), padding=(p, 0, 0)
            )[0],
        }
        if spans_all(state):
            arrays["as_channels"] = conv2d(input, kernel[np.newaxis])
        return arrays

    @staticmethod
    def legal(state):
        """The nearest state that can be shown."""
        state = state | {
            "kernel_depth": min(max(state["kernel_depth"], 1), len(state["input"])),
            "stride_depth": min(max(state["stride_depth"], 1), LARGEST_STRIDE),
            "padding_depth": min(max(state["padding_depth"], 0), LARGEST_PADDING),
        }
        return state | {"step": min(max(state["step"], 0), math.prod(output_shape(state)) - 1)}

    @staticmethod
    def bounds(state):
        """The `Range` of each slider for a legal state; a kernel as deep as the input still fits."""
        return {
            "kernel_depth": Range(1, len(state["input"])),
            "stride_depth": Range(1, LARGEST_STRIDE),
            "padding_depth": Range(0, LARGEST_PADDING),
            "step": Range(0, math.prod(output_shape(state)) - 1),
        }

    def check(self, state):
        name = type(self).__name__
        input = as_numbers(name, "input", state["input"], LARGEST_INPUT, AXES)
        slices = as_numbers(name, "kernel", state["slices"], LARGEST_KERNEL, AXES)
        kernel = kernel_of(state | {"slices": slices})
        if any(k > n for k, n in zip(kernel.shape, input.shape)):
            raise ValueError(
                f"{name}: the kernel, shape {kernel.shape}, is larger than the input, shape {input.shape}"
            )
        slices = np.resize(slices, (len(input), *slices.shape[1:]))  # which repeats them
        return super().check(state | {"input": input, "slices": slices})

    def describe(self):
        state = self.state
        frames, *size = state["input"].shape
        kernel, plane = (" × ".join(map(str, shape)) for shape in (self.kernel.shape, size))
        depth = output_shape(state)[0]
        return f"a {kernel} kernel moves through {several(frames, 'frame')} of {plane} and gives {depth}"

    def still(self):
        state = self.state
        arrays = self.compute(state)
        rows = (
            [html_table(frame, f"Frame {d}") for d, frame in enumerate(state["input"])],
            [html_table(weights, f"Kernel slice {i}") for i, weights in enumerate(self.kernel)],
            [html_table(frame, f"Output frame {d}") for d, frame in enumerate(arrays["output"])],
        )
        tables = "".join(
            f'<div style="display: flex; flex-wrap: wrap; gap: 1rem">{"".join(row)}</div>' for row in rows
        )
        s, p = state["stride_depth"], state["padding_depth"]
        note = f"<p>Along depth: stride {s}, padding {p}.</p>"
        if "as_channels" in arrays:
            difference = np.abs(arrays["output"] - arrays["as_channels"]).max()
            note = (
                "<p>The kernel spans all of the depth: conv2d with the frames as channels gives the same "
                f"numbers; the largest difference is {difference:.4g}.</p>"
            )
        return f"<p>Frames: {self.describe()}.</p>{tables}{note}"


def moving_spot():
    """Five frames: a spot of 9 moves one column to the right from each to the next, a spot of 5 stays."""
    frames = np.zeros((5, 3, 5))
    at = np.arange(5)
    frames[at, 0, at] = 9
    frames[at, 2, 2] = 5
    return frames


def settings_of(kernel):
    """The settings that make this the kernel."""
    kernel = as_numbers("Frames", "kernel", kernel, LARGEST_KERNEL, AXES)
    return {"slices": kernel, "kernel_depth": len(kernel)}


def kernel_of(state):
    return state["slices"][: state["kernel_depth"]]


def spans_all(state):
    """Whether the kernel reads each frame at once, and nothing else."""
    return state["kernel_depth"] == len(state["input"]) and state["padding_depth"] == 0


def output_shape(state):
    kernel = (state["kernel_depth"], *np.shape(state["slices"])[1:])
    strides, paddings = (state["stride_depth"], 1, 1), (state["padding_depth"], 0, 0)
    windows = zip(np.shape(state["input"]), kernel, strides, paddings)
    return tuple(count_windows(n, k, s, 2 * p, 1) for n, k, s, p in windows)


def several(count, word):
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
