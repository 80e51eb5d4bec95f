"""PaddingLab: its numbers against NumPy, its refusals, and where its page says each number comes from."""

import os

import numpy as np
import pytest
from conftest import READY
from in_page import (
    assert_as_in_python,
    assert_ignored,
    choose,
    faults,
    link_of,
    press,
    program,
    put_in_theme,
    run,
    settle,
    shown,
    small_targets,
)

from convlib.explorers import PaddingLab
from convlib.shapes import largest_padding

GRID = np.arange(16.0).reshape(4, 4)
TALL = np.arange(6.0).reshape(3, 2)
MODES = ("zeros", "reflect", "replicate", "circular")


# In Python


@pytest.mark.parametrize("padding", range(6))
@pytest.mark.parametrize("mode", MODES)
def test_padding_lab_shows_what_pad_returns_in_every_mode_that_allows_it(mode, padding):
    limit = largest_padding(4, mode)
    if limit is not None and padding > limit:
        assert mode not in PaddingLab(GRID, padding=padding).compute(PaddingLab(GRID, padding=padding).state)
        with pytest.raises(ValueError, match=f"padding must be from 0 to {limit} .* got {padding}"):
            PaddingLab(GRID, padding=padding, mode=mode)
        return
    explorer = PaddingLab(GRID, padding=padding, mode=mode)
    names = {"zeros": "constant", "replicate": "edge", "circular": "wrap"}
    np.testing.assert_array_equal(explorer.result, np.pad(GRID, padding, mode=names.get(mode, mode)))
    np.testing.assert_array_equal(explorer.compute(explorer.state)[mode], explorer.result)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_padding_lab_counts_the_windows_that_read_each_element(size, padding):
    explorer = PaddingLab(np.zeros((5, 4)), padding=padding, kernel_size=size)
    counts = np.zeros((5 + 2 * padding, 4 + 2 * padding))
    for row in range(counts.shape[0] - size + 1):
        for column in range(counts.shape[1] - size + 1):
            counts[row : row + size, column : column + size] += 1
    np.testing.assert_array_equal(explorer.reads, counts[padding : padding + 5, padding : padding + 4])


def test_padding_two_lets_a_kernel_of_three_read_every_element_nine_times():
    reads = lambda padding: PaddingLab(np.zeros((5, 5)), padding=padding).reads  # noqa: E731
    assert (reads(0)[0, 0], reads(0)[2, 2]) == (1, 9)
    assert (reads(1)[0, 0], reads(1)[0, 2], reads(1)[2, 2]) == (4, 6, 9)
    assert (reads(2) == 9).all()


def test_the_chosen_mode_and_the_kernel_bound_the_padding():
    explorer = PaddingLab(GRID, padding=2)
    sliders = dict(explorer.controls)
    assert (sliders["padding"].min, sliders["padding"].max) == (0, 5)
    explorer.update(mode="reflect", kernel_size=5)
    assert (sliders["padding"].min, sliders["padding"].max) == (1, 3)
    explorer.update(mode="circular", padding=4)
    assert sliders["padding"].max == 4
    explorer.view.mode = 1  # as the page would send it, before the padding that it implies
    assert explorer.state["padding"] == 3
    line = PaddingLab([[1, 2]], padding=0, kernel_size=1)
    assert line.bounds(line.state)["padding"] == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            {"input": np.ones((9, 4))},
            ValueError,
            r"input of shape \(9, 4\) is too big to show; at most 8 × 8",
        ),
        ({"input": np.ones(4)}, ValueError, r"input must have shape \(rows, columns\)"),
        ({"input": [[1, np.inf]]}, ValueError, "input must be finite, got inf"),
        ({"input": [["a"]]}, TypeError, "input must hold real numbers"),
        ({"padding": 6}, ValueError, "padding must be from 0 to 5 .* got 6"),
        ({"padding": -1}, ValueError, "padding must be from 0 to 5 .* got -1"),
        ({"padding": 4, "mode": "reflect"}, ValueError, "padding must be from 0 to 3 .* got 4"),
        ({"padding": 1.0}, TypeError, "padding must be an integer, got 1.0"),
        ({"padding": (1, 1)}, TypeError, r"padding must be an integer, got \(1, 1\)"),
        ({"padding": 0, "kernel_size": 5}, ValueError, "kernel_size must be from 1 to 4 .* got 5"),
        ({"kernel_size": 0}, ValueError, "kernel_size must be from 1 to 5 .* got 0"),
        ({"mode": "mirror"}, ValueError, "mode must be one of zeros, .* got 'mirror'"),
        ({"selected": (1,)}, TypeError, r"selected must be \(row, column\) or \(\), got \(1,\)"),
        ({"selected": 3}, TypeError, r"selected must be \(row, column\) or \(\), got 3"),
        ({"selected": (9, 0)}, ValueError, "selected row must be smaller than 9"),
        ({"selected": (0, -6)}, ValueError, "selected column must be at least -5, got -6"),
        ({"selected": (0.5, 0)}, TypeError, "selected row must be an integer"),
        ({"controls": ("speed",)}, ValueError, "controls must be of .* got 'speed'"),
    ],
)
def test_padding_lab_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        PaddingLab(**({"input": GRID} | arguments))


