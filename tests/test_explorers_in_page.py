"""The explorers in a page without Python: a minimal page, drawn by the same bundle as the book's pages."""

import base64
import io
import json
import re
import shutil
import struct

import numpy as np
import pytest
from conftest import READY, ROOT, serve
from ipywidgets.embed import embed_data

from convlib.explorers import FilterBench, SlidingWindow

LIVE = ROOT / "front_end" / "built" / "live"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Explorers</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><link rel="stylesheet" href="live/page.css"><h1>Explorers</h1>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>{views}
<script src="live/page.js"></script></html>"""
MODES = ("zeros", "reflect", "replicate", "circular")
EVERY_CONTROL = ("step", "padding", "stride", "dilation", "padding_mode")

# Explorers by the name of their page. Python's twin of each stays here, to compare with.
EXPLORERS = {
    "sliding": lambda: [SlidingWindow(controls=EVERY_CONTROL)],
    "plain": lambda: [SlidingWindow(), SlidingWindow()],
    "bench": lambda: [FilterBench()],
    "single": lambda: [SlidingWindow([[1, 2], [3, 4]], [[1, 1], [1, 1]], controls=EVERY_CONTROL)],
}


def write_page(folder, explorers):
    """A page as myst-nb writes it: the state of all widgets, and a script where each view belongs."""
    data = embed_data(views=explorers, drop_defaults=False)
    kind = "application/vnd.jupyter.widget-view+json"
    views = "".join(f'<script type="{kind}">{json.dumps(view)}</script>' for view in data["view_specs"])
    folder.mkdir()
    shutil.copytree(LIVE, folder / "live", ignore=shutil.ignore_patterns("mathjax"))
    page = PAGE.format(state=json.dumps(data["manager_state"]).replace("</", "<\\/"), views=views)
    (folder / "index.html").write_text(page, encoding="utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The address under which the pages are, one folder for each name."""
    folder = tmp_path_factory.mktemp("explorers")
    for name, make in EXPLORERS.items():
        write_page(folder / name, make())
    yield from serve(folder)


@pytest.fixture
def visit(pages, open_page):
    """A factory of open pages, which have to be free of errors at the end."""
    opened = []

    def visit_page(name, **options):
        recorder = open_page(**options)
        opened.append(recorder)
        return recorder.open(f"{pages}{name}/index.html")

    yield visit_page
    for recorder in opened:
        recorder.assert_clean()


