"""The pictures of the book, cropped and scaled here from files that its dependencies ship."""

from functools import cache

import numpy as np

from convlib.checks import as_integer

__all__ = ["hopper"]

# The square around the face, in pixels of the 512 × 600 original: left, top, right, bottom.
HOPPER_FACE = (64, 4, 448, 388)
LARGEST_SIZE = 4096


def hopper(size=256, colour=False):
    """Grace Hopper, who wrote one of the first compilers: a portrait with edges, texture and even areas.

    Parameters
    ----------
    size : int
        Height and width in pixels, 1 to 4096. The file holds 384 × 384 pixels; more only enlarge them.
    colour : bool
        Red, green and blue, or grey.

    Returns
    -------
    ndarray of shape (size, size), or (3, size, size) in colour, float32
        Whole numbers from 0, black, to 255. Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded.
        A fresh array on every call.

    Raises
    ------
    TypeError, ValueError
        ``size`` is not an integer from 1 to 4096.
    ImportError
        matplotlib, which ships the file, or Pillow is not installed.

    Notes
    -----
    Official photograph of the United States Navy by James S. Davis, 1984, in the public domain as a work of
    the federal government; read from matplotlib's sample data (grace_hopper.jpg).

    Examples
    --------
    >>> hopper().shape, hopper(64, colour=True).shape
    ((256, 256), (3, 64, 64))
    """
    size = as_integer("hopper", "size", size, at_least=1)
    if size > LARGEST_SIZE:
        raise ValueError(f"hopper: size must be at most {LARGEST_SIZE}, got {size}")
    square = face().resize((size, size))
    if colour:
        return np.moveaxis(np.asarray(square, np.float32), -1, 0).copy()
    return np.array(square.convert("L"), np.float32)


@cache
def face():
    """The cropped photograph as an RGB Pillow image, read once."""
    from matplotlib.cbook import get_sample_data
    from PIL import Image

    with get_sample_data("grace_hopper.jpg") as file:
        return Image.open(file).convert("RGB").crop(HOPPER_FACE)
