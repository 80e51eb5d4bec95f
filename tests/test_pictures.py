"""The picture is the one that the book talks about."""

import numpy as np
import pytest

from convlib import pictures


def test_grey_and_colour_have_the_promised_shapes_and_values():
    grey, colour = pictures.hopper(), pictures.hopper(64, colour=True)
    assert grey.shape == (256, 256) and colour.shape == (3, 64, 64)
    for picture in (grey, colour):
        assert picture.dtype == np.float32 and picture.flags.c_contiguous
        assert picture.min() >= 0 and picture.max() <= 255
        np.testing.assert_array_equal(picture, np.round(picture))


def test_grey_is_the_weighted_sum_of_the_colours():
    colour = pictures.hopper(128, colour=True)
    weighted = np.tensordot([0.299, 0.587, 0.114], colour, axes=1)
    assert np.abs(pictures.hopper(128) - weighted).max() <= 0.51


def test_the_picture_uses_the_whole_range_and_has_edges():
    grey = pictures.hopper()
    assert grey.min() < 5 and grey.max() > 250 and 50 < grey.std() < 100
    assert np.abs(np.diff(grey, axis=1)).max() > 100


def test_it_shows_the_same_face_in_every_decoder():
    # means of a 4 × 4 mosaic; decoders of JPEG may differ by a grey level or two
    mosaic = pictures.hopper().reshape(4, 64, 4, 64).mean(axis=(1, 3))
    expected = [[63, 100, 127, 100], [43, 80, 92, 105], [76, 138, 154, 139], [63, 104, 108, 102]]
    np.testing.assert_allclose(mosaic, expected, atol=1.5)


def test_every_call_returns_a_fresh_array():
    pictures.hopper()[:] = 0
    assert pictures.hopper().max() > 0


def test_the_crop_is_not_distorted():
    left, top, right, bottom = pictures.HOPPER_FACE
    assert right - left == bottom - top


@pytest.mark.parametrize(
    ("size", "error", "said"),
    [
        (0, ValueError, "hopper: size must be at least 1, got 0"),
        (5000, ValueError, "hopper: size must be at most 4096, got 5000"),
        (2.5, TypeError, "hopper: size must be an integer, got 2.5"),
        ((64, 64), TypeError, "hopper: size must be an integer, got (64, 64)"),
    ],
)
def test_a_size_that_makes_no_picture_is_refused(size, error, said):
    with pytest.raises(error) as raised:
        pictures.hopper(size)
    assert said in str(raised.value)
