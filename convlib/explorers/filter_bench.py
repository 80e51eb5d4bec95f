"""FilterBench: a photograph under a kernel whose every number can be changed."""

import numpy as np
from traitlets import Bytes, Dict, Int, List, Unicode

from convlib import filters, pictures
from convlib.arguments import PADDING_MODES
from convlib.checks import as_integers
from convlib.explorers.explorer import Explorer, Range, View, as_numbers, html_table, setting, share
from convlib.functional import conv2d

SIZES = (3, 5, 7)
PRESETS = {
    "identity": filters.identity,
    "box": filters.box,
    "gaussian": filters.gaussian,
    "sobel row": lambda size: filters.sobel("row", size),
    "sobel column": lambda size: filters.sobel("column", size),
    "laplacian": filters.laplacian,
    "sharpen": filters.sharpen,
}
CUSTOM = "custom"
SMALLEST_PICTURE, LARGEST_PICTURE = 8, 512


class FilterBenchView(View):
    code = "filter_bench"

    presets = Dict().tag(sync=True)  # name -> size -> rows of weights
    shape = List().tag(sync=True)  # of the shared picture
    picture_name = Unicode().tag(sync=True)  # how code gets at it, if it is the book's

    preset = Int().tag(sync=True, setting=True)
    size = Int(3).tag(sync=True, setting=True)
    custom = List().tag(sync=True, setting=True)  # the kernel that the reader or the caller wrote
    padding_mode = Int(0).tag(sync=True, setting=True)
    probe = List().tag(sync=True, setting=True)
    # another picture than the shared one, uint8, or nothing; a memoryview arrives
    upload = Bytes().tag(sync=True, setting=True, from_json=lambda value, _: bytes(value))
    upload_shape = List().tag(sync=True, setting=True)


