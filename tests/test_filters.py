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


SLOPES = [filters.difference, filters.prewitt, filters.sobel]
ALL = [
    *(build(size) for size in SIZES for build in (filters.identity, filters.box, filters.gaussian)),
    *(build(size) for size in SIZES for build in (filters.laplacian, filters.sharpen)),
    *(build(axis, size) for size in SIZES for axis in ("row", "column") for build in SLOPES),
    *(
        build(size)
        for size in (5, 7)
        for build in (filters.laplacian_of_gaussian, filters.emboss, filters.gabor)
    ),
    *(filters.scharr(axis) for axis in ("row", "column")),
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


EVERY_SLOPE = [(build, size) for build in SLOPES for size in SIZES] + [
    (lambda axis, _: filters.scharr(axis), 3)
]


@pytest.mark.parametrize(("build", "size"), EVERY_SLOPE)
def test_slopes_are_measured_along_their_axis_only(build, size):
    for axis, along, across in [("row", ROW, COLUMN), ("column", COLUMN, ROW)]:
        kernel = build(axis, size)
        assert respond(along, kernel) > 0  # brighter with a growing index
        assert respond(across, kernel) == 0
        assert respond(across**2, kernel) == pytest.approx(0, abs=1e-5)
        assert respond(np.ones_like(ROW), kernel) == pytest.approx(0, abs=1e-6)
        assert not np.signbit(kernel[kernel == 0]).any()  # a zero shown to a reader has no sign


@pytest.mark.parametrize(("build", "size"), EVERY_SLOPE)
def test_slopes_are_smoothing_across_times_difference_along(build, size):
    kernel = build("column", size).astype(float)
    smooth, difference = np.abs(kernel).sum(1), kernel.sum(0)
    np.testing.assert_allclose(kernel, np.outer(smooth, difference) / smooth.sum(), atol=1e-5)
    np.testing.assert_array_equal(smooth, smooth[::-1])
    np.testing.assert_array_equal(difference, -difference[::-1])
    np.testing.assert_array_equal(build("row", size), kernel.T)


def test_small_slopes_differ_in_their_smoothing_alone():
    smoothings = {
        filters.difference: [0, 1 / 2, 0],
        filters.prewitt: [1, 1, 1],
        filters.sobel: [1, 2, 1],
        filters.scharr: [3, 10, 3],
    }
    for build, smooth in smoothings.items():
        assert build("column").tolist() == np.outer(smooth, [-1, 0, 1]).tolist()
        assert respond(COLUMN, build("column")) == 2 * sum(smooth)


@pytest.mark.parametrize("size", SIZES)
def test_difference_is_the_slope_and_exact_for_powers_below_the_size(size):
    kernel = filters.difference("row", size)
    for power in range(size):
        picture = (ROW + 2) ** power  # the centre of the picture lies at 2
        assert respond(picture, kernel) == pytest.approx(power * 2.0 ** (power - 1), rel=1e-5, abs=1e-4)
    powers = respond((ROW + 2) ** size, kernel)
    assert powers != pytest.approx(size * 2.0 ** (size - 1), rel=1e-3)


def test_prewitt_is_the_slope_of_the_plane_that_fits_best():
    for size in SIZES:
        radius = size // 2
        rows, columns = (axis.ravel() for axis in np.mgrid[-radius : radius + 1, -radius : radius + 1])
        plane = np.linalg.pinv(np.stack([np.ones(size**2), rows, columns], axis=1))
        kernel = filters.prewitt("row", size)
        assert kernel[-1, 0] == radius
        fitted = plane[1].reshape(size, size)
        np.testing.assert_allclose(kernel / kernel[-1, 0], fitted / fitted[-1, 0], atol=1e-6)


def test_scharr_finds_directions_better_than_sobel_and_sobel_better_than_prewitt():
    def worst_error(build):
        angles = np.radians(np.arange(0, 91))
        waves = [np.sin(np.pi / 4 * (ROW * np.sin(angle) + COLUMN * np.cos(angle))) for angle in angles]
        found = [np.arctan2(respond(wave, build("row")), respond(wave, build("column"))) for wave in waves]
        return np.degrees(np.abs(found - angles)).max()

    prewitt, sobel, scharr = map(worst_error, [filters.prewitt, filters.sobel, filters.scharr])
    assert 4 * scharr < sobel < prewitt / 2
    assert prewitt == pytest.approx(1.56, abs=0.01)  # degrees, for a wave of 8 pixels


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


@pytest.mark.parametrize(("size", "sigma"), [(5, 1.0), (7, 1.5), (9, None), (9, 0.7)])
def test_laplacian_of_gaussian_is_the_curvature_of_the_smoothed_picture(size, sigma):
    random = np.random.default_rng(0).normal(size=(13, 13))
    smoothed = conv2d(
        random[None], filters.gaussian(size - 2, sigma).astype(float)[None, None], padding="same"
    )
    curvature = respond(smoothed[0], filters.laplacian())
    kernel = filters.laplacian_of_gaussian(size, sigma)
    assert respond(random, kernel) == pytest.approx(curvature, abs=1e-5)
    assert respond(np.ones_like(ROW), kernel) == pytest.approx(0, abs=1e-6)
    assert respond(ROW**2 + 3 * COLUMN**2, kernel) == pytest.approx(8, abs=1e-4)
    np.testing.assert_allclose(kernel, np.rot90(kernel))


def test_laplacian_of_gaussian_without_smoothing_is_the_laplacian():
    np.testing.assert_array_equal(filters.laplacian_of_gaussian(3), filters.laplacian(3))


def test_laplacian_of_gaussian_is_near_its_formula():
    for sigma, error in [(1.4, 0.12), (2.0, 0.061)]:
        kernel = filters.laplacian_of_gaussian(21, sigma)
        row, column = np.mgrid[-10:11, -10:11]
        squares = row**2 + column**2
        bell = np.exp(-squares / (2 * sigma**2))
        formula = (squares - 2 * sigma**2) / sigma**4 * bell / bell.sum()
        assert 0.9 * error < np.abs(kernel - formula).max() / np.abs(formula).max() < error


def test_laplacian_of_gaussian_answers_most_to_discs_of_its_own_size():
    sigma = 3.0
    row, column = np.mgrid[-15:16, -15:16]
    kernel = filters.laplacian_of_gaussian(31, sigma)
    answers = {radius: (kernel * (row**2 + column**2 <= radius**2)).sum() for radius in range(1, 12)}
    assert min(answers, key=answers.get) == round(2**0.5 * sigma) == 4


def test_emboss_is_the_classic_and_keeps_even_areas():
    assert filters.emboss().tolist() == [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]
    for size in SIZES:
        assert filters.emboss(size).sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(filters.emboss(5, amount=0), filters.identity(5))


@pytest.mark.parametrize("size", SIZES)
def test_emboss_lights_slopes_from_the_upper_left(size):
    for rising, change in [(ROW, 6), (COLUMN, 6), (ROW + COLUMN, 12), (-ROW - COLUMN, -12)]:
        assert respond(rising, filters.emboss(size)) == pytest.approx(change, abs=1e-4)
        assert respond(rising, filters.emboss(size, amount=-0.5)) == pytest.approx(-change / 2, abs=1e-4)
    assert respond(ROW - COLUMN, filters.emboss(size)) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 120])
