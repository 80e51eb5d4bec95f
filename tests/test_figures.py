"""Figures say in words what they draw, and draw it so that it can be read."""

import base64
import io
from functools import cache

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from convlib import figures, filters
from convlib.pictures import hopper

GRID = np.arange(25).reshape(5, 5)
PHONE = 360 - 2 * 16  # pixels that a phone's page leaves for a figure


EXAMPLES = {
    "numbers": lambda: figures.show_numbers(GRID, "input", window=(1, 1, 3, 3)),
    "a title wider than its grid": lambda: figures.show_numbers(GRID[:2, :2], "gradient for the weights"),
    "sliding window": lambda: figures.show_sliding_window(GRID, filters.sobel("column"), 0, 1),
    "padded window": lambda: figures.show_sliding_window(
        GRID, np.ones((3, 3)), 2, 2, stride=2, padding=1, bias=5
    ),
    "padding": lambda: figures.show_padding(np.arange(16).reshape(4, 4), 2),
    "read counts": lambda: figures.show_read_counts(np.array([[1, 2, 1], [2, 4, 2]])),
    "grids": lambda: figures.show_grids(
        [GRID[:3, :3], -10 * GRID[:3, :3], GRID[:2, :2]], ["red", "green", "blue"], [None, (0, 1, 2, 2), None]
    ),
    "many grids": lambda: figures.show_grids([GRID[:2, :2]] * 8, [f"kernel {i}" for i in range(8)]),
    "lines": lambda: figures.show_lines(
        {"training": 1 / np.arange(1, 40), "test": 2 / np.arange(1, 40)},
        np.arange(1, 40),
        "epoch",
        "loss",
        log="y",
    ),
    "a line": lambda: figures.show_lines(
        {"rows": [32, 28, 24]}, xlabel="layer", ylabel="rows", title="Sizes"
    ),
    "bars": lambda: figures.show_bars({"dense": 73856, "depthwise separable": 8960}, "Weights", "parameters"),
    "bars of any length": lambda: figures.show_bars(
        {"convolution": 2432, "fully connected": 233_003_790_336}, "Weights", log=True
    ),
    "pictures": lambda: figures.show_pictures([hopper(32), hopper(32, colour=True)], ["grey", "in colour"]),
}


@cache
def example(name):
    return EXAMPLES[name]()


def displayed(shown):
    data, metadata = shown._repr_mimebundle_()
    return Image.open(io.BytesIO(base64.b64decode(data["image/png"]))), data, metadata


def written(shown):
    """Every text that is drawn: titles, numbers, labels of axes and ticks, legends."""
    figure, axes = shown
    figure.draw_without_rendering()
    found = [text for legend in figure.legends for text in legend.get_texts()]
    for panel in np.ravel(axes):
        found += [*panel.texts, panel.title]
        for axis in (panel.xaxis, panel.yaxis) if panel.axison else ():
            low, high = sorted(axis.get_view_interval())
            found += [
                axis.label,
                *(tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high),
            ]
    return [text for text in found if text.get_text()]


def texts(shown):
    _, axes = shown
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_figure_displays_with_its_text_alternative(name):
    shown = example(name)
    picture, data, metadata = displayed(shown)
    assert metadata["image/png"]["alt"] == data["text/plain"] == repr(shown) == shown.alt
    assert "0x" not in shown.alt and len(shown.alt) > 20
    sharpness = picture.width / metadata["image/png"]["width"]
    assert sharpness == pytest.approx(shown.sharpness, rel=0.01)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_figure_is_the_pair_of_figure_and_axes(name):
    figure, axes = example(name)
    assert np.ravel(axes)[0].figure is figure


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_figure_is_an_opaque_light_card(name):
    picture, _, _ = displayed(example(name))
    pixels = np.asarray(picture.convert("RGBA"))
    assert (pixels[..., 3] == 255).all()
    assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1], :3] > 240).all()


@pytest.mark.parametrize("name", EXAMPLES)
def test_text_stays_legible_on_a_phone(name):
    figure, _ = example(name)
    scale = min(1, PHONE / (figure.get_figwidth() * figures.PIXELS_PER_INCH))
    smallest = min(text.get_size() for text in written(example(name)))
    pixels = smallest * figures.PIXELS_PER_INCH / 72 * scale
    assert pixels >= 8, f"{name}: text {pixels:.1f} px high"


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_is_cut_off_and_no_numbers_touch(name):
    figure, _ = example(name)
    boxes = [text.get_window_extent() for text in written(example(name))]
    width, height = figure.get_size_inches() * figure.dpi
    for i, box in enumerate(boxes):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_numbers_tell_the_grid_and_the_window():
    shown = example("numbers")
    assert "input: 5 × 5 numbers" in shown.alt
    assert "window of 3 × 3 is marked, its first cell at row 1, column 1" in shown.alt
    assert "Rows: 0 1 2 3 4; 5 6 7 8 9;" in shown.alt
    assert texts(shown)[:25] == [str(n) for n in range(25)]


