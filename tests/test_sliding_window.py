"""SlidingWindow: its numbers against conv2d, its refusals, and in its page steps, selections and edits."""

import numpy as np
import pytest
from conftest import READY
from in_page import (
    assert_as_in_python,
    assert_ignored,
    cell,
    choose,
    faults,
    link_of,
    press,
    program,
    put_in_theme,
    run,
    settle,
    shown,
    slider,
    small_targets,
)

import convlib
from convlib.explorers import SlidingWindow

GRID = np.arange(16.0).reshape(4, 4)
WEIGHT = np.array([[0, 1], [2, 3]])
MODES = ("zeros", "reflect", "replicate", "circular")
ALL = ("step", "padding", "stride", "dilation", "padding_mode")


# In Python


def test_the_first_sum_of_the_default_is_nineteen():
    assert SlidingWindow().result[0, 0] == 19


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (1, 3, 2), (3, 2, 3)])
def test_sliding_window_shows_what_conv2d_returns(mode, stride, padding, dilation):
    explorer = SlidingWindow(
        GRID, WEIGHT, bias=2, stride=stride, padding=padding, dilation=dilation, padding_mode=mode
    )
    expected = convlib.conv2d(
        GRID[None],
        WEIGHT[None, None].astype(float),
        np.array([2.0]),
        stride,
        padding,
        dilation,
        padding_mode=mode,
    )
    np.testing.assert_array_equal(explorer.result, expected[0])


def test_bounds_follow_from_the_other_settings():
    explorer = SlidingWindow(np.zeros((5, 5)), np.zeros((3, 3)), controls=("step", "padding", "dilation"))
    sliders = dict(explorer.controls)
    assert sliders["dilation"].max == 2
    explorer.padding = 2
    assert sliders["dilation"].max == 4
    explorer.dilation = 4
    assert sliders["padding"].min == 2
    with pytest.raises(ValueError, match=r"dilation must be from 1 to 3 .* got 4"):
        explorer.padding = 1
    assert (explorer.padding, explorer.dilation) == (2, 4)


def test_the_first_step_can_be_chosen(show):
    with pytest.raises(ValueError, match=r"step must be from 0 to 8 .* got 9"):
        SlidingWindow(step=9)
    page = show(SlidingWindow(step=4))
    assert page.locator(".convlib-sum").inner_text().startswith("output[1, 1] = ")
    assert shown(page)[0]["reached"] == 4


def test_a_state_that_arrives_halfway_is_brought_to_the_nearest_legal_one():
    explorer = SlidingWindow(GRID, WEIGHT, padding=4, dilation=4)
    explorer.view.padding_mode = 1  # as the page would send it, before the padding that it implies
    assert explorer.state["padding"] == 3
    assert explorer.result.shape == (6, 6)


def test_every_legal_state_stays_as_it_is():
    explorer = SlidingWindow(GRID, WEIGHT, padding=2, stride=3, dilation=2, padding_mode="reflect")
    legal = explorer.legal(explorer.state)
    for name, value in explorer.state.items():
        np.testing.assert_array_equal(legal[name], value)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            {"input": np.ones((3, 3, 3))},
            ValueError,
            r"input must have shape \(rows, columns\), got shape \(3, 3, 3\)",
        ),
        (
            {"input": np.ones((13, 4))},
            ValueError,
            r"input of shape \(13, 4\) is too big to show; at most 12 × 12",
        ),
        ({"input": [[1, np.nan], [1, 1]]}, ValueError, "input must be finite, got nan"),
        ({"input": [[1, 2], [3]]}, ValueError, "input is not a rectangular array"),
        ({"input": [["a", "b"]]}, TypeError, "input must hold real numbers, got dtype <U1"),
        ({"input": GRID.astype(complex)}, TypeError, "input must hold real numbers, got dtype complex128"),
        (
            {"kernel": np.ones((5, 5))},
            ValueError,
            r"the kernel, shape \(5, 5\), is larger than the input, shape \(4, 4\)",
        ),
        ({"bias": "two"}, TypeError, "bias must hold real numbers"),
        ({"bias": np.inf}, ValueError, "bias must be finite, got inf"),
        ({"padding": 9}, ValueError, "padding must be from 0 to 4 .* got 9"),
        ({"padding": 4, "padding_mode": "reflect"}, ValueError, "padding must be from 0 to 3 .* got 4"),
        ({"dilation": 4}, ValueError, "dilation must be from 1 to 3 .* got 4"),
        ({"stride": 0}, ValueError, "stride must be from 1 to 4 .* got 0"),
        ({"stride": 1.5}, TypeError, "stride must be an integer, got 1.5"),
        ({"stride": True}, TypeError, "stride must be an integer, got True"),
        ({"padding_mode": "mirror"}, ValueError, "padding_mode must be one of zeros, .* got 'mirror'"),
        ({"controls": ("speed",)}, ValueError, "controls must be of .* got 'speed'"),
    ],
)
def test_sliding_window_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        SlidingWindow(**{"input": GRID, "kernel": WEIGHT} | arguments)


