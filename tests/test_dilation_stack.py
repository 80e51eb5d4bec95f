"""DilationStack: its counts, its refusals, and the usual rule's verdict beside the count in its page."""

import itertools
import os

import numpy as np
import pytest
from conftest import READY
from in_page import (
    assert_as_in_python,
    assert_ignored,
    cell,
    choose,
    faults,
    follow,
    link_of,
    press,
    program,
    put_in_theme,
    run,
    settle,
    shown,
    slider,
)

from convlib.explorers import DilationStack
from convlib.explorers.dilation_stack import CUSTOM, PRESETS, RATES
from convlib.shapes import coverage, hdc_accepts, receptive_field

# In Python


@pytest.mark.parametrize("kernel_size", [2, 3, 5])
@pytest.mark.parametrize("dilations", [[1], [2, 2, 2], [1, 2, 5], [9, 3, 1], [9, 9, 9, 9]])
def test_dilation_stack_shows_what_coverage_counts(dilations, kernel_size):
    stack = DilationStack(dilations, kernel_size=kernel_size)
    counts = coverage(dilations, kernel_size, axes=2)
    np.testing.assert_array_equal(stack.result, counts)
    assert stack.result.dtype == np.float32
    assert counts.max() < 2**24  # float32 holds them exactly
    row = stack.compute(stack.state)["row"]
    np.testing.assert_array_equal(row, coverage(dilations, kernel_size))


def test_a_stack_says_what_it_covers_and_what_the_rule_says():
    stack = DilationStack()
    assert repr(stack) == "<DilationStack: dilations [2, 2, 2] with k = 3 cover 49 of 169 positions (29 %)>"
    assert "size 13 × 13, 120 holes. The usual rule (HDC) accepts them." in stack.still()
    stack.dilations = [1, 2, 5]
    assert stack.describe().endswith("289 of 289 positions (100 %)")
    stack.preset = "[9, 3, 1]"
    assert "no holes. The usual rule (HDC) refuses them." in stack.still()
    assert "usual rule" not in DilationStack([3]).still()


def test_preset_sliders_and_dilations_follow_each_other():
    stack = DilationStack()
    controls = dict(stack.controls)
    assert (stack.preset, stack.layers, controls["r4"].layout.display) == ("[2, 2, 2]", 3, "none")
    stack.preset = "[1, 2, 9]"
    assert (stack.dilations, controls["r3"].value) == ([1, 2, 9], 9)
    stack.layers = 4
    assert (stack.preset, stack.dilations) == ("custom", [1, 2, 9, 2])
    assert (controls["preset"].value, controls["r4"].layout.display) == ("custom", None)
    stack.update(r1=5, layers=2)
    assert stack.dilations == [5, 2]
    stack.dilations = (1, 3, 9)
    assert (stack.preset, controls["preset"].value, controls["layers"].value) == ("[1, 3, 9]", "[1, 3, 9]", 3)
    stack.view.preset = 0  # as the page would send it, before the rates that it implies
    assert stack.dilations == [1, 1, 1]
    stack.view.preset = 5
    stack.view.r2 = 4
    assert (stack.preset, stack.dilations) == ("custom", [1, 4, 9])


@pytest.mark.parametrize("preset", DilationStack.choices["preset"])
def test_every_legal_stack_stays_as_it_is(preset):
    stack = DilationStack()
    stack.preset = preset
    assert stack.legal(stack.state) == stack.state


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"dilations": 3}, TypeError, r"dilations must be a sequence such as \[1, 2, 5\], got 3"),
        ({"dilations": []}, ValueError, "dilations must hold 1 to 4 layers, got 0"),
        ({"dilations": [1] * 5}, ValueError, "dilations must hold 1 to 4 layers, got 5"),
        ({"dilations": [1, 10]}, ValueError, "dilations must be from 1 to 9, got 10"),
        ({"dilations": [0]}, ValueError, r"dilations\[0\] must be at least 1, got 0"),
        ({"dilations": [1.5]}, TypeError, r"dilations\[0\] must be an integer"),
        ({"kernel_size": 4}, ValueError, "kernel_size must be one of 2, 3, 5, got 4"),
        ({"kernel_size": "3"}, ValueError, "kernel_size must be one of 2, 3, 5, got '3'"),
        ({"controls": ("r5",)}, ValueError, "controls must be of .* got 'r5'"),
    ],
)
def test_dilation_stack_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        DilationStack(**arguments)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"r1": 10}, ValueError, "r1 must be from 1 to 9 .* got 10"),
        ({"layers": 5}, ValueError, "layers must be from 1 to 4 .* got 5"),
        ({"r2": 1.5}, TypeError, "r2 must be an integer, got 1.5"),
        ({"preset": "[7]"}, ValueError, r"preset must be one of \[1, 1, 1\], .* got '\[7\]'"),
    ],
)
def test_dilation_stack_refuses_a_change_and_stays(change, error, words):
    stack = DilationStack()
    with pytest.raises(error, match=words):
        stack.update(**change)
    assert stack.dilations == [2, 2, 2]