def test_gabor_answers_most_to_stripes_of_its_own_direction_and_wavelength(angle):
    kernel = filters.gabor(13, wavelength=4, angle=angle)

    def answer(degrees, wavelength):
        across = COLUMN * np.cos(np.radians(degrees)) + ROW * np.sin(np.radians(degrees))
        return respond(np.cos(2 * np.pi * across / wavelength), kernel)

    own = answer(angle, 4)
    assert all(answer(angle + turn, 4) < 0.8 * own for turn in (-90, -45, -30, 30, 45, 90))
    assert all(answer(angle, other) < 0.8 * own for other in (2.3, 3, 6, 8))
    assert abs(answer(angle + 90, 4)) < 0.05 * own


def test_gabor_is_a_wave_under_a_bell_curve():
    kernel = filters.gabor(9, wavelength=4, sigma=1.5)
    for x, wave in [(0, 1), (1, 0), (2, -1), (3, 0), (4, 1)]:
        for y in range(5):
            expected = wave * np.exp(-(y**2 + x**2) / (2 * 1.5**2))
            assert kernel[4 + y, 4 + x] == pytest.approx(expected, abs=1e-6)
    np.testing.assert_array_equal(filters.gabor(7), filters.gabor(7, wavelength=3.5, sigma=1.75))
    np.testing.assert_allclose(filters.gabor(7, angle=90), filters.gabor(7).T, atol=1e-6)