def test_the_still_picture_of_padding_lab_has_every_table():
    still = PaddingLab(GRID, padding=4).still()
    for caption in ("zeros", "replicate", "circular", "Reads of each input element"):
        assert f"<caption>{caption}" in still
    assert "p = 4 is beyond the limit of reflect." in still
    assert repr(PaddingLab()) == "<PaddingLab: 3 × 3 numbers, padded by 1 in four modes>"


# In a page


def block(page, mode):
    """The part of the explorer that is about one mode."""
    return page.locator(".convlib-border").nth(MODES.index(mode))


def element(page, mode, row, column, padding=2):
    """A cell by its place in the input; the border lies outside."""
    return block(page, mode).locator("tr").nth(row + padding).locator("td").nth(column + padding)


def note(page, mode):
    settle(page)
    return block(page, mode).locator(".convlib-caption").inner_text()


def test_page_and_python_agree_wherever_the_sliders_go_with_an_input_that_is_no_square(show):
    explorer = PaddingLab(TALL, padding=1, kernel_size=2, selected=())
    page = show(explorer)
    rng = np.random.default_rng(0)
    visited = set()
    for _ in range(int(os.environ.get("CONVLIB_WALK") or 60)):
        name = rng.choice(["padding", "kernel_size", "mode"])
        if name == "mode":
            choose(page, name, str(rng.choice(MODES)))
        else:
            key = str(rng.choice(["ArrowRight", "ArrowRight", "ArrowLeft", "Home", "End"]))
            press(page, name, *[key] * int(rng.integers(1, 4)))
        state, _ = assert_as_in_python(page, explorer, rtol=0)
        visited.add((state["padding"], state["kernel_size"], state["mode"]))
    assert len(visited) > 12


def test_each_table_shows_its_numbers_and_a_mode_beyond_its_limit_the_reason(show):
    page = show(PaddingLab(GRID, padding=2))
    assert element(page, "reflect", -2, -2).inner_text() == "10"
    assert element(page, "replicate", -2, -2).inner_text() == "0"
    assert element(page, "circular", -2, -2).inner_text() == "10"
    assert element(page, "zeros", -1, 2).inner_text() == "0"
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


def test_a_border_cell_shows_its_source_in_every_mode(show):
    page = show(PaddingLab(GRID, padding=2))
    assert note(page, "zeros") == "row −1, column 2 is an added 0."
    assert note(page, "reflect") == "row −1, column 2 copies row 1, column 2."
    assert note(page, "replicate") == "row −1, column 2 copies row 0, column 2."
    assert note(page, "circular") == "row −1, column 2 copies row 3, column 2."
    element(page, "circular", 5, -2).click()
    assert note(page, "reflect") == "row 5, column −2 copies row 1, column 2."
    for mode, (row, column) in {"reflect": (1, 2), "replicate": (3, 0), "circular": (1, 2)}.items():
        source = element(page, mode, row, column)
        assert "current" in source.get_attribute("class")
        assert block(page, mode).locator("td.current").count() == 1
        assert "copied by the selected cell, row" in source.get_attribute("aria-label")
    assert block(page, "zeros").locator("td.current").count() == 0
    spoken = page.locator(".convlib-spoken")
    spoken.filter(has_text="circular: row 5, column −2 copies row 1, column 2.").wait_for(state="attached")


def test_every_border_cell_holds_what_its_sentence_says(show):
    page = show(PaddingLab(TALL, padding=1, kernel_size=2, selected=()))
    for mode in ("reflect", "replicate", "circular"):
        for row in range(-1, 4):
            for column in range(-1, 3):
                if 0 <= row < 3 and 0 <= column < 2:
                    continue
                element(page, mode, row, column, 1).click()
                words = note(page, mode).replace(".", "").split("copies row ")[1].split(", column ")
                source = TALL[int(words[0]), int(words[1].split()[0])]
                assert float(element(page, mode, row, column, 1).inner_text()) == source