# In a page


def text(page, name):
    return page.locator(f".convlib-{name}").inner_text()


def assert_in_agreement(page, explorer):
    """Page and Python count the same; preset, sliders and sentences say the same as the dilations."""
    state, arrays = assert_as_in_python(page, explorer, rtol=0)
    dilations, k = state["dilations"], state["kernel_size"]
    assert dilations == [state[name] for name in RATES[: state["layers"]]]
    assert state["preset"] == CUSTOM or PRESETS[state["preset"]] == dilations
    for layer, name in enumerate(RATES):
        assert slider(page, name).is_visible() == (layer < state["layers"])
    for name in ("preset", "kernel_size"):
        chosen = page.locator(f".widget-dropdown:has(label:text-is('{name}')) select").input_value()
        assert chosen == str(state[name])
    assert_told(page, dilations, k)
    return state, arrays


def assert_told(page, dilations, k):
    counts = coverage(dilations, k, axes=2)
    seen = np.count_nonzero(counts)
    size = receptive_field([{"kernel_size": k, "dilation": d} for d in dilations]).size
    assert f"= {size} positions along each axis" in text(page, "field")
    assert f"it covers {seen} of {counts.size} positions (" in text(page, "coverage")
    if len(dilations) == 1:
        assert "says nothing about a single layer" in text(page, "rule")
        return
    accepts = hdc_accepts(dilations, k)
    is_full = seen == counts.size
    assert ("accepts this stack" if accepts else "refuses this stack") in text(page, "rule")
    assert text(page, "verdict").startswith("Rule and count agree" if accepts == is_full else "They disagree")


def test_page_and_python_agree_and_the_sentences_are_true_wherever_the_controls_go(show):
    explorer = DilationStack()
    page = show(explorer)
    rng = np.random.default_rng(2)
    visited, presets, layers = set(), set(), set()
    for _ in range(int(os.environ.get("CONVLIB_WALK") or 60)):
        used = ("layers", *RATES)[: 1 + shown(page)[0]["layers"]]
        name = str(rng.choice(["preset", "kernel_size", *used, "layers"]))
        if name == "preset":
            choose(page, name, str(rng.choice([*PRESETS, CUSTOM])))
        elif name == "kernel_size":
            choose(page, name, str(rng.choice([2, 3, 5])))
        else:
            key = str(rng.choice(["ArrowRight", "ArrowLeft", "Home", "End"], p=[0.4, 0.3, 0.15, 0.15]))
            press(page, name, *[key] * int(rng.integers(1, 4)))
        state, _ = assert_in_agreement(page, explorer)
        visited.add((*state["dilations"], state["kernel_size"]))
        presets.add(state["preset"])
        layers.add(state["layers"])
    assert len(visited) > 25
    assert len(presets) > 4
    assert layers == {1, 2, 3, 4}


def test_the_rule_is_that_of_python_for_every_stack_of_three(show):
    page = show(DilationStack())
    for dilations in itertools.product((1, 2, 3, 5, 9), repeat=3):
        rates = "&".join(f"{name}={rate}" for name, rate in zip(RATES, dilations))
        follow(page, f"preset={CUSTOM!r}&{rates}&dilations={list(dilations)}".replace("'", '"'))
        assert shown(page)[0]["dilations"] == list(dilations)
        accepts = page.locator(".convlib-rule").get_attribute("data-accepts")
        assert accepts == str(hdc_accepts(dilations)).lower(), dilations


def test_the_default_is_accepted_by_the_rule_and_has_holes(show):
    page = show(DilationStack())
    _, arrays = assert_in_agreement(page, DilationStack())
    assert "covers 49 of 169 positions (29 %)" in text(page, "coverage")
    assert text(page, "rule") == "The usual rule (HDC) accepts this stack: M₂ = 2 is at most k = 3."
    assert text(page, "counted") == "Counted, there are 120 holes in the plane."
    assert text(page, "verdict").startswith(
        "They disagree: the rule accepts [2, 2, 2] although it has holes."
    )
    row = [cell(page, "Paths", 0, column).inner_text() for column in range(13)]
    assert row == [str(int(paths)) for paths in arrays["row"]]
    assert cell(page, "Paths", 0, 1).get_attribute("class") == "gap"
    label = page.locator(".convlib-picture").get_attribute("aria-label")
    assert (
        label
        == "Heat map of the paths to each position: covers 49 of 169 positions (29 %); at most 49 paths."
    )
    spoken = text(page, "spoken")
    assert spoken.startswith("[2, 2, 2]. Receptive field: 1 + (k − 1)×Σr = 1 + (3 − 1)×(2 + 2 + 2) = 13")
    assert spoken.endswith("It does not look at r₁ at all.")