def test_gabor_of_phase_zero_is_even_and_of_phase_ninety_odd():
    for angle in (0, 25, 90):
        even, odd = (filters.gabor(9, angle=angle, phase=phase) for phase in (0, 90))
        np.testing.assert_allclose(even, even[::-1, ::-1], atol=1e-6)
        np.testing.assert_allclose(odd, -odd[::-1, ::-1], atol=1e-6)
        assert even[4, 4] == 1
    assert odd[3, 4] > 0 > odd[5, 4]  # falls through zero, here from row to row
    np.testing.assert_allclose(filters.gabor(9, phase=180), -filters.gabor(9), atol=1e-6)


def test_gabor_hardly_answers_to_even_areas():
    for size, angle in [(5, 0), (7, 30), (9, 45), (21, 90)]:
        assert abs(filters.gabor(size, angle=angle, phase=90).sum()) < 1e-5
        kernel = filters.gabor(size, angle=angle)
        assert 1e-4 < abs(kernel.sum()) / np.abs(kernel).sum() < 0.02


SIZED = [
    filters.identity, filters.box, filters.gaussian, filters.laplacian, filters.sharpen,
    filters.laplacian_of_gaussian, filters.emboss, filters.gabor,
]  # fmt: skip


@pytest.mark.parametrize(
    "build", [*SIZED, *(lambda size, build=build: build("row", size) for build in SLOPES)]
)
@pytest.mark.parametrize(
    ("size", "error", "said"),
    [
        (6, ValueError, "size must be odd, so that one tap lies on the centre, got 6"),
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
        (lambda: filters.difference("x"), ValueError, "difference: axis must be one of 'row', 'column'"),
        (lambda: filters.difference("row", 1), ValueError, "difference: size must be at least 3, got 1"),
        (lambda: filters.prewitt(None), TypeError, "prewitt: axis must be a string, got None"),
        (lambda: filters.prewitt("row", 1), ValueError, "prewitt: size must be at least 3, got 1"),
        (lambda: filters.scharr("y"), ValueError, "scharr: axis must be one of 'row', 'column', got 'y'"),
        (lambda: filters.scharr(3), TypeError, "scharr: axis must be a string, got 3"),
        (lambda: filters.emboss(1), ValueError, "emboss: size must be at least 3, got 1"),
        (lambda: filters.emboss(3, "2"), TypeError, "emboss: amount must be a number, got '2'"),
        (lambda: filters.emboss(3, float("nan")), ValueError, "emboss: amount must be finite, got nan"),
        (lambda: filters.laplacian_of_gaussian(1), ValueError,
         "laplacian_of_gaussian: size must be at least 3, got 1"),
        (lambda: filters.laplacian_of_gaussian(9, 0.0), ValueError,
         "laplacian_of_gaussian: sigma must be finite and above 0, got 0.0"),
        (lambda: filters.gabor(3), ValueError, "gabor: size must be at least 5, got 3"),
        (lambda: filters.gabor(9, 2), ValueError, "gabor: wavelength must be finite and above 2, got 2"),
        (lambda: filters.gabor(9, [4]), TypeError, "gabor: wavelength must be a number, got [4]"),
        (lambda: filters.gabor(9, 4, "45"), TypeError, "gabor: angle must be a number, got '45'"),
        (lambda: filters.gabor(9, phase=float("inf")), ValueError, "gabor: phase must be finite, got inf"),
        (lambda: filters.gabor(9, sigma=-1), ValueError, "gabor: sigma must be finite and above 0, got -1"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(call, error, said):
    with pytest.raises(error) as raised:
        call()
    assert said in str(raised.value)
