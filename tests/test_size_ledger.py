"""SizeLedger: its counts against every window, its refusals, and the formula and windows of its page."""

import os

import numpy as np
import pytest
from conftest import READY
from in_page import (
    assert_as_in_python,
    assert_ignored,
    faults,
    follow,
    link_of,
    press,
    program,
    put_in_theme,
    run,
    settle,
    shown,
)

from convlib import shapes
from convlib.explorers import SizeLedger

SETTINGS = ("input_size", "kernel_size", "stride", "padding", "dilation")
LARGE = {"input_size": 224, "kernel_size": 7, "stride": 2, "padding": 3}


# In Python


def test_the_default_ledger_leaves_one_column_unread():
    ledger = SizeLedger()
    assert (ledger.size, ledger.unread) == (2, 1)
    np.testing.assert_array_equal(ledger.result, [3, 3])
    np.testing.assert_array_equal(ledger.compute(ledger.state)["reads"], [1, 1, 2, 1, 1, 0])


@pytest.mark.parametrize(
    ("n", "k", "s", "p", "d"),
    [(6, 3, 2, 0, 1), (5, 3, 1, 1, 1), (8, 3, 2, 1, 2), (224, 7, 2, 3, 1), (4, 2, 3, 0, 1), (1, 1, 4, 2, 1)],
)
def test_size_ledger_counts_what_every_window_reads(n, k, s, p, d):
    ledger = SizeLedger(n, k, stride=s, padding=p, dilation=d)
    size = shapes.output_size(n, k, s, p, d)
    windows = [np.arange(k) * d + i * s for i in range(size)]  # in the padded input
    expected = [np.count_nonzero((at >= p) & (at < p + n)) for at in windows]
    np.testing.assert_array_equal(ledger.result, expected)
    reads = np.bincount(np.concatenate(windows), minlength=n + 2 * p)
    np.testing.assert_array_equal(ledger.compute(ledger.state)["reads"], reads)
    assert ledger.size == size
    assert ledger.unread == n + 2 * p - 1 - max(at[-1] for at in windows)


def test_every_setting_of_the_ledger_is_bounded_so_that_the_window_fits():
    ledger = SizeLedger()
    sliders = dict(ledger.controls)
    limits = lambda name: (sliders[name].min, sliders[name].max)  # noqa: E731
    assert limits("input_size") == (3, 32)
    assert limits("kernel_size") == (1, 6)
    assert limits("dilation") == (1, 2)
    ledger.update(padding=1, dilation=3)
    assert limits("input_size") == (5, 32)
    assert limits("padding") == (1, 8)
    assert limits("kernel_size") == (1, 3)
    large = SizeLedger(224, 7, padding=3)
    assert dict(large.controls)["input_size"].max == 224
    ledger.input_size = 100
    assert limits("input_size") == (5, 100)


def test_a_halfway_state_of_the_ledger_shrinks_the_dilation_and_then_the_kernel():
    ledger = SizeLedger(9, 5, dilation=2)
    ledger.view.input_size = 5
    assert (ledger.state["kernel_size"], ledger.state["dilation"]) == (5, 1)
    ledger.view.input_size = 2
    assert (ledger.state["kernel_size"], ledger.state["dilation"]) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"input_size": 0}, ValueError, "input_size must be from 1 to 32 .* got 0"),
        ({"input_size": 257}, ValueError, "input_size must be .* got 257"),
        ({"input_size": 6.0}, TypeError, "input_size must be an integer, got 6.0"),
        ({"input_size": True}, TypeError, "input_size must be an integer, got True"),
        ({"input_size": 2}, ValueError, "kernel_size must be from 1 to 2 .* got 3"),
        ({"kernel_size": 7}, ValueError, "kernel_size must be from 1 to 6 .* got 7"),
        ({"kernel_size": 0}, ValueError, "kernel_size must be from 1 to 6 .* got 0"),
        ({"dilation": 3}, ValueError, "dilation must be from 1 to 2 .* got 3"),
        ({"stride": 17}, ValueError, "stride must be from 1 to 16 .* got 17"),
        ({"padding": 9}, ValueError, "padding must be from 0 to 8 .* got 9"),
        ({"padding": "same"}, TypeError, "padding must be an integer, got 'same'"),
        ({"controls": ("speed",)}, ValueError, "controls must be of .* got 'speed'"),
    ],
)
def test_size_ledger_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        SizeLedger(**arguments)