def test_its_name_tells_the_sizes_and_the_still_picture_shows_the_kernel():
    assert repr(SlidingWindow(GRID, WEIGHT)) == "<SlidingWindow: a 2 × 2 kernel slides over 4 × 4 numbers>"
    assert "<caption>Kernel" in SlidingWindow().still()


# In a page


def test_page_and_python_agree_wherever_the_sliders_go(show):
    explorer = SlidingWindow(controls=ALL)
    page = show(explorer)
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
        for name in explorer.bounds(state):
            readout = page.locator(f".widget-slider:has(label:text-is('{name}')) .widget-readout")
            assert readout.inner_text() == str(state[name])
    assert len(visited) > 25


def test_a_window_as_large_as_the_input_has_one_step(show):
    explorer = SlidingWindow([[1, 2], [3, 4]], [[1, 1], [1, 1]], controls=ALL)
    page = show(explorer)
    _, arrays = assert_as_in_python(page, explorer)
    assert arrays["output"].tolist() == [[10]]
    page.get_by_role("button", name="Next").press("Enter")
    press(page, "step", "ArrowRight")
    assert shown(page)[0]["step"] == 0
    press(page, "padding", "ArrowRight")
    press(page, "step", "End")
    assert shown(page)[0]["step"] == 8


def test_the_first_window_is_written_out(show):
    page = show(SlidingWindow())
    assert page.locator(".convlib-sum").inner_text() == (
        "output[0, 0] = 0×0 + 1×1 + 3×2 + 4×3 + 0 (bias) = 19"
    )


def test_outputs_appear_as_the_sweep_reaches_them(show):
    page = show(SlidingWindow())
    texts = lambda: [cell(page, "Output", r, c).inner_text() for r in range(3) for c in range(3)]  # noqa: E731
    assert texts() == ["19"] + [""] * 8
    press(page, "step", "ArrowRight", "ArrowRight", "ArrowRight")
    assert texts() == ["19", "25", "11", "37"] + [""] * 5
    press(page, "step", "ArrowLeft")
    assert texts() == ["19", "25", "11", "37"] + [""] * 5
    assert "later" in cell(page, "Output", 1, 0).get_attribute("class")
    cell(page, "Output", 2, 1).click()
    assert shown(page)[0]["step"] == 7
    page.get_by_role("button", name="Reset").click()
    settle(page)
    assert texts() == ["19"] + [""] * 8


def test_play_sweeps_by_itself_and_stops_at_the_end(show):
    page = show(SlidingWindow())
    press(page, "step", "End", "ArrowLeft", "ArrowLeft")
    page.locator(".widget-play button").first.click()
    page.wait_for_function("document.querySelector('.convlib-explorer').explorer.state.step === 8")
    assert shown(page)[0]["step"] == 8


def test_back_and_next_move_by_one_and_stop_at_the_ends(show):
    page = show(SlidingWindow())
    back, forth = page.get_by_role("button", name="Back"), page.get_by_role("button", name="Next")
    forth.click()
    forth.click()
    back.click()
    assert shown(page)[0]["step"] == 1
    back.click()
    back.press("Enter")
    assert shown(page)[0]["step"] == 0
    assert back.get_attribute("aria-disabled") == "true"