class FilterBench(Explorer):
    """A grey photograph and what a kernel makes of it, side by side.

    The output has the picture's size. It is drawn as a signed map if the kernel's weights sum to zero, and as
    grey levels if not.

    Parameters
    ----------
    picture : array of shape (H, W), optional
        Grey levels from 0 to 255, 8 to 512 pixels on each axis; rounded to whole levels. The photograph of
        `convlib.pictures.hopper` by default.
    kernel : str or array of shape (3, 3), (5, 5) or (7, 7)
        Weights, or a preset: "identity", "box", "gaussian", "sobel row", "sobel column", "laplacian" or
        "sharpen".
    size : {3, 5, 7}
        Rows and columns of the preset.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
    probe : (int, int), optional
        Row and column of the output whose sum is written out at first; the centre by default.
    controls : sequence of str
        Which controls are shown, of "preset", "size", "padding_mode".

    Raises
    ------
    TypeError, ValueError
        An argument has the wrong shape, dtype or value, or the picture is too big to show.

    Examples
    --------
    >>> FilterBench(kernel="box", size=5).result.shape
    (256, 256)
    """

    view_class = FilterBenchView
    choices = {"preset": (*PRESETS, CUSTOM), "padding_mode": PADDING_MODES}  # noqa: RUF012
    arrays = ("custom",)
    slider_steps = {"size": 2}  # noqa: RUF012

    preset = setting("preset", 'Name of the kernel, or "custom".')
    size = setting("size", "Rows and columns of the kernel.")
    padding_mode = setting("padding_mode", "What lies outside the picture.")

    def __init__(
        self,
        picture=None,
        kernel="sobel column",
        *,
        size=3,
        padding_mode="replicate",
        probe=None,
        controls=("preset", "size", "padding_mode"),
    ):
        picture_name = "pictures.hopper()" if picture is None else ""
        picture = pictures.hopper() if picture is None else picture
        self._picture = as_picture(picture)
        height, width = self._picture.shape
        centre = (height // 2, width // 2)
        probe = as_integers("FilterBench", "probe", centre if probe is None else probe, 2, at_least=0)
        if probe[0] >= height or probe[1] >= width:
            raise ValueError(
                f"FilterBench: probe {probe} lies outside of the picture of shape {height, width}"
            )
        state = {"preset": kernel, "size": size, "custom": filters.identity(3)}
        if not isinstance(kernel, str):
            state = as_custom(kernel)
        state |= {
            "padding_mode": padding_mode,
            "probe": list(probe),
            "upload": b"",
            "upload_shape": [],
        }
        super().__init__(
            state,
            controls,
            presets={name: {str(k): make(k).tolist() for k in SIZES} for name, make in PRESETS.items()},
            shape=[height, width],
            picture_name=picture_name,
            shared={"picture": share(self._picture.tobytes())},
        )

    @property
    def kernel(self):
        """The weights now, shape (size, size), float32; set it to weights or to the name of a preset."""
        return kernel_of(self.state)

    @kernel.setter
    def kernel(self, value):
        self.update(**({"preset": value} if isinstance(value, str) else as_custom(value)))

    @property
    def picture(self):
        """The picture under the kernel now, uint8, shape (H, W); the reader's own if there is one."""
        return self.state["picture"]

    @picture.setter
    def picture(self, value):
        picture = as_picture(value)
        self.update(upload=picture.tobytes(), upload_shape=list(picture.shape))

    @staticmethod
    def compute(state):
        """The filtered picture, float32, of the picture's size."""
        picture = state["picture"].astype(np.float32)[np.newaxis]
        weight = kernel_of(state)[np.newaxis, np.newaxis]
        return {"output": conv2d(picture, weight, padding="same", padding_mode=state["padding_mode"])[0]}

    @staticmethod
    def legal(state):
        """The nearest state with an odd size and the probe inside the picture."""
        size = min(SIZES, key=lambda k: abs(k - state["size"]))
        probe = [min(max(at, 0), n - 1) for at, n in zip(state["probe"], np.shape(state["picture"]))]
        return state | {"size": size, "probe": probe}

    @staticmethod
    def bounds(state):
        """The `Range` of each slider; no setting narrows another."""
        return {"size": Range(SIZES[0], SIZES[-1])}

    def check(self, state):
        custom = as_kernel(state["custom"])
        return super().check(self.complete(state | {"custom": custom}))

    def complete(self, state):
        """The state with the picture that it means: another one, or else the explorer's own."""
        if not state["upload_shape"]:
            return state | {"picture": self._picture}
        return state | {"picture": np.frombuffer(state["upload"], np.uint8).reshape(state["upload_shape"])}

    def decode(self, settings):
        return self.complete(super().decode(settings))

    def encode(self, state):
        settings = super().encode(state)
        del settings["picture"]
        return settings

    def describe(self):
        state = self.state
        height, width = state["picture"].shape
        window = f"{state['size']} × {state['size']}"
        return f"a {height} × {width} picture under the {window} kernel {state['preset']}"

    def still(self):
        result = self.result
        span = f"The results run from {result.min():.4g} to {result.max():.4g}."
        return f"<p>Filter bench: {self.describe()}. {span}</p>" + html_table(self.kernel, "Kernel")


def kernel_of(state):
    """The weights that a state means, shape (size, size); custom ones are cropped or ringed with zeros."""
    size = state["size"]
    if state["preset"] != CUSTOM:
        return PRESETS[state["preset"]](size)
    custom = state["custom"]
    ring = max((size - len(custom)) // 2, 0)
    cut = max((len(custom) - size) // 2, 0)
    return np.pad(custom, ring)[cut : cut + size, cut : cut + size]


def as_kernel(kernel):
    kernel = as_numbers("FilterBench", "kernel", kernel, SIZES[-1])
    if kernel.shape not in {(k, k) for k in SIZES}:
        raise ValueError(
            f"FilterBench: kernel must have shape (3, 3), (5, 5) or (7, 7), got shape {kernel.shape}"
        )
    return kernel


def as_custom(kernel):
    """The settings that make this array the kernel."""
    kernel = as_kernel(kernel)
    return {"preset": CUSTOM, "size": len(kernel), "custom": kernel}


def as_picture(picture):
    """Whole grey levels, uint8, shape (H, W)."""
    picture = as_numbers("FilterBench", "picture", picture, LARGEST_PICTURE)
    if min(picture.shape) < SMALLEST_PICTURE:
        raise ValueError(
            f"FilterBench: picture of shape {picture.shape} is too small; at least "
            f"{SMALLEST_PICTURE} × {SMALLEST_PICTURE}"
        )
    if picture.min() < 0 or picture.max() > 255:
        raise ValueError(
            "FilterBench: picture must hold grey levels from 0 to 255, "
            f"got {picture.min():.4g} to {picture.max():.4g}"
        )
    return np.rint(picture).astype(np.uint8)