def test_the_still_picture_of_the_ledger_has_the_formula_and_the_reads():
    still = SizeLedger().still()
    assert "⌊(6 + 2·0 − 1·(3 − 1) − 1) / 2⌋ + 1 = 2" in still
    assert "TensorFlow's same adds 0 before and 1 after." in still
    assert "PyTorch's adds 1 before and 1 after." in SizeLedger(stride=1).still()
    assert "<caption>Windows that read each element" in still
    assert repr(SizeLedger()) == "<SizeLedger: input 6, kernel 3, stride 2, padding 0, dilation 1: output 2>"


# In a page


def rows(page, table):
    """The texts of a table: 0 is the ledger, 1 the paddings called same."""
    settle(page)
    body = page.locator(".convlib-ledger").nth(table).locator("tbody tr")
    return [row.locator("th, td").all_inner_texts() for row in body.all()]


def unread_note(page):
    return page.locator(".convlib-axis + .convlib-caption").inner_text()


def assert_told(page, state, arrays):
    """The sizes, the paddings called same and the cells that are said to be unread are those of the state."""
    n, k, s, p, d = (state[name] for name in SETTINGS)
    size = shapes.output_size(n, k, s, p, d)
    assert [row[2] for row in rows(page, 0)][-1] == str(size) == str(len(arrays["output"]))
    same = rows(page, 1)
    before, after = shapes.tensorflow_same_padding(n, k, s, d)
    assert same[0][3] == f"{before}, {after}"
    assert same[1][3] == str(-(-n // s))
    torch = "{}, {}".format(*shapes.same_padding(k, d)) if s == 1 else "only with stride 1"
    assert same[0][2] == torch
    assert same[1][2] == (str(n) if s == 1 else "–")
    unread = n + 2 * p - d * (k - 1) - 1 - (size - 1) * s
    words = unread_note(page)
    assert (f"{unread} cell" in words) == (unread > 0)
    # an element that is read by no window although it is not at the end
    skipped = np.count_nonzero(arrays["reads"] == 0) - unread
    assert (f"{skipped} cell" in words.split(".")[1]) == (skipped > 0)


@pytest.mark.parametrize("arguments", [{}, LARGE], ids=["default", "large"])
def test_page_and_python_agree_and_the_sentences_are_true_wherever_the_sliders_go(show, arguments):
    explorer = SizeLedger(**arguments)
    page = show(explorer)
    rng = np.random.default_rng(0)
    visited = set()
    for _ in range(int(os.environ.get("CONVLIB_WALK") or 60)):
        keys = ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End"]
        press(page, str(rng.choice(SETTINGS)), *[str(rng.choice(keys))] * int(rng.integers(1, 4)))
        state, arrays = assert_as_in_python(page, explorer, rtol=0)
        assert_told(page, state, arrays)
        visited.add(tuple(state[name] for name in SETTINGS))
    assert len(visited) > 25


def test_the_formula_is_written_out_term_by_term(show):
    page = show(SizeLedger())
    assert [row[1:] for row in rows(page, 0)] == [
        ["6 + 2·0", "6"],
        ["6 − 1·(3 − 1) − 1", "3"],
        ["3 / 2", "1 + 1/2"],
        ["⌊1 + 1/2⌋", "1"],
        ["1 + 1", "2"],
    ]
    assert page.locator(".convlib-sum").inner_text() == "⌊(6 + 2·0 − 1·(3 − 1) − 1) / 2⌋ + 1 = 2"
    assert unread_note(page) == "1 cell at the end is never read: 1 of the input."
    press(page, "padding", "ArrowRight")
    assert unread_note(page) == "1 cell at the end is never read: 1 of the padding."
    spoken = page.locator(".convlib-spoken")
    words = "Output size 3. 1 cell at the end is never read: 1 of the padding."
    spoken.filter(has_text=words).wait_for(state="attached")
    press(page, "input_size", "ArrowRight")
    assert unread_note(page) == "The last window ends where the padded input ends."
    assert rows(page, 0)[2][1:] == ["6 / 2", "3"]


def test_what_has_no_control_and_no_effect_is_not_spoken_of(show):
    explorer = SizeLedger(controls=("input_size", "kernel_size", "stride"))
    page = show(explorer)
    assert rows(page, 0)[1] == ["− k: how far the window moves", "6 − 3", "3"]
    assert page.locator(".convlib-sum").inner_text() == "⌊(6 + 2·0 − 3) / 2⌋ + 1 = 2"
    assert not page.locator(".convlib-ledger").last.is_visible()
    assert "same" not in page.locator(".convlib-spoken").inner_text()
    still = explorer.still()
    assert "⌊(6 + 2·0 − 3) / 2⌋ + 1 = 2" in still and "same" not in still
    page = show(SizeLedger(9, 3, padding=1, dilation=2, controls=("stride",)))
    assert rows(page, 0)[1][1:] == ["11 − 2·(3 − 1) − 1", "6"]
    assert rows(page, 1)[0][1] == "1, 1"


def test_the_axis_shows_cells_windows_and_what_is_unread(show):
    page = show(SizeLedger())
    axis = page.get_by_role("img")
    assert axis.get_attribute("aria-label") == (
        "6 cells of input, 0 of padding on each side; 2 windows of 3 cells, 2 apart. "
        "1 cell at the end is never read: 1 of the input."
    )
    pieces = lambda name: axis.locator(f".convlib-{name}").evaluate_all(  # noqa: E731
        "(all) => all.map((e) => e.getAttribute('d').split('M').length - 1)"
    )
    assert axis.locator("text").all_text_contents() == [*"012345", "output 0", "output 1"]
    assert (pieces("own"), pieces("unread"), pieces("added"), pieces("bar")) == ([5], [1], [], [2])
    press(page, "padding", "ArrowRight", "ArrowRight")
    press(page, "dilation", "ArrowRight")
    _, arrays, _ = shown(page)
    assert pieces("bar") == [len(arrays["output"])]
    assert pieces("tap") == [3 * len(arrays["output"])]
    assert axis.locator("text").all_text_contents() == [*"012345"]


def test_same_of_tensorflow_and_of_pytorch_stand_beside_each_other(show):
    page = show(SizeLedger(8, 3, stride=2))
    assert rows(page, 1) == [
        ["Added before, after", "0, 0", "only with stride 1", "0, 1"],
        ["Output size", "3", "–", "4"],
        ["First window starts at", "0", "–", "0"],
    ]
    page = show(SizeLedger(**LARGE))
    assert [row[3] for row in rows(page, 1)] == ["2, 3", "112", "−2"]
    assert [row[1] for row in rows(page, 1)] == ["3, 3", "112", "−3"]
    press(page, "stride", "ArrowLeft")
    assert [row[2] for row in rows(page, 1)] == ["3, 3", "224", "−3"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("arguments", [{}, LARGE], ids=["default", "large"])
def test_axe_finds_nothing_when_padding_is_drawn(show, arguments, theme):
    page = show(SizeLedger(**arguments), width=360, theme=theme)
    put_in_theme(page, theme)
    press(page, "padding", "ArrowRight")
    assert not faults(page)


@pytest.mark.parametrize("arguments", [{}, LARGE], ids=["default", "large"])
def test_the_tables_fit_a_narrow_phone(show, arguments):
    page = show(SizeLedger(**arguments), width=360, height=740)
    press(page, "dilation", "End")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    tables = page.locator(".convlib-table")
    assert tables.evaluate_all("(all) => all.every((e) => e.scrollWidth <= e.clientWidth)")


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_state_gives_the_array_shown(show, library, capsys):
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = show(SizeLedger())
    for name in ("input_size", "padding", "dilation", "stride"):
        press(page, name, "ArrowRight", "ArrowRight")
        _, arrays, _ = shown(page)
        np.testing.assert_array_equal(run(program(page, library))[0, 0], arrays["output"])
    capsys.readouterr()  # programs print what they computed


def test_the_code_for_other_libraries_has_the_sizes_in_it(show):
    page = show(SizeLedger())
    for library in ("keras", "jax"):
        text = program(page, library)
        compile(text, "<program>", "exec")
        assert "np.ones((1, 1, 6), np.float32)" in text
        assert "(2,)" in text


def test_a_link_restores_a_large_ledger(show):
    page = show(SizeLedger(**LARGE))
    press(page, "stride", "ArrowRight")
    press(page, "kernel_size", "ArrowLeft", "ArrowLeft")
    before = shown(page)
    link_of(page)
    page.reload()
    page.wait_for_function(READY)
    after = shown(page)
    assert after[0] == before[0]
    np.testing.assert_array_equal(after[1]["output"], before[1]["output"])


MALFORMED = {"stride=1.5": "“stride” is of the wrong kind", "largest=999": "slider ends at 1 to 256"}


def test_a_malformed_link_is_ignored_with_a_note_and_an_illegal_one_made_legal(show):
    page = show(SizeLedger())
    assert_ignored(page, MALFORMED)
    follow(page, "kernel_size=99&dilation=9&stride=0&padding=-4&input_size=4")
    state, _ = assert_as_in_python(page, SizeLedger())
    assert [state[name] for name in SETTINGS] == [4, 4, 1, 0, 1]