def settle(page):
    """Wait until everything that was pressed has been drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


READ = """(root) => {
  const { state, result } = root.explorer;
  const isPlain = ([, value]) => !value?.buffer && !value?.data;
  const plain = Object.fromEntries(Object.entries(state).filter(isPlain));
  const characters = ({ buffer }) => Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte));
  const code = (data) => btoa(characters(data).join(""));
  const arrays = Object.entries(result).map(([name, { data, shape }]) => [name, { data: code(data), shape }]);
  return { state: plain, result: Object.fromEntries(arrays), by: root.dataset.computedBy };
}"""


def shown(page, number=0):
    """The state and the arrays on the screen."""
    settle(page)
    read = page.locator(".convlib-explorer").nth(number).evaluate(READ)
    decode = lambda array: np.frombuffer(base64.b64decode(array["data"]), np.float32).reshape(array["shape"])  # noqa: E731
    arrays = {name: decode(array) for name, array in read["result"].items()}
    return read["state"], arrays, read["by"]


def slider(page, name, number=0):
    return page.locator(f".widget-slider:has(label:text-is('{name}')) .noUi-handle").nth(number)


def press(page, name, *keys):
    handle = slider(page, name)
    handle.focus()
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def choose(page, name, option):
    page.locator(f".widget-dropdown:has(label:text-is('{name}')) select").select_option(option)
    settle(page)


def cell(page, table, row, column):
    caption = page.locator("caption", has_text=re.compile(f"^{table}"))
    return (
        page.locator(".convlib-numbers", has=caption).first.locator("tr").nth(row).locator("td").nth(column)
    )


def assert_as_in_python(page, explorer):
    """What is on the screen is legal in Python too, and Python computes the same from it."""
    state, arrays, by = shown(page)
    assert by == "page"
    twin = explorer.legal(explorer.with_picture(state | {"upload": b""}) if "preset" in state else state)
    for name in ("padding", "dilation", "stride", "step", "reached", "size", "probe"):
        assert twin.get(name) == state.get(name)
    twin["custom"] = np.asarray(state.get("custom", 0), np.float32)
    for name, array in explorer.compute(twin).items():
        within = 2e-6 * max(np.abs(array).max(), 1)
        np.testing.assert_allclose(arrays[name], array, atol=within, rtol=0, err_msg=f"{name} of {state}")
    return state, arrays


def test_page_and_python_agree_wherever_the_sliders_go(visit):
    page, explorer = visit("sliding"), SlidingWindow()
    rng = np.random.default_rng(0)
    visited = set()
    for _ in range(70):
        name = rng.choice(["padding", "stride", "dilation", "padding_mode", "step"])
        if name == "padding_mode":
            choose(page, name, str(rng.choice(MODES)))
        else:
            key = str(rng.choice(["ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End"]))
            press(page, name, *[key] * int(rng.integers(1, 4)))
        state, _ = assert_as_in_python(page, explorer)
        visited.add(tuple(state[name] for name in ("padding", "stride", "dilation", "padding_mode")))
        for name, (low, high) in explorer.bounds(state).items():
            handle = slider(page, name)
            assert float(handle.get_attribute("aria-valuenow")) == state[name]
            readout = page.locator(f".widget-slider:has(label:text-is('{name}')) .widget-readout")
            assert readout.inner_text() == str(state[name])
            assert (low, high) == bounds_of(page, name)
    assert len(visited) > 25


def bounds_of(page, name):
    """Lowest and highest value that the slider reaches, read from what noUiSlider was told."""
    options = page.locator(f".widget-slider:has(label:text-is('{name}')) .slider").evaluate(
        "(e) => e.noUiSlider.options.range"
    )
    return options["min"], options["max"]


def test_a_window_as_large_as_the_input_has_one_step(visit):
    page = visit("single")
    _, arrays = assert_as_in_python(page, SlidingWindow([[1, 2], [3, 4]], [[1, 1], [1, 1]]))
    assert arrays["output"].tolist() == [[10]]
    page.get_by_role("button", name="Next").press("Enter")
    press(page, "step", "ArrowRight")
    assert shown(page)[0]["step"] == 0
    press(page, "padding", "ArrowRight")
    press(page, "step", "End")
    assert shown(page)[0]["step"] == 8


@pytest.mark.parametrize("preset", ["identity", "box", "gaussian", "sobel row", "laplacian", "sharpen"])
def test_every_preset_size_and_mode_of_the_bench_agrees_with_python(visit, preset):
    page, bench = visit("bench"), FilterBench()
    choose(page, "preset", preset)
    for size, mode in zip((3, 5, 7, 7), MODES):
        press(page, "size", "Home", *["ArrowRight"] * ((size - 3) // 2))
        choose(page, "padding_mode", mode)
        state, _ = assert_as_in_python(page, bench)
        assert (state["preset"], state["size"], state["padding_mode"]) == (preset, size, mode)


def test_the_first_window_is_written_out(visit):
    page = visit("plain")
    assert page.locator(".convlib-sum").first.inner_text() == (
        "output[0, 0] = 0×0 + 1×1 + 3×2 + 4×3 + 0 (bias) = 19"
    )


def test_outputs_appear_as_the_sweep_reaches_them(visit):
    page = visit("plain")
    texts = lambda: [cell(page, "Output", r, c).inner_text() for r in range(3) for c in range(3)]  # noqa: E731
    assert texts() == ["19"] + [""] * 8
    press(page, "step", "ArrowRight", "ArrowRight", "ArrowRight")
    assert texts() == ["19", "25", "11", "37"] + [""] * 5
    press(page, "step", "ArrowLeft")
    assert texts() == ["19", "25", "11", "37"] + [""] * 5
    assert "later" in cell(page, "Output", 1, 0).get_attribute("class")
    cell(page, "Output", 2, 1).click()
    assert shown(page)[0]["step"] == 7
    page.get_by_role("button", name="Reset").first.click()
    settle(page)
    assert texts() == ["19"] + [""] * 8


def test_play_sweeps_by_itself_and_stops_at_the_end(visit):
    page = visit("plain")
    press(page, "step", "End", "ArrowLeft", "ArrowLeft")
    page.locator(".widget-play button").first.click()
    page.wait_for_function("document.querySelector('.convlib-explorer').explorer.state.step === 8")
    assert shown(page)[0]["step"] == 8


def test_back_and_next_move_by_one_and_stop_at_the_ends(visit):
    page = visit("plain")
    back, forth = page.get_by_role("button", name="Back").first, page.get_by_role("button", name="Next").first
    forth.click()
    forth.click()
    back.click()
    assert shown(page)[0]["step"] == 1
    back.click()
    back.press("Enter")
    assert shown(page)[0]["step"] == 0
    assert back.get_attribute("aria-disabled") == "true"


def test_a_selected_input_shows_every_output_it_feeds_and_stays_selected(visit):
    page = visit("sliding")
    cell(page, "Input", 1, 1).click()
    settle(page)
    feeds = page.locator(".convlib-feeds")
    assert feeds.inner_text() == "input[1, 1] = 4 feeds 4 outputs: [0, 0] ×3; [0, 1] ×2; [1, 0] ×1; [1, 1] ×0"
    assert page.locator("td.fed").count() == 4
    press(page, "step", "ArrowRight")
    assert page.locator("td.fed").count() == 4
    cell(page, "Output", 0, 1).focus()
    page.keyboard.press("Escape")
    settle(page)
    assert page.locator("td.fed").count() == 0


def test_an_input_feeds_outputs_through_its_copies_in_the_padding_too(visit):
    page = visit("sliding")
    choose(page, "padding_mode", "circular")
    press(page, "padding", "ArrowRight")
    cell(page, "Input", 0, 0).click()  # a copy, in the corner of the padding
    settle(page)
    assert shown(page)[0]["selected"] == [3, 3]
    # brute force: every output that reads it changes with it, now that no weight is zero
    explorer = SlidingWindow(kernel=[[1, 1], [2, 3]], padding=1, padding_mode="circular")
    before = explorer.result
    changed = explorer.input.copy()
    changed[3, 3] += 1
    explorer.input = changed
    fed = page.locator("td.fed").evaluate_all(
        "(all) => all.map((e) => [e.parentElement.rowIndex, e.cellIndex])"
    )
    assert fed == np.argwhere(explorer.result != before).tolist()


def test_zeros_that_were_added_cannot_be_selected_or_edited(visit):
    page = visit("sliding")
    press(page, "padding", "ArrowRight")
    cell(page, "Input", 0, 0).click()
    cell(page, "Input", 0, 0).click()
    page.keyboard.press("5")
    assert shown(page)[0]["selected"] == []
    assert page.locator("td input").count() == 0


def test_input_kernel_and_bias_are_edited_in_place(visit):
    page, explorer = visit("sliding"), SlidingWindow()
    cell(page, "Input", 0, 0).click()
    cell(page, "Input", 0, 0).click()
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    cell(page, "Kernel", 1, 1).click()
    page.keyboard.type("1/2")
    page.keyboard.press("Enter")
    cell(page, "Bias", 0, 0).focus()
    page.keyboard.type("-1.5")
    page.keyboard.press("Tab")
    state, _ = assert_as_in_python(page, explorer)
    assert state["input"][0][0] == 7
    assert state["kernel"][1][1] == 0.5
    assert state["bias"] == -1.5
    assert "4×0.5 − 1.5 (bias) = 7.5" in page.locator(".convlib-sum").inner_text()


def test_what_is_no_number_changes_nothing_and_is_said(visit):
    page = visit("plain")
    cell(page, "Kernel", 0, 0).click()
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    settle(page)
    assert "“one” is not a number" in page.get_by_role("alert").first.inner_text()
    assert shown(page)[0]["kernel"] == [[0, 1], [2, 3]]
    cell(page, "Kernel", 0, 0).click()
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    assert shown(page)[0]["kernel"] == [[0, 1], [2, 3]]


def test_a_table_is_walked_with_the_arrow_keys(visit):
    page = visit("plain")
    cell(page, "Output", 0, 0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert shown(page)[0]["step"] == 4


def test_two_explorers_in_a_page_are_independent(visit):
    page = visit("plain")
    press(page, "step", "End")
    cell(page, "Kernel", 0, 0).click()
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    other, arrays, _ = shown(page, 1)
    assert (other["step"], other["kernel"]) == (0, [[0, 1], [2, 3]])
    assert arrays["output"][0, 0] == 19


def test_the_state_is_spoken_but_not_at_every_step_of_play(visit):
    page = visit("plain")
    page.evaluate(
        """() => {
          window.said = [];
          const spoken = document.querySelector(".convlib-spoken");
          new MutationObserver(() => said.push(spoken.textContent)).observe(spoken, { childList: true });
        }"""
    )
    press(page, "step", *["ArrowRight"] * 8)
    page.wait_for_timeout(3300)
    said = page.evaluate("said")
    assert 1 <= len(said) <= 3
    assert said[-1] == "Output 9 of 9. output[2, 2] = 11."


def test_a_signed_result_is_a_map_with_zero_in_the_middle(visit):
    page = visit("bench")
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


def test_the_caption_counts_the_clipped_pixels(visit):
    page = visit("bench")
    choose(page, "preset", "sharpen")
    _, arrays, _ = shown(page)
    clipped = np.count_nonzero((arrays["output"] < 0) | (arrays["output"] > 255))
    caption = page.locator(".convlib-caption")
    assert caption.inner_text() == f"{clipped:,} of 65,536 pixels were clipped to 0…255."
    choose(page, "preset", "identity")
    assert caption.inner_text() == "No pixel was clipped."


def test_the_probe_shows_pixels_products_and_the_sum(visit):
    page, bench = visit("bench"), FilterBench()
    frame = page.get_by_role("application")
    frame.focus()
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


def as_number(text):
    return float(text.strip().replace("−", "-"))


def test_a_click_puts_the_probe_under_the_pointer_and_the_edge_stops_it(visit):
    page = visit("bench")
    box = page.locator("canvas").nth(1).bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    row, column = shown(page)[0]["probe"]
    assert abs(row - 192) <= 1 and abs(column - 64) <= 1
    page.mouse.click(box["x"] + 1, box["y"] + 1)
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert shown(page)[0]["probe"] == [0, 0]
    assert page.locator("td.added").count() == 5


def test_editing_the_kernel_makes_it_the_custom_one_and_reset_takes_it_back(visit):
    page, bench = visit("bench"), FilterBench()
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


def test_an_uploaded_picture_is_made_grey_cropped_and_filtered_like_any_other(visit):
    page = visit("bench")
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


def test_a_file_that_is_no_picture_is_refused_and_nothing_is_lost(visit, tmp_path):
    page = visit("bench")
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


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["sliding", "bench"])
def test_axe_finds_nothing(visit, name, theme):
    page = visit(name, width=360, theme=theme)
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    page.add_style_tag(content="html[data-theme=dark] body { background: #14181e; color: #e6edf3 }")
    if name == "sliding":
        press(page, "padding", "ArrowRight")
        press(page, "step", "ArrowRight", "ArrowRight", "ArrowLeft")
        cell(page, "Input", 2, 2).click()
    page.add_script_tag(path=ROOT / "node_modules" / "axe-core" / "axe.min.js")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("(tags) => axe.run({ runOnly: tags })", tags)["violations"]
    assert not [(v["id"], v["help"], [n["html"][:200] for n in v["nodes"]]) for v in found]


@pytest.mark.parametrize("name", ["sliding", "bench"])
def test_a_narrow_phone_needs_no_sideways_scrolling_and_targets_are_large(visit, name):
    page = visit(name, width=360, height=740)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.locator(".convlib-explorer :is(button, label, td[tabindex])").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect()).filter((r) => Math.min(r.width, r.height) < 24)"
    )
    assert not small


def test_two_explorers_cost_little_more_than_one(tmp_path):
    state = lambda *explorers: len(json.dumps(embed_data(views=explorers)["manager_state"]))  # noqa: E731
    from ipywidgets import Widget

    Widget.close_all()
    first = state(FilterBench())
    both = state(FilterBench())  # the state of all widgets that exist, the first one's too
    assert both - first < 15_000


# Code for the state, and a link to it


def program(page, library, number=0):
    """The program that an explorer writes for what it shows."""
    details = page.locator(".convlib-code").nth(number)
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    details.locator("select").select_option(library)
    return details.locator("code").inner_text()


def run(text):
    """What a program leaves as its output."""
    names = {}
    exec(compile(text, "<program>", "exec"), names)
    return np.asarray(names["output"])


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_state_gives_the_array_shown(visit, library, capsys):
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = visit("sliding")
    for mode, keys in {"zeros": ["stride"], "reflect": ["padding"], "circular": ["dilation"]}.items():
        choose(page, "padding_mode", mode)
        press(page, keys[0], "ArrowRight")
        _, arrays, _ = shown(page)
        np.testing.assert_allclose(run(program(page, library))[0, 0], arrays["output"], rtol=1e-6)
    page = visit("bench")
    for preset, size, mode in [("sobel column", 3, "replicate"), ("gaussian", 7, "reflect")]:
        choose(page, "preset", preset)
        press(page, "size", "Home", *["ArrowRight"] * ((size - 3) // 2))
        choose(page, "padding_mode", mode)
        _, arrays, _ = shown(page)
        np.testing.assert_allclose(run(program(page, library))[0, 0], arrays["output"], rtol=0, atol=2e-3)
    capsys.readouterr()  # programs print what they computed


@pytest.mark.parametrize("library", ["keras", "jax"])
def test_the_code_for_other_libraries_is_python_with_the_state_in_it(visit, library):
    page = visit("sliding")
    press(page, "padding", "ArrowRight")
    press(page, "stride", "ArrowRight")
    choose(page, "padding_mode", "circular")
    text = program(page, library)
    compile(text, "<program>", "exec")
    assert 'np.pad(input, [(0, 0), (0, 0), (1, 1), (1, 1)], mode="wrap")' in text
    assert "(2, 2)" in text


def link_of(page, number=0):
    page.get_by_role("button", name="Link to this state").nth(number).click()
    settle(page)
    return page.url


def test_a_link_restores_the_state_and_survives_a_reload(visit):
    page = visit("sliding")
    press(page, "padding", "ArrowRight", "ArrowRight")
    press(page, "stride", "ArrowRight")
    choose(page, "padding_mode", "reflect")
    press(page, "step", "ArrowRight")
    before = shown(page)
    address = link_of(page)
    page.reload()
    page.wait_for_function(READY)
    after = shown(page)
    assert after[0] == before[0]
    np.testing.assert_array_equal(after[1]["output"], before[1]["output"])
    assert float(slider(page, "padding").get_attribute("aria-valuenow")) == 2
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function(READY)
    assert shown(page)[0] == before[0]
    page.get_by_role("button", name="Reset").click()
    assert shown(page)[0]["padding"] == 0


def test_a_link_moves_only_the_explorer_that_it_names(visit):
    page = visit("plain")
    first, second = page.locator(".convlib-explorer").evaluate_all("(all) => all.map((e) => e.dataset.label)")
    assert first != second
    page.evaluate("(hash) => { location.hash = hash }", f"explorer={second}&step=3")
    settle(page)
    assert [shown(page, number)[0]["step"] for number in (0, 1)] == [0, 3]


MALFORMED = {
    "padding=x": "“padding” cannot be read",
    "padding=[1]": "“padding” is of the wrong kind",
    "padding=1.5": "“padding” is of the wrong kind",
    "padding=null": "“padding” is of the wrong kind",
    "speed=1": "there is no setting “speed”",
    'padding_mode="mirror"': "“padding_mode” is none of zeros",
    "kernel=[[1,2],[3]]": "“kernel” is of the wrong kind",
    "kernel=[]": "kernel must have from 1 to 7 rows",
    "kernel=[[1,null]]": "“kernel” is of the wrong kind",
    "kernel=[[1e30]]": "is not a number from",
    "input=[[1]]": "the kernel is larger than the input",
    "selected=[9,9]": "the selected number is not in the input",
}


def test_a_malformed_link_is_ignored_with_a_note(visit):
    page = visit("sliding")
    before = shown(page)[0]
    label = page.evaluate("document.querySelector('.convlib-explorer').dataset.label")
    for fields, words in MALFORMED.items():
        page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&{fields}")
        settle(page)
        assert words in page.locator(".convlib-alert").first.inner_text(), fields
        assert shown(page)[0] == before
    press(page, "stride", "ArrowRight")
    assert page.locator(".convlib-alert").first.inner_text() == ""