def test_exactly_the_window_is_marked():
    _, axes = example("numbers")
    marked = [patch.get_facecolor()[:3] == to_rgb(figures.WINDOW) for patch in axes.patches[:25]]
    assert np.flatnonzero(marked).tolist() == [6, 7, 8, 11, 12, 13, 16, 17, 18]


def test_the_sum_below_the_window_is_the_output():
    shown = figures.show_sliding_window(np.arange(9).reshape(3, 3), np.array([[0, 1], [2, 3]]), 0, 0)
    assert texts(shown)[-4:] == ["output[0, 0] =", "0×0 + 1×1", "+ 3×2 + 4×3", "= 19"]
    assert "output[0, 0] = 0×0 + 1×1 + 3×2 + 4×3 = 19. Output rows: 19 25; 37 43." in shown.alt


def test_negative_weights_stand_in_brackets():
    assert "+ 6×(−2) + 7×0 + 8×2" in texts(example("sliding window"))


def test_the_bias_is_part_of_the_sum():
    # the last window: 18 19 and 23 24 in the corner of a ring of zeros
    assert texts(example("padded window"))[-2:] == ["+ 5 (bias)", "= 89"]


def test_a_rounded_sum_does_not_claim_equality():
    shown = figures.show_sliding_window(GRID, filters.gaussian(), 0, 0)
    assert texts(shown)[-1].startswith("≈")


def test_only_the_taps_of_a_dilated_kernel_are_tinted():
    _, axes = figures.show_sliding_window(GRID, np.ones((2, 2)), 0, 0, dilation=3)
    marked = [patch.get_facecolor()[:3] == to_rgb(figures.WINDOW) for patch in axes.patches[:25]]
    assert np.flatnonzero(marked).tolist() == [0, 3, 15, 18]


def test_padding_shows_every_mode_and_tints_the_ring():
    shown = example("padding")
    _, axes = shown
    for mode in ("zeros", "reflect", "replicate", "circular"):
        assert mode in texts(shown)
    assert "reflect 2 1 0 1 2 3 2 1; replicate 0 0 0 1 2 3 3 3; circular 2 3 0 1 2 3 0 1." in shown.alt
    tinted = [patch.get_facecolor()[:3] == to_rgb(figures.RING) for patch in axes.patches[:64]]
    assert sum(tinted) == 64 - 16


def test_padding_of_one_mode_tells_all_numbers():
    shown = figures.show_padding(np.array([[1, 2], [3, 4]]), (0, 1), "circular")
    assert shown.alt.endswith("Mode circular, rows: 2 1 2 1; 4 3 4 3.")


def test_more_reads_are_darker_and_their_numbers_stay_readable():
    _, axes = figures.show_read_counts(np.arange(12).reshape(3, 4))
    lightness = [sum(patch.get_facecolor()[:3]) for patch in axes.patches]
    assert lightness == sorted(lightness, reverse=True)
    for patch, text in zip(axes.patches, axes.texts):
        assert contrast(patch.get_facecolor(), to_rgb(text.get_color())) >= 4.5


@pytest.mark.parametrize("name", ["PLAIN", "WINDOW", "RING", "KERNEL", "OUTPUT", "PAPER"])
def test_ink_stands_out_from_every_background(name):
    assert contrast(to_rgb(getattr(figures, name)), to_rgb(figures.INK)) >= 7


def test_curves_stand_out_and_differ_by_more_than_colour():
    colours, dashes = zip(*figures.CURVES)
    assert all(contrast(to_rgb(colour), to_rgb(figures.PLAIN)) >= 4.5 for colour in colours)
    assert len(set(dashes)) == len(dashes)


def test_a_short_curve_is_told_whole_and_a_long_one_by_its_ends():
    assert example("a line").alt == "Sizes. rows: 0: 32, 1: 28, 2: 24."
    assert "training: 1 at 1, 0.0256 at 39, lowest 0.0256 at 39, highest 1 at 1." in example("lines").alt


def test_bars_are_as_long_as_their_numbers():
    _, axes = shown = example("bars")
    assert [bar.get_width() for bar in axes.patches] == [73856, 8960]
    assert shown.alt == "Weights: bars, parameters. dense 73,856; depthwise separable 8,960."


def test_each_grid_has_its_own_window():
    _, axes = shown = example("grids")
    marked = [patch.get_facecolor()[:3] == to_rgb(figures.WINDOW) for patch in axes.patches]
    assert sum(marked) == 4
    assert (
        "green: 3 × 3 numbers. A window of 2 × 2 is marked, its first cell at row 0, column 1." in shown.alt
    )