def test_a_cell_is_chosen_with_the_keyboard_and_escape_forgets_it(show):
    page = show(PaddingLab(GRID, padding=2))
    block(page, "reflect").locator("td[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert note(page, "reflect") == "row −2, column 0 copies row 2, column 0."
    page.keyboard.press("Escape")
    assert note(page, "reflect") == ""
    assert page.locator("td.current, td.selected").count() == 0


def test_cells_and_what_tab_leads_to_keep_their_place_in_the_input_when_the_border_grows(show):
    page = show(PaddingLab(GRID, padding=2))
    element(page, "reflect", 1, 2).click()
    element(page, "reflect", 0, 0).evaluate("(td) => { td.id = 'kept' }")
    for key, padding in (("ArrowRight", 3), ("Home", 0), ("ArrowRight", 1)):
        press(page, "padding", key)
        assert element(page, "reflect", 0, 0, padding).get_attribute("id") == "kept"
        assert element(page, "reflect", 1, 2, padding).get_attribute("tabindex") == "0"
        assert block(page, "reflect").locator("td[tabindex='0']").count() == 1


def test_numbers_of_any_length_are_whole_and_stand_in_columns(show):
    page = show(PaddingLab([[-123.4567, 9999, 1], [2, 3, -0.001234], [4, 5, 6]], padding=1), width=360)
    assert page.evaluate(
        """() => [...document.querySelectorAll("td")].every((td) => td.scrollWidth <= td.clientWidth)"""
    )
    rows = block(page, "zeros").locator("tr")
    lefts = rows.evaluate_all(
        "(rows) => rows.map((row) => [...row.cells].map((td) => td.getBoundingClientRect().left))"
    )
    assert all(row == lefts[0] for row in lefts)


def test_an_input_cell_shows_its_copies_and_is_edited_in_place(show):
    explorer = PaddingLab(GRID, padding=2)
    page = show(explorer)
    element(page, "replicate", 0, 0).click()
    assert note(page, "replicate") == "row 0, column 0 has 8 copies in the border."
    assert note(page, "zeros") == "row 0, column 0 has no copies in the border."
    assert block(page, "replicate").locator("td.window").count() == 8
    element(page, "replicate", 0, 0).click()
    page.keyboard.type("-3")
    page.keyboard.press("Enter")
    state, arrays = assert_as_in_python(page, explorer, rtol=0)
    assert state["input"][0][0] == -3
    assert (arrays["replicate"][:3, :3] == -3).all()
    element(page, "replicate", -1, -1).click()
    page.keyboard.press("5")
    assert page.locator("td input").count() == 0
    page.get_by_role("button", name="Reset").click()
    assert shown(page)[0]["input"][0][0] == 0


def test_the_reads_are_counted_in_the_cells(show):
    page = show(PaddingLab(np.arange(25.0).reshape(5, 5), padding=0))
    numbers = page.locator(".convlib-numbers").last.locator("td").all_inner_texts()
    assert numbers[:5] == ["1", "2", "3", "2", "1"]
    assert numbers[12] == "9"
    said = page.locator(".convlib-sum")
    assert said.inner_text().endswith(" p = 0. A corner is read once, the most read cells 9 times.")
    press(page, "padding", "ArrowRight", "ArrowRight")
    assert said.inner_text().endswith("Every input cell is read 9 times.")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_with_little_padding_and_with_the_most(show, theme):
    page = show(PaddingLab(GRID, padding=1), width=360, theme=theme)
    put_in_theme(page, theme)
    assert not faults(page)
    press(page, "padding", "End")
    assert not faults(page)


def test_a_narrow_phone_has_room_for_the_most_padding(show):
    page = show(PaddingLab(GRID, padding=5), width=360, height=740)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert not small_targets(page)


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_state_gives_the_array_shown(show, library, capsys):
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = show(PaddingLab(GRID, padding=2))
    for mode in MODES:
        choose(page, "mode", mode)
        for key in ("End", "Home", "ArrowRight"):
            press(page, "padding", key)
            _, arrays, _ = shown(page)
            np.testing.assert_array_equal(run(program(page, library))[0, 0], arrays["output"])
    capsys.readouterr()  # programs print what they computed


def test_the_code_for_other_libraries_has_mode_and_padding_in_it(show):
    page = show(PaddingLab(GRID, padding=2, mode="circular"))
    for library in ("keras", "jax"):
        text = program(page, library)
        compile(text, "<program>", "exec")
        assert '.pad(input, [(0, 0), (0, 0), (2, 2), (2, 2)], mode="wrap")' in text


def test_a_link_restores_the_selected_border_cell(show):
    page = show(PaddingLab(GRID, padding=2))
    press(page, "padding", "ArrowRight")
    press(page, "kernel_size", "ArrowLeft")
    choose(page, "mode", "circular")
    element(page, "circular", -3, 4, 3).click()
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
    "input=[]": "input must have 2 axes, of at most 8 × 8 numbers",
    "input=[[1,2],[3]]": "“input” is of the wrong kind",
    "input=[[1e9]]": "is not a number from",
    "selected=[-6,0]": "the selected number is not in the input",
    "selected=[1]": "the selected number is not in the input",
    "selected=[0.5,0]": "the selected number is not in the input",
}


def test_a_malformed_link_is_ignored_with_a_note(show):
    page = show(PaddingLab(GRID, padding=2))
    assert_ignored(page, MALFORMED)
