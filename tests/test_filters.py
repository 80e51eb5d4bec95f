"""Filters are what they say: what they do to a constant, a ramp, a parabola."""

import numpy as np
import pytest

from convlib import filters
from convlib.reference import conv2d

SIZES = [3, 5, 7]
ROW, COLUMN = np.mgrid[-6.0:7, -6.0:7]


def respond(picture, kernel):
    """The response at the centre of a 13 × 13 picture."""
    middle = conv2d(picture[None], kernel.astype(float)[None, None], padding="same")[0]
    return middle[6, 6]


ALL = [
    *(build(size) for size in SIZES for build in (filters.identity, filters.box, filters.gaussian)),
    *(build(size) for size in SIZES for build in (filters.laplacian, filters.sharpen)),
    *(filters.sobel(axis, size) for size in SIZES for axis in ("row", "column")),
]


@pytest.mark.parametrize("kernel", ALL)
def test_every_filter_is_a_fresh_square_of_float32(kernel):
    assert kernel.dtype == np.float32
    assert kernel.shape[0] == kernel.shape[1]
    assert kernel.flags.c_contiguous and kernel.flags.writeable


def test_identity_changes_nothing():
    for size in (1, *SIZES):
        assert respond(ROW * 7 + COLUMN, filters.identity(size)) == 0
        assert respond(np.cos(ROW), filters.identity(size)) == 1


@pytest.mark.parametrize("size", [1, *SIZES, 63])
@pytest.mark.parametrize("build", [filters.box, filters.gaussian])
def test_means_sum_to_one(build, size):
    assert build(size).sum() == pytest.approx(1, abs=1e-5)


def test_gaussian_has_the_variance_of_its_sigma():
    kernel = filters.gaussian(21, sigma=2.0).astype(float)
    distance = np.arange(-10, 11)
    assert kernel.sum(0) @ distance**2 == pytest.approx(4, rel=1e-4)


def test_gaussian_falls_off_as_the_bell_curve():
    kernel = filters.gaussian(5, sigma=1.5)
    assert kernel[2, 3] / kernel[2, 2] == pytest.approx(np.exp(-1 / (2 * 1.5**2)))
    assert kernel[0, 0] / kernel[2, 2] == pytest.approx(np.exp(-8 / (2 * 1.5**2)))


def test_gaussian_without_sigma_follows_the_size():
    for size, sigma in [(3, 0.8), (5, 1.1), (7, 1.4)]:
        np.testing.assert_allclose(filters.gaussian(size), filters.gaussian(size, sigma), rtol=1e-6)


@pytest.mark.parametrize("size", SIZES)
def test_sobel_measures_change_along_its_axis_only(size):
    for axis, along, across in [("row", ROW, COLUMN), ("column", COLUMN, ROW)]:
        kernel = filters.sobel(axis, size)
        assert respond(along, kernel) > 0  # brighter with a growing index
        assert respond(across, kernel) == 0
        assert respond(np.ones_like(ROW), kernel) == 0


def test_sobel_of_size_three_is_the_classic():
    assert filters.sobel("column").tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert filters.sobel("row").tolist() == [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
    assert respond(COLUMN, filters.sobel("column")) == 8  # four rows' worth of a difference over two columns


def test_larger_sobels_are_smoothed_smaller_ones():
    def smooth(kernel):  # by (1 2 1) in both directions
        step = np.outer([1, 2, 1], [1, 2, 1])
        size = len(kernel) + 2
        total = np.zeros((size, size))
        for (i, j), weight in np.ndenumerate(step):
            total[i : i + size - 2, j : j + size - 2] += weight * kernel
        return total

    np.testing.assert_array_equal(filters.sobel("row", 5), smooth(filters.sobel("row", 3)))
    np.testing.assert_array_equal(filters.sobel("row", 7), smooth(filters.sobel("row", 5)))


@pytest.mark.parametrize("size", SIZES)
def test_laplacian_measures_curvature(size):
    kernel = filters.laplacian(size)
    assert respond(ROW**2, kernel) == pytest.approx(2, abs=1e-5)
    assert respond(ROW**2 + 3 * COLUMN**2, kernel) == pytest.approx(8, abs=1e-5)
    assert respond(5 + ROW - 2 * COLUMN + ROW * COLUMN, kernel) == pytest.approx(0, abs=1e-5)


def test_larger_laplacians_are_exact_for_higher_powers():
    assert respond(ROW**4, filters.laplacian(3)) == 2  # the truth is 0
    assert respond(ROW**4, filters.laplacian(5)) == pytest.approx(0, abs=1e-5)
    assert respond(ROW**6, filters.laplacian(7)) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("size", SIZES)
def test_laplacian_with_diagonals_is_three_times_the_curvature(size):
    kernel = filters.laplacian(size, diagonals=True)
    assert respond(ROW**2 + COLUMN**2, kernel) == pytest.approx(12, abs=1e-4)
    np.testing.assert_array_equal(kernel, np.rot90(kernel))


def test_sharpen_keeps_even_areas_and_steepens_edges():
    assert filters.sharpen().tolist() == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    for size in SIZES:
        assert filters.sharpen(size).sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(filters.sharpen(5, amount=0), filters.identity(5))
    edge = np.where(COLUMN < 0, 10.0, 20.0)
    assert respond(edge, filters.sharpen()) == 30  # overshoots on the bright side


SIZED = [filters.identity, filters.box, filters.gaussian, filters.laplacian, filters.sharpen]


@pytest.mark.parametrize("build", [*SIZED, lambda size: filters.sobel("row", size)])
@pytest.mark.parametrize(
    ("size", "error", "said"),
    [
        (4, ValueError, "size must be odd, so that one tap lies on the centre, got 4"),
        (0, ValueError, "size must be at least"),
        (-3, ValueError, "got -3"),
        (65, ValueError, "size must be at most 63, got 65"),
        (3.0, TypeError, "size must be an integer, got 3.0"),
        (True, TypeError, "size must be an integer, got the bool True"),
        ("3", TypeError, "size must be an integer, got '3'"),
    ],
)
def test_a_size_without_a_centre_is_refused(build, size, error, said):
    with pytest.raises(error) as raised:
        build(size)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: filters.laplacian(1), ValueError, "laplacian: size must be at least 3, got 1"),
        (lambda: filters.sobel("x"), ValueError, "sobel: axis must be one of 'row', 'column', got 'x'"),
        (lambda: filters.sobel(0), TypeError, "sobel: axis must be a string, got 0"),
        (lambda: filters.gaussian(3, 0), ValueError, "gaussian: sigma must be finite and above 0, got 0"),
        (lambda: filters.gaussian(3, -1.0), ValueError, "sigma must be finite and above 0, got -1.0"),
        (lambda: filters.gaussian(3, float("nan")), ValueError, "sigma must be finite and above 0, got nan"),
        (lambda: filters.gaussian(3, float("inf")), ValueError, "sigma must be finite and above 0, got inf"),
        (lambda: filters.gaussian(3, "1"), TypeError, "gaussian: sigma must be a number, got '1'"),
        (lambda: filters.sharpen(3, float("inf")), ValueError, "sharpen: amount must be finite, got inf"),
        (lambda: filters.sharpen(3, None), TypeError, "sharpen: amount must be a number, got None"),
    ],
)
def test_wrong_arguments_are_named(call, error, said):
    with pytest.raises(error) as raised:
        call()
    assert said in str(raised.value)