def contrast(one, other):
    """Contrast ratio of WCAG 2.2."""

    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
        return np.dot([0.2126, 0.7152, 0.0722], linear)

    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_zero_is_the_middle_of_a_signed_scale():
    shown = figures.show_pictures(
        [np.array([[-2.0, 0.0], [1.0, 8.0]]), np.zeros((2, 2))], ["a", "b"], signed=True
    )
    _, (first, second) = shown
    assert first.images[0].get_clim() == second.images[0].get_clim() == (-8, 8)
    red, green, blue, _ = first.images[0].cmap(first.images[0].norm(0.0))
    assert min(red, green, blue) > 0.95
    assert shown.alt.startswith("a: map of positive and negative numbers, 2 × 2, values from −2 to 8.")


def test_a_few_extremes_do_not_leave_the_rest_pale_and_the_scale_says_so():
    calm = np.full((20, 20), 5.0)
    calm[0, 0] = -900
    figure, axes = figures.show_pictures(calm, signed=True)
    assert axes[0].images[0].get_clim() == (-5, 5)
    assert [label.get_text() for label in figure.axes[-1].get_xticklabels()] == ["≤ −5", "0", "≥ 5"]


def test_grey_and_colour_share_black_and_white():
    _, (grey, colour) = example("pictures")
    assert grey.images[0].get_clim() == (0, 255)
    assert np.asarray(colour.images[0].get_array()).shape == (32, 32, 3)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 2)])
def test_pictures_fall_into_rows_of_up_to_three(count, rows):
    figure, axes = figures.show_pictures([np.zeros((8, 8))] * count)
    assert len(axes) == count
    assert figure.axes[0].get_gridspec().nrows == rows


def test_numbers_are_as_short_as_they_can_be():
    assert figures.short_numbers([1.0, -2.0, -0.0]) == ["1", "−2", "0"]
    assert figures.short_numbers([0.5, 1]) == ["0.5", "1.0"]
    assert figures.short_numbers([1 / 3, -1e-9]) == ["0.33", "0.00"]
    assert figures.short_numbers([np.inf, -np.inf, np.nan, 1]) == ["∞", "−∞", "nan", "1"]


def test_noise_of_rounding_does_not_reach_the_text():
    assert figures.show_numbers(np.array([[0.1 + 0.2, 1e-17]])).alt == "1 × 2 numbers. Rows: 0.3 0.0."


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: figures.show_numbers(np.zeros(3)), "array must have shape (H, W), got (3,)"),
        (lambda: figures.show_numbers(np.zeros((0, 3))), "array must have shape (H, W), got (0, 3)"),
        (lambda: figures.show_numbers(np.zeros((256, 256))), "more than 16 × 16 numbers cannot be read"),
        (lambda: figures.show_numbers(GRID, window=(3, 0, 3, 3)), "window (3, 0, 3, 3)"),
        (lambda: figures.show_sliding_window(GRID, np.ones((3, 3)), 3, 0), "there is no row 3, column 0"),
        (lambda: figures.show_sliding_window(GRID, np.ones((7, 7)), 0, 0), "the window must fit"),
        (lambda: figures.show_padding(GRID, 5, "reflect"), "padding 5"),
        (lambda: figures.show_read_counts(-GRID), "counts must not be negative, got -24"),
        (lambda: figures.show_grids([]), "arrays is empty"),
        (lambda: figures.show_grids([GRID, np.zeros(3)]), "arrays[1] must have shape (H, W), got (3,)"),
        (lambda: figures.show_grids([GRID], ["a", "b"]), "titles has 2 entries for 1 grids"),
        (lambda: figures.show_grids([GRID], windows=[(0, 0, 6, 1)]), "windows[0] (0, 0, 6, 1)"),
        (lambda: figures.show_lines({}), "curves must number 1 to 4, got 0"),
        (
            lambda: figures.show_lines({"a": [1, 2]}, [1, 2, 3]),
            "curve 'a' has shape (2,), but x has shape (3,)",
        ),
        (lambda: figures.show_lines({"a": [1, 2]}, log="z"), "log names axes among x and y, got ['z']"),
        (lambda: figures.show_bars({}), "values is empty"),
        (lambda: figures.show_bars({"a": -1}), "values must be at least 0, got -1"),
        (lambda: figures.show_bars({"a": 0}, log=True), "values must be positive, got 0"),
        (lambda: figures.show_pictures([]), "pictures is empty"),
        (lambda: figures.show_pictures([np.zeros((4, 8, 8))]), "pictures[0] must have shape (H, W) or (3,"),
        (lambda: figures.show_pictures([GRID], ["a", "b"]), "titles has 2 entries for 1 pictures"),
        (lambda: figures.show_pictures([GRID], signed=[True, False]), "signed has 2 entries"),
        (lambda: figures.show_pictures(np.zeros((3, 8, 8)), signed=True), "so it cannot be signed"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, said):
    with pytest.raises(ValueError) as raised:
        call()
    assert said in str(raised.value)


def test_ipython_shows_the_picture_and_the_words():
    from IPython.core.formatters import DisplayFormatter

    data, metadata = DisplayFormatter().format(example("numbers"))
    assert set(data) == {"image/png", "text/plain"}
    assert data["text/plain"] == metadata["image/png"]["alt"]