def test_a_table_is_walked_with_the_arrow_keys(show):
    page = show(SlidingWindow())
    cell(page, "Output", 0, 0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert shown(page)[0]["step"] == 4


def test_a_selected_input_shows_every_output_it_feeds_and_stays_selected(show):
    page = show(SlidingWindow())
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


def test_an_input_feeds_outputs_through_its_copies_in_the_padding_too(show):
    page = show(SlidingWindow(controls=ALL))
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


def test_zeros_that_were_added_cannot_be_selected_or_edited(show):
    page = show(SlidingWindow(padding=1))
    cell(page, "Input", 0, 0).click()
    cell(page, "Input", 0, 0).click()
    page.keyboard.press("5")
    assert shown(page)[0]["selected"] == []
    assert page.locator("td input").count() == 0


def test_input_kernel_and_bias_are_edited_in_place(show):
    explorer = SlidingWindow()
    page = show(explorer)
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


def test_what_is_no_number_changes_nothing_and_is_said(show):
    page = show(SlidingWindow())
    cell(page, "Kernel", 0, 0).click()
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    settle(page)
    assert "“one” is not a number" in page.get_by_role("alert").inner_text()
    assert shown(page)[0]["kernel"] == [[0, 1], [2, 3]]
    cell(page, "Kernel", 0, 0).click()
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    assert shown(page)[0]["kernel"] == [[0, 1], [2, 3]]


def test_the_state_is_spoken_but_not_at_every_step_of_play(show):
    page = show(SlidingWindow())
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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_when_padding_and_a_selection_are_marked(show, theme):
    page = show(SlidingWindow(controls=ALL), width=360, theme=theme)
    put_in_theme(page, theme)
    press(page, "padding", "ArrowRight")
    press(page, "step", "ArrowRight", "ArrowRight", "ArrowLeft")
    cell(page, "Input", 2, 2).click()
    assert not faults(page)


def test_a_narrow_phone_has_room_for_every_control(show):
    page = show(SlidingWindow(controls=ALL), width=360, height=740)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert not small_targets(page)


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_state_gives_the_array_shown(show, library, capsys):
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = show(SlidingWindow(controls=ALL))
    for mode, name in {"zeros": "stride", "reflect": "padding", "circular": "dilation"}.items():
        choose(page, "padding_mode", mode)
        press(page, name, "ArrowRight")
        _, arrays, _ = shown(page)
        np.testing.assert_allclose(run(program(page, library))[0, 0], arrays["output"], rtol=1e-6)
    capsys.readouterr()  # programs print what they computed


def test_the_code_for_other_libraries_has_the_state_in_it(show):
    page = show(SlidingWindow(padding=1, stride=2, padding_mode="circular"))
    for library in ("keras", "jax"):
        text = program(page, library)
        compile(text, "<program>", "exec")
        assert 'np.pad(input, [(0, 0), (0, 0), (1, 1), (1, 1)], mode="wrap")' in text
        assert "(2, 2)" in text


def test_a_link_restores_every_setting_and_survives_a_reload(show):
    page = show(SlidingWindow(controls=ALL))
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


MALFORMED = {
    "padding=x": "“padding” cannot be read",
    "padding=[1]": "“padding” is of the wrong kind",
    "padding=1.5": "“padding” is of the wrong kind",
    "padding=null": "“padding” is of the wrong kind",
    "speed=1": "there is no setting “speed”",
    'padding_mode="mirror"': "“padding_mode” is none of zeros",
    "kernel=[[1,2],[3]]": "“kernel” is of the wrong kind",
    "kernel=[]": "kernel must have 2 axes, of at most 7 × 7 numbers",
    "kernel=[[1,null]]": "“kernel” is of the wrong kind",
    "kernel=[[1e30]]": "is not a number from",
    "input=[[1]]": "the kernel is larger than the input",
    "selected=[9,9]": "the selected number is not in the input",
}


def test_a_malformed_link_is_ignored_with_a_note_that_goes_with_the_next_move(show):
    page = show(SlidingWindow(controls=ALL))
    assert_ignored(page, MALFORMED)
    press(page, "stride", "ArrowRight")
    assert page.locator(".convlib-alert").inner_text() == ""
