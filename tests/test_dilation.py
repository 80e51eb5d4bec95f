"""Dilation: its numbers against conv2d, its refusals, and the taps and gaps that its page marks."""

import os
import re

import numpy as np
import pytest
from conftest import READY
from in_page import (
    assert_as_in_python,
    assert_ignored,
    cell,
    faults,
    follow,
    link_of,
    press,
    program,
    put_in_theme,
    run,
    shown,
)

import convlib
from convlib.explorers import Dilation
from convlib.shapes import effective_kernel_size, same_padding

GRID = np.arange(16.0).reshape(4, 4)
WEIGHT = np.array([[0, 1], [2, 3]])
OBLONG = np.arange(60.0).reshape(6, 10) / 4
KERNEL = np.array([[1, -2], [3, 0], [0.5, 1]])


# In Python


@pytest.mark.parametrize("padding", [0, 1, 4])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_dilation_shows_what_conv2d_returns(dilation, padding):
    explorer = Dilation(dilation=dilation, padding=padding)
    input = np.arange(49.0).reshape(1, 7, 7)
    expected = convlib.conv2d(input, np.ones((1, 1, 3, 3)), padding=padding, dilation=dilation)
    np.testing.assert_array_equal(explorer.result, expected[0])


def test_the_default_dilation_leaves_an_output_of_three_by_three():
    explorer = Dilation()
    assert explorer.result.shape == (3, 3)
    assert repr(explorer) == "<Dilation: a 3 × 3 kernel with dilation 2 spans 5 × 5 of 7 × 7 numbers>"
    assert "<caption>Kernel; dilation 2</caption>" in explorer.still()
    mine = Dilation(GRID, WEIGHT, dilation=3)
    np.testing.assert_array_equal(mine.result, [[0 * 0 + 1 * 3 + 2 * 12 + 3 * 15]])


def test_padding_makes_room_for_dilation():
    explorer = Dilation()
    sliders = dict(explorer.controls)
    assert (sliders["dilation"].min, sliders["dilation"].max, sliders["step"].max) == (1, 3, 8)
    explorer.update(padding=4, dilation=6)
    assert (sliders["padding"].min, sliders["padding"].max, sliders["step"].max) == (3, 4, 8)
    explorer.view.padding = 1  # as the page would send it, before the dilation that it implies
    assert explorer.state["dilation"] == 4
    assert explorer.result.shape == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"input": np.ones((13, 7))}, ValueError, "too big to show; at most 12 × 12"),
        ({"input": np.ones(7)}, ValueError, r"input must have shape \(rows, columns\)"),
        ({"input": np.full((7, 7), np.nan)}, ValueError, "input must be finite, got nan"),
        ({"kernel": [["a"]]}, TypeError, "kernel must hold real numbers"),
        ({"kernel": np.ones((2, 8))}, ValueError, "kernel of shape .* is too big to show"),
        ({"input": GRID, "kernel": np.ones((5, 1))}, ValueError, "the kernel, .* is larger than the input"),
        ({"dilation": 4}, ValueError, "dilation must be from 1 to 3 .* got 4"),
        ({"dilation": 0}, ValueError, "dilation must be from 1 to 3 .* got 0"),
        ({"dilation": 1.5}, TypeError, "dilation must be an integer, got 1.5"),
        ({"padding": 5}, ValueError, "padding must be from 0 to 4 .* got 5"),
        ({"controls": ("stride",)}, ValueError, "controls must be of .* got 'stride'"),
    ],
)
def test_dilation_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        Dilation(**arguments)


# In a page


def marked(page, mark):
    """The places of the cells that are marked so."""
    found = page.locator(f"td.{mark}").evaluate_all(
        "(all) => all.map((e) => [e.parentElement.rowIndex, e.cellIndex])"
    )
    return {tuple(place) for place in found}


def assert_told(page, state, arrays):
    """The marked cells, the sizes and the padding in the sentences are those of the state."""
    d, columns = state["dilation"], arrays["output"].shape[1]
    window = np.shape(state["kernel"])
    top, left = divmod(state["step"], columns)
    taps = {(top + i * d, left + j * d) for i in range(window[0]) for j in range(window[1])}
    effective = [effective_kernel_size(k, d) for k in window]
    spanned = {(top + i, left + j) for i in range(effective[0]) for j in range(effective[1])}
    assert marked(page, "window") == taps
    assert marked(page, "gap") == spanned - taps
    for k, size in zip(window, effective):
        assert f"{d}×({k} − 1) + 1 = {size}." in page.locator(".convlib-effective").inner_text()
        before, after = same_padding(k, d)
        kept = f"p = d(k − 1)/2 = {before} keeps the size"
        assert (kept if before == after else f"d(k − 1) = {before + after} is odd") in page.locator(
            ".convlib-keeps"
        ).inner_text()


