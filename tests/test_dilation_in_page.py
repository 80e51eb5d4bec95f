"""Dilation in a page without Python."""

import os
import re

import numpy as np
import pytest
from conftest import READY, ROOT, serve
from test_explorers_in_page import (
    bounds_of,
    cell,
    link_of,
    press,
    program,
    run,
    settle,
    shown,
    slider,
    visit,  # noqa: F401
    write_page,
)

from convlib.explorers import Dilation
from convlib.shapes import effective_kernel_size, same_padding

SLIDERS = ("step", "dilation", "padding")
MINE = np.arange(60.0).reshape(6, 10) / 4
KERNEL = np.array([[1, -2], [3, 0], [0.5, 1]])
EXPLORERS = {
    "dilation": lambda: [Dilation()],
    "two": lambda: [Dilation(), Dilation(MINE, KERNEL)],
    "oblong": lambda: [Dilation(MINE, KERNEL, padding=1)],
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The address under which the pages are, one folder for each name."""
    folder = tmp_path_factory.mktemp("dilation")
    for name, make in EXPLORERS.items():
        write_page(folder / name, make())
    yield from serve(folder)


def assert_as_in_python(page, explorer):
    """What is on the screen is legal in Python too, and Python computes the same from it."""
    state, arrays, by = shown(page)
    assert by == "page"
    twin = explorer.legal(state)
    for name in SLIDERS:
        assert twin[name] == state[name]
    for name, array in explorer.compute(twin).items():
        np.testing.assert_allclose(arrays[name], array, atol=1e-4, rtol=2e-6, err_msg=f"{name} of {state}")
    for name, bounds in explorer.bounds(state).items():
        assert float(slider(page, name).get_attribute("aria-valuenow")) == state[name]
        assert bounds_of(page, name) == tuple(bounds)
    return state, arrays


@pytest.mark.parametrize("name", ["dilation", "oblong"])
def test_page_and_python_agree_wherever_the_sliders_go(visit, name):  # noqa: F811
    page, explorer = visit(name), EXPLORERS[name]()[0]
    rng = np.random.default_rng(1)
    visited = set()
    for _ in range(int(os.environ.get("CONVLIB_WALK", 60))):
        key = str(rng.choice(["ArrowRight", "ArrowLeft", "Home", "End"], p=[0.5, 0.3, 0.1, 0.1]))
        name = str(rng.choice(SLIDERS, p=[0.2, 0.4, 0.4]))
        press(page, name, *[key] * int(rng.integers(1, 3)))
        state, arrays = assert_as_in_python(page, explorer)
        visited.add((state["dilation"], state["padding"]))
        assert_told(page, state, arrays)
    assert len(visited) > 8


def assert_told(page, state, arrays):
    """The marked cells, the sizes and the padding in the sentences are those of the state."""
    d, columns = state["dilation"], arrays["output"].shape[1]
    window = np.shape(state["kernel"])
    top, left = divmod(state["step"], columns)
    taps = {(top + i * d, left + j * d) for i in range(window[0]) for j in range(window[1])}
    effective = [effective_kernel_size(k, d) for k in window]
    spanned = {(top + i, left + j) for i in range(effective[0]) for j in range(effective[1])}
    assert places(page, "window") == taps
    assert places(page, "gap") == spanned - taps
    for k, size in zip(window, effective):
        assert f"{d}×({k} − 1) + 1 = {size}." in page.locator(".convlib-effective").inner_text()
        before, after = same_padding(k, d)
        kept = f"p = d(k − 1)/2 = {before} keeps the size"
        assert (kept if before == after else f"d(k − 1) = {before + after} is odd") in page.locator(
            ".convlib-keeps"
        ).inner_text()


def places(page, mark):
    found = page.locator(f"td.{mark}").evaluate_all(
        "(all) => all.map((e) => [e.parentElement.rowIndex, e.cellIndex])"
    )
    return {tuple(place) for place in found}


def test_the_default_shows_nine_taps_sixteen_skipped_cells_and_both_distances(visit):  # noqa: F811
    page = visit("dilation")
    state, arrays = assert_as_in_python(page, Dilation())
    assert arrays["output"].shape == (3, 3)
    assert (len(places(page, "window")), len(places(page, "gap"))) == (9, 16)
    assert_told(page, state, arrays)
    assert page.locator(".convlib-sum").inner_text() == (
        "output[0, 0] = 0×1 + 2×1 + 4×1 + 14×1 + 16×1 + 18×1 + 28×1 + 30×1 + 32×1 = 144"
    )
    told = page.locator(".convlib-distance").inner_text()
    assert "a distance of 2 apart" in told
    assert "d − 1 = 1 cell, skipped" in told
    label = page.locator("td.gap").first.get_attribute("aria-label")
    assert label == "1, in a gap, not read, row 0, column 1"


def test_the_padding_that_is_named_keeps_the_size(visit):  # noqa: F811
    page = visit("dilation")
    press(page, "padding", "ArrowRight", "ArrowRight")
    _, arrays = assert_as_in_python(page, Dilation())
    assert arrays["output"].shape == (7, 7)


def test_an_odd_product_has_no_such_padding(visit):  # noqa: F811
    page = visit("oblong")
    press(page, "dilation", "Home", "ArrowRight", "ArrowRight")
    assert page.locator(".convlib-keeps").inner_text() == (
        "Rows: padding p = d(k − 1)/2 = 3 keeps the size. "
        "Columns: none of the paddings that are equal on both sides keeps the size, "
        "because d(k − 1) = 3 is odd."
    )


def test_play_back_next_and_a_chosen_output_move_the_window(visit):  # noqa: F811
    page = visit("dilation")
    page.get_by_role("button", name="Next").press("Enter")
    assert shown(page)[0]["step"] == 1
    page.get_by_role("button", name="Back").press("Enter")
    page.get_by_role("button", name="Back").press("Enter")
    assert shown(page)[0]["step"] == 0
    cell(page, "Output", 0, 0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert shown(page)[0]["step"] == 3
    press(page, "step", "End", "ArrowLeft")
    page.locator(".widget-play button").first.click()
    page.wait_for_function("document.querySelector('.convlib-explorer').explorer.state.step === 8")


def test_input_and_kernel_are_edited_and_what_is_no_number_is_said(visit):  # noqa: F811
    page = visit("dilation")
    press(page, "padding", "ArrowRight")
    cell(page, "Input", 1, 1).click()
    page.keyboard.type("-7")
    page.keyboard.press("Enter")
    cell(page, "Kernel", 2, 2).focus()
    page.keyboard.type("1/2")
    page.keyboard.press("Enter")
    state, _ = assert_as_in_python(page, Dilation())
    assert state["input"][0][0] == -7
    assert state["kernel"][2][2] == 0.5
    cell(page, "Input", 0, 0).click()  # an added zero
    assert page.locator("td input").count() == 0
    cell(page, "Kernel", 0, 0).click()
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    assert "“one” is not a number" in page.get_by_role("alert").inner_text()
    page.get_by_role("button", name="Reset").click()
    assert shown(page)[0]["input"][0][0] == 0


def test_two_in_a_page_are_independent(visit):  # noqa: F811
    page = visit("two")
    press(page, "padding", "End")
    press(page, "dilation", "End")
    press(page, "step", "End")
    state, arrays, _ = shown(page, 1)
    other = Dilation(MINE, KERNEL)
    assert (state["dilation"], state["padding"], state["step"]) == (2, 0, 0)
    np.testing.assert_allclose(arrays["output"], other.result, rtol=1e-6)


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_state_gives_the_array_shown(visit, library, capsys):  # noqa: F811
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = visit("oblong")
    for keys in [(), ("Home",), ("End",)]:
        press(page, "dilation", *keys)
        _, arrays, _ = shown(page)
        np.testing.assert_allclose(run(program(page, library))[0, 0], arrays["output"], rtol=1e-6)
    capsys.readouterr()  # programs print what they computed


@pytest.mark.parametrize(
    ("library", "words"), [("keras", "dilation_rate=(2, 2)"), ("jax", "rhs_dilation=(2, 2)")]
)
def test_the_code_for_other_libraries_is_python_with_the_state_in_it(visit, library, words):  # noqa: F811
    text = program(visit("dilation"), library)
    compile(text, "<program>", "exec")
    assert words in text


def test_a_link_restores_the_state(visit):  # noqa: F811
    page = visit("dilation")
    press(page, "padding", "ArrowRight", "ArrowRight")
    press(page, "dilation", "ArrowRight")
    press(page, "step", "ArrowRight", "ArrowRight")
    before = shown(page)
    address = link_of(page)
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function(READY)
    after = shown(page)
    assert after[0] == before[0]
    np.testing.assert_array_equal(after[1]["output"], before[1]["output"])


MALFORMED = {
    "dilation=1.5": "“dilation” is of the wrong kind",
    "speed=1": "there is no setting “speed”",
    "kernel=[]": "kernel must have from 1 to 7 rows",
    "kernel=[[1e30]]": "is not a number from",
    "input=[[1]]": "the kernel is larger than the input",
}


def test_a_malformed_link_is_ignored_with_a_note(visit):  # noqa: F811
    page = visit("dilation")
    before = shown(page)[0]
    label = page.evaluate("document.querySelector('.convlib-explorer').dataset.label")
    for fields, words in MALFORMED.items():
        page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&{fields}")
        settle(page)
        assert words in page.locator(".convlib-alert").inner_text(), fields
        assert shown(page)[0] == before
    page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&dilation=99&padding=-3&step=99")
    settle(page)
    state, _ = assert_as_in_python(page, Dilation())
    assert (state["dilation"], state["padding"], state["step"]) == (3, 0, 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(visit, theme):  # noqa: F811
    page = visit("dilation", width=360, theme=theme)
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    page.add_style_tag(content="html[data-theme=dark] body { background: #14181e; color: #e6edf3 }")
    press(page, "padding", "ArrowRight")
    page.add_script_tag(path=ROOT / "node_modules" / "axe-core" / "axe.min.js")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("(tags) => axe.run({ runOnly: tags })", tags)["violations"]
    assert not [(v["id"], v["help"], [n["html"][:200] for n in v["nodes"]]) for v in found]


def test_a_narrow_phone_needs_no_sideways_scrolling_and_targets_are_large(visit):  # noqa: F811
    page = visit("dilation", width=360, height=740)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.locator(".convlib-explorer :is(button, label, td[tabindex])").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect()).filter((r) => Math.min(r.width, r.height) < 24)"
    )
    assert not small


def test_the_state_is_spoken(visit):  # noqa: F811
    spoken = visit("dilation").locator(".convlib-spoken").inner_text()
    assert re.match(r"Window 1 of 9\. output\[0, 0\] = 144\. Dilation d = 2: .*Output 3 × 3\.$", spoken)
