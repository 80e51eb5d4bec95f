"""FilterBench: its results against conv2d, its refusals, and in its page the probe and a reader's picture."""

import io
import struct

import numpy as np
import pytest
from in_page import assert_as_in_python, cell, choose, press, program, run, shown

import convlib
from convlib import filters, pictures
from convlib.explorers import FilterBench

MODES = ("zeros", "reflect", "replicate", "circular")


# In Python


def test_the_probe_starts_in_the_centre_or_where_it_is_put():
    assert FilterBench().state["probe"] == [128, 128]
    assert FilterBench(probe=(0, 255)).state["probe"] == [0, 255]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [3, 5, 7])
@pytest.mark.parametrize(
    "preset", ["identity", "box", "gaussian", "sobel row", "sobel column", "laplacian", "sharpen"]
)
def test_filter_bench_keeps_the_size_and_shows_what_conv2d_returns(preset, size, mode):
    picture = pictures.hopper()[100:140, 90:120]
    bench = FilterBench(picture, kernel=preset, size=size, padding_mode=mode)
    expected = convlib.conv2d(picture[None], bench.kernel[None, None], padding="same", padding_mode=mode)[0]
    np.testing.assert_array_equal(bench.result, expected)
    assert bench.kernel.shape == (size, size)
    assert bench.result.shape == picture.shape


def test_a_kernel_of_ones_own_becomes_the_custom_one():
    bench = FilterBench(kernel=filters.gaussian(5, sigma=2.0))
    assert (bench.preset, bench.size) == ("custom", 5)
    np.testing.assert_array_equal(bench.kernel, filters.gaussian(5, sigma=2.0))
    bench.size = 3
    np.testing.assert_array_equal(bench.kernel, filters.gaussian(5, sigma=2.0)[1:4, 1:4])
    bench.size = 7
    np.testing.assert_array_equal(bench.kernel, np.pad(filters.gaussian(5, sigma=2.0), 1))
    bench.kernel = "box"
    np.testing.assert_array_equal(bench.kernel, filters.box(7))


def test_a_picture_of_ones_own_of_any_shape_takes_the_place_of_the_old_one():
    bench = FilterBench(kernel="identity")
    mine = np.arange(200.0).reshape(10, 20)
    bench.picture = mine
    np.testing.assert_array_equal(bench.picture, mine)
    np.testing.assert_array_equal(bench.result, mine)
    np.testing.assert_array_equal(FilterBench(mine, "identity").result, mine)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"picture": np.zeros((3, 64, 64))}, ValueError, r"picture must have shape \(rows, columns\)"),
        ({"picture": np.zeros((1024, 64))}, ValueError, r"too big to show; at most 512 × 512"),
        ({"picture": np.zeros((4, 64))}, ValueError, "is too small; at least 8 × 8"),
        ({"picture": np.full((64, 64), -1)}, ValueError, "grey levels from 0 to 255, got -1 to -1"),
        ({"picture": np.full((64, 64), np.nan)}, ValueError, "picture must be finite"),
        ({"picture": np.full((64, 64), True)}, TypeError, "picture must hold real numbers, got dtype bool"),
        ({"kernel": "prewitt"}, ValueError, "preset must be one of identity, .* got 'prewitt'"),
        ({"kernel": np.ones((4, 4))}, ValueError, r"kernel must have shape \(3, 3\), \(5, 5\) or \(7, 7\)"),
        ({"kernel": np.ones((3, 5))}, ValueError, r"kernel must have shape"),
        ({"size": 4}, ValueError, "size must be"),
        ({"size": 9}, ValueError, "size must be from 3 to 7 .* got 9"),
        ({"probe": (0, 256)}, ValueError, r"probe \(0, 256\) lies outside"),
        ({"probe": (-1, 0)}, ValueError, r"probe\[0\] must be at least 0, got -1"),
        ({"controls": ("speed",)}, ValueError, "controls must be of .* got 'speed'"),
    ],
)
def test_filter_bench_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        FilterBench(**arguments)


def test_its_name_tells_picture_and_kernel_and_the_still_picture_shows_the_kernel():
    assert repr(FilterBench()) == "<FilterBench: a 256 × 256 picture under the 3 × 3 kernel sobel column>"
    assert "<caption>Kernel" in FilterBench().still()


# In a page


def as_number(text):
    return float(text.strip().replace("−", "-"))