@pytest.mark.parametrize(
    ("preset", "words"),
    [
        ("[1, 2, 5]", ("289 of 289 positions (100 %)", "accepts", "Rule and count agree.")),
        ("[9, 3, 1]", ("729 of 729 positions (100 %)", "refuses", "although it has no hole")),
        ("[2, 3, 3]", ("of 289 positions", "accepts", "although it has holes")),
        ("[1, 2, 9]", ("of 625 positions", "refuses", "Rule and count agree.")),
    ],
)
def test_a_preset_sets_the_sliders(show, preset, words):
    page = show(DilationStack())
    press(page, "r2", "End")
    assert shown(page)[0]["preset"] == CUSTOM
    choose(page, "preset", preset)
    state, _ = assert_in_agreement(page, DilationStack())
    assert (state["preset"], str(state["dilations"])) == (preset, preset)
    for name, expected in zip(("coverage", "rule", "verdict"), words):
        assert expected in text(page, name)
    page.get_by_role("button", name="Reset").click()
    state, _ = assert_in_agreement(page, DilationStack())
    assert state["preset"] == "[2, 2, 2]"


def test_the_largest_stack_is_counted_exactly(show):
    page = show(DilationStack())
    choose(page, "kernel_size", "5")
    press(page, "layers", "End")
    for name in RATES:
        press(page, name, "End")
    _, arrays = assert_in_agreement(page, DilationStack())
    assert arrays["output"].shape == (145, 145)
    assert arrays["output"].sum(dtype=np.float64) == 5**8


def test_holes_are_white_and_the_picture_gets_darker_with_the_count(show):
    page = show(DilationStack())
    _, arrays, _ = shown(page)
    pixels = page.locator("canvas").evaluate(
        "(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    red, counts = np.array(pixels[0::4]), arrays["output"].ravel()
    assert (red[counts == 0] == 255).all()
    assert (red[counts > 0] < 170).all()
    assert (np.diff(red[np.argsort(counts, kind="stable")]) <= 0).all()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_when_the_field_is_large(show, theme):
    page = show(DilationStack([2, 4, 8]), width=360, theme=theme)
    put_in_theme(page, theme)
    assert not faults(page)


def test_a_row_of_paths_is_reached_by_the_keyboard_as_soon_as_it_is_too_wide(show):
    page = show(DilationStack(), width=900)
    row = page.get_by_role("group", name="Paths to each")
    for name in ("r1", "r2", "r3"):
        press(page, name, "Home")
    page.wait_for_timeout(100)
    assert row.count() == 0
    for name in ("r1", "r2", "r3"):
        press(page, name, "End")
    row.wait_for()
    assert row.get_attribute("tabindex") == "0"


def test_a_row_of_paths_too_wide_for_a_phone_scrolls_by_itself(show):
    page = show(DilationStack([2, 4, 8]), width=360, height=740)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    row = page.get_by_role("group", name="Paths to each")
    assert row.evaluate("(e) => e.scrollWidth > e.clientWidth")
    assert row.get_attribute("tabindex") == "0"


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_preset_gives_the_array_shown(show, library, capsys):
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = show(DilationStack())
    for preset, size in [("[2, 2, 2]", "3"), ("[9, 3, 1]", "2"), ("[1, 2, 9]", "5")]:
        choose(page, "preset", preset)
        choose(page, "kernel_size", size)
        written = program(page, library)
        assert f"for d in {preset}:" in written
        np.testing.assert_array_equal(run(written)[0, 0], shown(page)[1]["output"])
    capsys.readouterr()  # programs print what they computed


def test_the_code_for_other_libraries_has_the_dilations_in_it(show):
    page = show(DilationStack())
    for library, words in {"keras": "dilation_rate=d", "jax": "rhs_dilation=(d,) * 2"}.items():
        written = program(page, library)
        compile(written, "<program>", "exec")
        assert words in written
        assert "for d in [2, 2, 2]:" in written


def test_a_link_restores_rates_of_ones_own_and_a_preset_alone_sets_the_rates(show):
    page = show(DilationStack())
    choose(page, "kernel_size", "2")
    choose(page, "preset", "[2, 4, 8]")
    press(page, "layers", "ArrowRight")
    press(page, "r3", "ArrowLeft")
    before = shown(page)
    assert before[0]["dilations"] == [2, 4, 7, 2]
    address = link_of(page)
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function(READY)
    settle(page)
    assert shown(page)[0] == before[0]
    assert_in_agreement(page, DilationStack())
    follow(page, 'preset="[1, 2, 5]"')
    state, _ = assert_in_agreement(page, DilationStack())
    assert (state["dilations"], state["kernel_size"]) == ([1, 2, 5], 3)


MALFORMED = {
    "layers=1.5": "“layers” is of the wrong kind",
    "layers=0": "do not agree",
    "layers=9": "do not agree",
    "r1=10&dilations=[10,2,2]": "do not agree",
    "r4=99": "do not agree",
    "dilations=[]": "do not agree",
    "dilations=[1,2.5,5]": "do not agree",
    "dilations=[[1]]": "“dilations” is of the wrong kind",
    "kernel_size=4": "“kernel_size” is none of 2, 3, 5",
    'preset="[7]"': "“preset” is none of",
}


def test_a_malformed_link_is_ignored_with_a_note(show):
    page = show(DilationStack())
    assert_ignored(page, MALFORMED)
