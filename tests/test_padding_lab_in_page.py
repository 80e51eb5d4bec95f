"""PaddingLab in a page without Python."""

import os

import numpy as np
import pytest
import test_explorers_in_page as shared
from conftest import READY, ROOT, serve
from test_explorers_in_page import choose, link_of, press, program, run, settle, shown, slider

from convlib.explorers import PaddingLab

PAGES = {
    "lab": lambda: [PaddingLab()],
    "tall": lambda: [PaddingLab(np.arange(6.0).reshape(3, 2), padding=1, kernel_size=2, selected=())],
    "two": lambda: [PaddingLab(), PaddingLab(np.arange(25.0).reshape(5, 5), padding=0, mode="reflect")],
}
visit = shared.visit


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The address under which the pages are, one folder for each name."""
    folder = tmp_path_factory.mktemp("padding_lab")
    for name, make in PAGES.items():
        shared.write_page(folder / name, make())
    yield from serve(folder)


def block(page, mode, number=0):
    """The part of an explorer that is about one mode."""
    explorer = page.locator(".convlib-explorer").nth(number)
    return explorer.locator(".convlib-border").nth(shared.MODES.index(mode))


def cell(page, mode, row, column, padding=2):
    """A cell by its place in the input; the border lies outside."""
    return block(page, mode).locator("tr").nth(row + padding).locator("td").nth(column + padding)


def note(page, mode, number=0):
    settle(page)
    return block(page, mode, number).locator(".convlib-caption").inner_text()


def assert_as_in_python(page, explorer, number=0):
    """What is on the screen is legal in Python too, and Python computes the same from it."""
    state, arrays, by = shown(page, number)
    assert by == "page"
    twin = explorer.legal(state)
    assert twin == state
    expected = explorer.compute(twin)
    assert arrays.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=f"{name} of {state}")
    return state, arrays


@pytest.mark.parametrize("name", ["lab", "tall"])
def test_page_and_python_agree_wherever_the_sliders_go(visit, name):
    page, explorer = visit(name), PAGES[name]()[0]
    rng = np.random.default_rng(0)
    visited = set()
    for _ in range(int(os.environ.get("CONVLIB_WALK", 60))):
        setting = rng.choice(["padding", "kernel_size", "mode"])
        if setting == "mode":
            choose(page, setting, str(rng.choice(shared.MODES)))
        else:
            key = str(rng.choice(["ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End"]))
            press(page, setting, *[key] * int(rng.integers(1, 4)))
        state, _ = assert_as_in_python(page, explorer)
        visited.add((state["padding"], state["kernel_size"], state["mode"]))
        for control, (low, high) in explorer.bounds(state).items():
            assert float(slider(page, control).get_attribute("aria-valuenow")) == state[control]
            assert (low, high) == shared.bounds_of(page, control)
    assert len(visited) > 12


def test_each_table_shows_its_numbers_and_a_mode_beyond_its_limit_the_reason(visit):
    page = visit("lab")
    assert cell(page, "reflect", -2, -2).inner_text() == "10"
    assert cell(page, "replicate", -2, -2).inner_text() == "0"
    assert cell(page, "circular", -2, -2).inner_text() == "10"
    assert cell(page, "zeros", -1, 2).inner_text() == "0"
    press(page, "padding", "ArrowRight")
    reason = "reflect mirrors without repeating the border, so p must be smaller than 4."
    assert note(page, "reflect").endswith(f"p = 3 is the most here: {reason}")
    press(page, "padding", "ArrowRight")
    assert note(page, "reflect") == reason
    assert not block(page, "reflect").locator("table").is_visible()
    assert block(page, "circular").locator("table").is_visible()
    press(page, "padding", "ArrowRight")
    assert note(page, "circular") == "circular wraps around at most once, so p must be at most 4."
    assert block(page, "circular").locator(".convlib-mode").is_visible()
    for mode in ("zeros", "replicate"):
        assert block(page, mode).locator("td").count() == 14 * 14
    choose(page, "mode", "reflect")
    assert shown(page)[0]["padding"] == 3
    assert block(page, "reflect").locator("table").is_visible()


def test_a_border_cell_shows_its_source_in_every_mode(visit):
    page = visit("lab")
    assert note(page, "zeros") == "row −1, column 2 is an added 0."
    assert note(page, "reflect") == "row −1, column 2 copies row 1, column 2."
    assert note(page, "replicate") == "row −1, column 2 copies row 0, column 2."
    assert note(page, "circular") == "row −1, column 2 copies row 3, column 2."
    cell(page, "circular", 5, -2).click()
    assert note(page, "reflect") == "row 5, column −2 copies row 1, column 2."
    for mode, (row, column) in {"reflect": (1, 2), "replicate": (3, 0), "circular": (1, 2)}.items():
        assert "current" in cell(page, mode, row, column).get_attribute("class")
        assert block(page, mode).locator("td.current").count() == 1
        assert "copied by the selected cell, row" in cell(page, mode, row, column).get_attribute("aria-label")
    assert block(page, "zeros").locator("td.current").count() == 0
    spoken = page.locator(".convlib-spoken")
    spoken.filter(has_text="circular: row 5, column −2 copies row 1, column 2.").wait_for(state="attached")


def test_every_border_cell_holds_what_its_sentence_says(visit):
    page = visit("tall")
    input = np.arange(6.0).reshape(3, 2)
    for mode in ("reflect", "replicate", "circular"):
        for row in range(-1, 4):
            for column in range(-1, 3):
                if 0 <= row < 3 and 0 <= column < 2:
                    continue
                cell(page, mode, row, column, 1).click()
                words = note(page, mode).replace(".", "").split("copies row ")[1].split(", column ")
                source = input[int(words[0]), int(words[1].split()[0])]
                assert float(cell(page, mode, row, column, 1).inner_text()) == source


def test_a_cell_is_chosen_with_the_keyboard_and_escape_forgets_it(visit):
    page = visit("lab")
    block(page, "reflect").locator("td[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert note(page, "reflect") == "row −2, column 0 copies row 2, column 0."
    page.keyboard.press("Escape")
    assert note(page, "reflect") == ""
    assert page.locator("td.current, td.selected").count() == 0


def test_an_input_cell_shows_its_copies_and_is_edited_in_place(visit):
    page, explorer = visit("lab"), PaddingLab()
    cell(page, "replicate", 0, 0).click()
    assert note(page, "replicate") == "row 0, column 0 has 8 copies in the border."
    assert note(page, "zeros") == "row 0, column 0 has no copies in the border."
    assert block(page, "replicate").locator("td.window").count() == 8
    cell(page, "replicate", 0, 0).click()
    page.keyboard.type("-3")
    page.keyboard.press("Enter")
    state, arrays = assert_as_in_python(page, explorer)
    assert state["input"][0][0] == -3
    assert (arrays["replicate"][:3, :3] == -3).all()
    cell(page, "replicate", -1, -1).click()
    page.keyboard.press("5")
    assert page.locator("td input").count() == 0
    page.get_by_role("button", name="Reset").click()
    assert shown(page)[0]["input"][0][0] == 0


def test_the_reads_are_counted_in_the_cells(visit):
    page = visit("two")
    reads = page.locator(".convlib-explorer").nth(1).locator(".convlib-numbers").last
    numbers = reads.locator("td").all_inner_texts()
    assert numbers[:5] == ["1", "2", "3", "2", "1"]
    assert numbers[12] == "9"
    said = page.locator(".convlib-sum").nth(1).inner_text()
    assert said.endswith(" p = 0. A corner is read once, the most read cells 9 times.")
    assert page.locator(".convlib-sum").first.inner_text().endswith("Every input cell is read 9 times.")


def test_two_labs_in_a_page_are_independent(visit):
    page = visit("two")
    press(page, "padding", "End")
    cell(page, "zeros", -3, 1, 5).click()
    state, _ = assert_as_in_python(page, PAGES["two"]()[1], 1)
    assert (state["padding"], state["mode"], state["selected"]) == (0, "reflect", [-1, 2])
    assert shown(page)[0]["selected"] == [-3, 1]


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_state_gives_the_array_shown(visit, library, capsys):
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = visit("lab")
    for mode in shared.MODES:
        choose(page, "mode", mode)
        for key in ("End", "Home", "ArrowRight"):
            press(page, "padding", key)
            _, arrays, _ = shown(page)
            np.testing.assert_array_equal(run(program(page, library))[0, 0], arrays["output"])
    capsys.readouterr()  # programs print what they computed


@pytest.mark.parametrize("library", ["keras", "jax"])
def test_the_code_for_other_libraries_is_python_with_the_state_in_it(visit, library):
    page = visit("lab")
    choose(page, "mode", "circular")
    text = program(page, library)
    compile(text, "<program>", "exec")
    assert '.pad(input, [(0, 0), (0, 0), (2, 2), (2, 2)], mode="wrap")' in text


def test_a_link_restores_the_state(visit):
    page = visit("lab")
    press(page, "padding", "ArrowRight")
    press(page, "kernel_size", "ArrowLeft")
    choose(page, "mode", "circular")
    cell(page, "circular", -3, 4, 3).click()
    before = shown(page)
    assert before[0]["selected"] == [-3, 4]
    link_of(page)
    page.reload()
    page.wait_for_function(READY)
    after = shown(page)
    assert after[0] == before[0]
    np.testing.assert_array_equal(after[1]["output"], before[1]["output"])


MALFORMED = {
    "padding=1.5": "“padding” is of the wrong kind",
    'mode="mirror"': "“mode” is none of zeros",
    "input=[]": "input must have from 1 to 8 rows",
    "input=[[1,2],[3]]": "“input” is of the wrong kind",
    "input=[[1e9]]": "is not a number from",
    "selected=[-6,0]": "the selected number is not in the input",
    "selected=[1]": "the selected number is not in the input",
    "selected=[0.5,0]": "the selected number is not in the input",
}


def test_a_malformed_link_is_ignored_with_a_note(visit):
    page = visit("lab")
    before = shown(page)[0]
    label = page.evaluate("document.querySelector('.convlib-explorer').dataset.label")
    for fields, words in MALFORMED.items():
        page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&{fields}")
        settle(page)
        assert words in page.locator(".convlib-alert").first.inner_text(), fields
        assert shown(page)[0] == before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(visit, theme):
    page = visit("lab", width=360, theme=theme)
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    page.add_style_tag(content="html[data-theme=dark] body { background: #14181e; color: #e6edf3 }")
    page.add_script_tag(path=ROOT / "node_modules" / "axe-core" / "axe.min.js")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    press(page, "padding", "Home", "ArrowRight")
    for keys in [(), ("End",)]:
        press(page, "padding", *keys)
        found = page.evaluate("(tags) => axe.run({ runOnly: tags })", tags)["violations"]
        assert not [(v["id"], v["help"], [n["html"][:200] for n in v["nodes"]]) for v in found]


def test_a_narrow_phone_needs_no_sideways_scrolling_and_targets_are_large(visit):
    page = visit("lab", width=360, height=740)
    press(page, "padding", "End")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.locator(".convlib-explorer :is(button, label, td[tabindex])").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect())"
        ".filter((r) => r.width && Math.min(r.width, r.height) < 24)"
    )
    assert not small