@pytest.mark.parametrize("preset", ["identity", "box", "gaussian", "sobel row", "laplacian", "sharpen"])
def test_every_preset_size_and_mode_of_the_bench_agrees_with_python(show, preset):
    bench = FilterBench()
    page = show(bench)
    choose(page, "preset", preset)
    for size, mode in zip((3, 5, 7, 7), MODES):
        press(page, "size", "Home", *["ArrowRight"] * ((size - 3) // 2))
        choose(page, "padding_mode", mode)
        state, _ = assert_as_in_python(page, bench)
        assert (state["preset"], state["size"], state["padding_mode"]) == (preset, size, mode)


def test_a_signed_result_is_a_map_with_zero_in_the_middle(show):
    page = show(FilterBench())
    low, high = page.locator(".convlib-legend span >> nth=0"), page.locator(".convlib-legend span >> nth=2")
    assert low.inner_text() == f"−{high.inner_text()}"
    choose(page, "padding_mode", "replicate")
    _, arrays, _ = shown(page)
    largest = np.abs(arrays["output"]).max()
    assert float(high.inner_text()) == pytest.approx(largest, rel=1e-3)
    pixels = (
        page.locator("canvas")
        .nth(1)
        .evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    )
    red, blue = np.array(pixels[0::4]), np.array(pixels[2::4])
    output = arrays["output"].ravel()
    assert (red[output > largest / 10] > blue[output > largest / 10]).all()
    assert (red[output < -largest / 10] < blue[output < -largest / 10]).all()
    assert (red[output == 0] == 255).all() and (blue[output == 0] == 255).all()


def test_the_caption_counts_the_clipped_pixels(show):
    page = show(FilterBench())
    choose(page, "preset", "sharpen")
    _, arrays, _ = shown(page)
    clipped = np.count_nonzero((arrays["output"] < 0) | (arrays["output"] > 255))
    caption = page.locator(".convlib-caption")
    assert caption.inner_text() == f"{clipped:,} of 65,536 pixels were clipped to 0…255."
    choose(page, "preset", "identity")
    assert caption.inner_text() == "No pixel was clipped."


def test_the_probe_shows_pixels_products_and_the_sum(show):
    bench = FilterBench()
    page = show(bench)
    page.get_by_role("application").focus()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowRight")
    state, arrays, _ = shown(page)
    assert state["probe"] == [118, 129]
    pixels = bench.picture[117:120, 128:131].astype(float)
    for r in range(3):
        for c in range(3):
            assert as_number(cell(page, "Pixels", r, c).inner_text()) == pixels[r, c]
            assert as_number(cell(page, "Products", r, c).inner_text()) == pixels[r, c] * bench.kernel[r, c]
    total = as_number(page.locator(".convlib-sum").inner_text().split("=")[-1])
    assert total == arrays["output"][118, 129] == (pixels * bench.kernel).sum()


def test_a_click_puts_the_probe_under_the_pointer_and_the_edge_stops_it(show):
    page = show(FilterBench())
    box = page.locator("canvas").nth(1).bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    row, column = shown(page)[0]["probe"]
    assert abs(row - 192) <= 1 and abs(column - 64) <= 1
    page.mouse.click(box["x"] + 1, box["y"] + 1)
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert shown(page)[0]["probe"] == [0, 0]
    assert page.locator("td.added").count() == 5


def test_editing_the_kernel_makes_it_the_custom_one_and_reset_takes_it_back(show):
    bench = FilterBench()
    page = show(bench)
    cell(page, "Kernel", 1, 1).click()
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    state, _ = assert_as_in_python(page, bench)
    assert (state["preset"], state["custom"][1]) == ("custom", [-2, 3, 2])
    assert page.locator("select").first.input_value() == "custom"
    press(page, "size", "End")
    assert_as_in_python(page, bench)
    page.get_by_role("button", name="Reset").click()
    state, _ = assert_as_in_python(page, bench)
    assert (state["preset"], state["size"]) == ("sobel column", 3)
    assert page.locator("select").first.input_value() == "sobel column"


def png(array):
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def test_an_uploaded_picture_is_made_grey_cropped_and_filtered_like_any_other(show):
    page = show(FilterBench())
    colour = np.zeros((256, 300, 3), np.uint8)
    colour[:, 22:150] = (200, 100, 50)
    colour[:, 150:278] = (10, 20, 250)
    page.locator("input[type=file]").set_input_files(png(colour))
    page.wait_for_function("document.querySelector('.convlib-explorer').explorer.state.upload_shape.length")
    expected = np.zeros((256, 256))
    expected[:, :128] = round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    expected[:, 128:] = round(0.299 * 10 + 0.587 * 20 + 0.114 * 250)
    _, arrays, _ = shown(page)
    np.testing.assert_allclose(arrays["output"], FilterBench(expected).result, atol=1e-3)
    page.get_by_role("button", name="Reset").click()
    np.testing.assert_allclose(shown(page)[1]["output"], FilterBench().result, atol=1e-3)


def test_a_file_that_is_no_picture_is_refused_and_nothing_is_lost(show, tmp_path):
    page = show(FilterBench())
    before = shown(page)[1]["output"]
    field = page.locator("input[type=file]")
    field.set_input_files({"name": "notes.txt", "mimeType": "image/png", "buffer": b"no picture at all"})
    alert = page.get_by_role("alert")
    alert.filter(has_text="“notes.txt” is not a picture that this browser can read").wait_for()
    # a PNG that says it is 60,000 by 60,000 pixels
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    broken = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + b"\0" * 4
    field.set_input_files({"name": "bomb.png", "mimeType": "image/png", "buffer": broken})
    alert.filter(has_text="“bomb.png”").wait_for()
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(31_000_000)
    field.set_input_files(huge)
    alert.filter(has_text="“huge.png” is larger than 30 MB").wait_for()
    np.testing.assert_array_equal(shown(page)[1]["output"], before)


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_preset_gives_the_array_shown(show, library, capsys):
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = show(FilterBench())
    for preset, size, mode in [("sobel column", 3, "replicate"), ("gaussian", 7, "reflect")]:
        choose(page, "preset", preset)
        press(page, "size", "Home", *["ArrowRight"] * ((size - 3) // 2))
        choose(page, "padding_mode", mode)
        _, arrays, _ = shown(page)
        np.testing.assert_allclose(run(program(page, library))[0, 0], arrays["output"], rtol=0, atol=2e-3)
    capsys.readouterr()  # programs print what they computed
