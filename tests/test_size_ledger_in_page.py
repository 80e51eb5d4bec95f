"""SizeLedger in a page without Python."""

import os

import numpy as np
import pytest
import test_explorers_in_page as shared
from conftest import READY, ROOT, serve
from test_explorers_in_page import link_of, press, program, run, settle, shown, slider

from convlib import shapes
from convlib.explorers import SizeLedger

PAGES = {
    "ledger": lambda: [SizeLedger()],
    "large": lambda: [SizeLedger(224, 7, stride=2, padding=3)],
    "two": lambda: [SizeLedger(), SizeLedger(8, 3, stride=2)],
}
SETTINGS = ("input_size", "kernel_size", "stride", "padding", "dilation")
visit = shared.visit


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The address under which the pages are, one folder for each name."""
    folder = tmp_path_factory.mktemp("size_ledger")
    for name, make in PAGES.items():
        shared.write_page(folder / name, make())
    yield from serve(folder)


def rows(page, table, number=0):
    """The texts of a table: 0 is the ledger, 1 the paddings called same."""
    settle(page)
    explorer = page.locator(".convlib-explorer").nth(number)
    body = explorer.locator(".convlib-ledger").nth(table).locator("tbody tr")
    return [row.locator("th, td").all_inner_texts() for row in body.all()]


def assert_as_in_python(page, explorer, number=0):
    """What is on the screen is legal in Python too, and Python computes and counts the same from it."""
    state, arrays, by = shown(page, number)
    assert by == "page"
    assert explorer.legal(state) == state
    expected = explorer.compute(state)
    assert arrays.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=f"{name} of {state}")
    n, k, s, p, d = (state[name] for name in SETTINGS)
    size = shapes.output_size(n, k, s, p, d)
    assert [row[2] for row in rows(page, 0, number)][-1] == str(size) == str(len(arrays["output"]))
    same = rows(page, 1, number)
    before, after = shapes.tensorflow_same_padding(n, k, s, d)
    assert same[0][3] == f"{before}, {after}"
    assert same[1][3] == str(-(-n // s))
    torch = "{}, {}".format(*shapes.same_padding(k, d)) if s == 1 else "only with stride 1"
    assert same[0][2] == torch
    assert same[1][2] == (str(n) if s == 1 else "–")
    unread = n + 2 * p - d * (k - 1) - 1 - (size - 1) * s
    words = (
        page.locator(".convlib-explorer").nth(number).locator(".convlib-axis + .convlib-caption").inner_text()
    )
    assert (f"{unread} cell" in words) == (unread > 0)
    # an element that is read by no window although it is not at the end
    skipped = np.count_nonzero(arrays["reads"] == 0) - unread
    assert (f"{skipped} cell" in words.split(".")[1]) == (skipped > 0)
    return state, arrays


@pytest.mark.parametrize("name", ["ledger", "large"])
def test_page_and_python_agree_wherever_the_sliders_go(visit, name):
    page, explorer = visit(name), PAGES[name]()[0]
    rng = np.random.default_rng(0)
    visited = set()
    for _ in range(int(os.environ.get("CONVLIB_WALK", 60))):
        keys = ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End"]
        press(page, str(rng.choice(SETTINGS)), *[str(rng.choice(keys))] * int(rng.integers(1, 4)))
        state, _ = assert_as_in_python(page, explorer)
        visited.add(tuple(state[name] for name in SETTINGS))
        for control, (low, high) in explorer.bounds(state).items():
            assert float(slider(page, control).get_attribute("aria-valuenow")) == state[control]
            assert (low, high) == shared.bounds_of(page, control)
    assert len(visited) > 25


def test_the_formula_is_written_out_term_by_term(visit):
    page = visit("ledger")
    assert [row[1:] for row in rows(page, 0)] == [
        ["6 + 2·0", "6"],
        ["6 − 1·(3 − 1) − 1", "3"],
        ["3 / 2", "1 + 1/2"],
        ["⌊1 + 1/2⌋", "1"],
        ["1 + 1", "2"],
    ]
    assert page.locator(".convlib-sum").inner_text() == "⌊(6 + 2·0 − 1·(3 − 1) − 1) / 2⌋ + 1 = 2"
    caption = page.locator(".convlib-axis + .convlib-caption")
    assert caption.inner_text() == "1 cell at the end is never read: 1 of the input."
    press(page, "padding", "ArrowRight")
    assert caption.inner_text() == "1 cell at the end is never read: 1 of the padding."
    press(page, "input_size", "ArrowRight")
    assert caption.inner_text() == "The last window ends where the padded input ends."
    assert rows(page, 0)[2][1:] == ["6 / 2", "3"]


def test_the_axis_shows_cells_windows_and_what_is_unread(visit):
    page = visit("ledger")
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


def test_same_of_tensorflow_and_of_pytorch_stand_beside_each_other(visit):
    page = visit("two")
    assert rows(page, 1, 1) == [
        ["Added before, after", "0, 0", "only with stride 1", "0, 1"],
        ["Output size", "3", "–", "4"],
        ["First window starts at", "0", "–", "0"],
    ]
    page = visit("large")
    assert [row[3] for row in rows(page, 1)] == ["2, 3", "112", "−2"]
    assert [row[1] for row in rows(page, 1)] == ["3, 3", "112", "−3"]
    press(page, "stride", "ArrowLeft")
    assert [row[2] for row in rows(page, 1)] == ["3, 3", "224", "−3"]


def test_two_ledgers_in_a_page_are_independent(visit):
    page = visit("two")
    press(page, "stride", "ArrowRight")
    press(page, "input_size", "ArrowRight")
    state, _ = assert_as_in_python(page, PAGES["two"]()[1], 1)
    assert (state["input_size"], state["stride"]) == (8, 2)
    assert shown(page)[0]["stride"] == 3
    page.get_by_role("button", name="Reset").first.click()
    assert shown(page)[0]["stride"] == 2


def test_the_size_is_spoken(visit):
    page = visit("ledger")
    press(page, "padding", "ArrowRight")
    words = "Output size 3. 1 cell at the end is never read: 1 of the padding."
    page.locator(".convlib-spoken").filter(has_text=words).wait_for(state="attached")


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_state_gives_the_array_shown(visit, library, capsys):
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = visit("ledger")
    for name in ("input_size", "padding", "dilation", "stride"):
        press(page, name, "ArrowRight", "ArrowRight")
        _, arrays, _ = shown(page)
        np.testing.assert_array_equal(run(program(page, library))[0, 0], arrays["output"])
    capsys.readouterr()  # programs print what they computed


@pytest.mark.parametrize("library", ["keras", "jax"])
def test_the_code_for_other_libraries_is_python_with_the_state_in_it(visit, library):
    page = visit("ledger")
    text = program(page, library)
    compile(text, "<program>", "exec")
    assert "np.ones((1, 1, 6), np.float32)" in text
    assert "(2,)" in text


def test_a_link_restores_the_state(visit):
    page = visit("large")
    press(page, "stride", "ArrowRight")
    press(page, "kernel_size", "ArrowLeft", "ArrowLeft")
    before = shown(page)
    link_of(page)
    page.reload()
    page.wait_for_function(READY)
    after = shown(page)
    assert after[0] == before[0]
    np.testing.assert_array_equal(after[1]["output"], before[1]["output"])


def test_a_malformed_link_is_ignored_with_a_note_and_an_illegal_one_made_legal(visit):
    page = visit("ledger")
    before = shown(page)[0]
    label = page.evaluate("document.querySelector('.convlib-explorer').dataset.label")
    go = lambda fields: page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&{fields}")  # noqa: E731
    malformed = {"stride=1.5": "“stride” is of the wrong kind", "largest=999": "slider ends at 1 to 256"}
    for fields, words in malformed.items():
        go(fields)
        settle(page)
        assert words in page.locator(".convlib-alert").first.inner_text(), fields
        assert shown(page)[0] == before
    go("kernel_size=99&dilation=9&stride=0&padding=-4&input_size=4")
    state, _ = assert_as_in_python(page, SizeLedger())
    assert [state[name] for name in SETTINGS] == [4, 4, 1, 0, 1]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["ledger", "large"])
def test_axe_finds_nothing(visit, name, theme):
    page = visit(name, width=360, theme=theme)
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    page.add_style_tag(content="html[data-theme=dark] body { background: #14181e; color: #e6edf3 }")
    page.add_script_tag(path=ROOT / "node_modules" / "axe-core" / "axe.min.js")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    press(page, "padding", "ArrowRight")
    found = page.evaluate("(tags) => axe.run({ runOnly: tags })", tags)["violations"]
    assert not [(v["id"], v["help"], [n["html"][:200] for n in v["nodes"]]) for v in found]


@pytest.mark.parametrize("name", ["ledger", "large"])
def test_a_narrow_phone_needs_no_sideways_scrolling(visit, name):
    page = visit(name, width=360, height=740)
    press(page, "dilation", "End")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    tables = page.locator(".convlib-table")
    assert tables.evaluate_all("(all) => all.every((e) => e.scrollWidth <= e.clientWidth)")