@pytest.mark.parametrize(
    "arguments", [{}, {"input": OBLONG, "kernel": KERNEL, "padding": 1}], ids=["default", "oblong"]
)
def test_page_and_python_agree_and_the_sentences_are_true_wherever_the_sliders_go(show, arguments):
    explorer = Dilation(**arguments)
    page = show(explorer)
    rng = np.random.default_rng(1)
    visited = set()
    for _ in range(int(os.environ.get("CONVLIB_WALK") or 60)):
        key = str(rng.choice(["ArrowRight", "ArrowLeft", "Home", "End"], p=[0.5, 0.3, 0.1, 0.1]))
        name = str(rng.choice(["step", "dilation", "padding"], p=[0.2, 0.4, 0.4]))
        press(page, name, *[key] * int(rng.integers(1, 3)))
        state, arrays = assert_as_in_python(page, explorer)
        visited.add((state["dilation"], state["padding"]))
        assert_told(page, state, arrays)
    assert len(visited) > 8


def test_the_default_shows_nine_taps_sixteen_skipped_cells_and_both_distances(show):
    page = show(Dilation())
    state, arrays = assert_as_in_python(page, Dilation())
    assert arrays["output"].shape == (3, 3)
    assert (len(marked(page, "window")), len(marked(page, "gap"))) == (9, 16)
    assert_told(page, state, arrays)
    assert page.locator(".convlib-sum").inner_text() == (
        "output[0, 0] = 0×1 + 2×1 + 4×1 + 14×1 + 16×1 + 18×1 + 28×1 + 30×1 + 32×1 = 144"
    )
    told = page.locator(".convlib-distance").inner_text()
    assert "a distance of 2 apart" in told
    assert "d − 1 = 1 cell, skipped" in told
    label = page.locator("td.gap").first.get_attribute("aria-label")
    assert label == "1, in a gap, not read, row 0, column 1"
    spoken = page.locator(".convlib-spoken").inner_text()
    assert re.match(r"Window 1 of 9\. output\[0, 0\] = 144\. Dilation d = 2: .*Output 3 × 3\.$", spoken)


def test_the_padding_that_is_named_keeps_the_size(show):
    page = show(Dilation())
    assert "p = d(k − 1)/2 = 2 keeps the size" in page.locator(".convlib-keeps").inner_text()
    press(page, "padding", "ArrowRight", "ArrowRight")
    _, arrays = assert_as_in_python(page, Dilation())
    assert arrays["output"].shape == (7, 7)


def test_an_odd_product_has_no_such_padding(show):
    page = show(Dilation(OBLONG, KERNEL, padding=1))
    press(page, "dilation", "Home", "ArrowRight", "ArrowRight")
    assert page.locator(".convlib-keeps").inner_text() == (
        "Rows: padding p = d(k − 1)/2 = 3 keeps the size. "
        "Columns: none of the paddings that are equal on both sides keeps the size, "
        "because d(k − 1) = 3 is odd."
    )


def test_play_back_next_and_a_chosen_output_move_the_window(show):
    page = show(Dilation())
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


def test_input_and_kernel_are_edited_and_what_is_no_number_is_said(show):
    page = show(Dilation())
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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_when_gaps_reach_into_the_padding(show, theme):
    page = show(Dilation(padding=1), width=360, theme=theme)
    put_in_theme(page, theme)
    assert page.locator("td.gap.added").count()
    assert not faults(page)


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_state_gives_the_array_shown(show, library, capsys):
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = show(Dilation(OBLONG, KERNEL, padding=1))
    for keys in [(), ("Home",), ("End",)]:
        press(page, "dilation", *keys)
        _, arrays, _ = shown(page)
        np.testing.assert_allclose(run(program(page, library))[0, 0], arrays["output"], rtol=1e-6)
    capsys.readouterr()  # programs print what they computed


def test_the_code_for_other_libraries_has_the_dilation_in_it(show):
    page = show(Dilation())
    for library, words in {"keras": "dilation_rate=(2, 2)", "jax": "rhs_dilation=(2, 2)"}.items():
        text = program(page, library)
        compile(text, "<program>", "exec")
        assert words in text


def test_a_link_restores_the_window_in_the_padding(show):
    page = show(Dilation())
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
    "kernel=[]": "kernel must have 2 axes, of at most 7 × 7 numbers",
    "kernel=[[1e30]]": "is not a number from",
    "input=[[1]]": "the kernel is larger than the input",
}


def test_a_malformed_link_is_ignored_with_a_note_and_an_illegal_one_made_legal(show):
    page = show(Dilation())
    assert_ignored(page, MALFORMED)
    follow(page, "dilation=99&padding=-3&step=99")
    state, _ = assert_as_in_python(page, Dilation())
    assert (state["dilation"], state["padding"], state["step"]) == (3, 0, 0)
