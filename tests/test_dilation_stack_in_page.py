"""DilationStack in a page without Python."""

import itertools
import os

import numpy as np
import pytest
from conftest import READY, ROOT, serve
from test_explorers_in_page import (
    bounds_of,
    cell,
    choose,
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

from convlib.explorers import DilationStack
from convlib.explorers.dilation_stack import CUSTOM, PRESETS, RATES
from convlib.shapes import coverage, hdc_accepts, receptive_field

EXPLORERS = {
    "stack": lambda: [DilationStack()],
    "two": lambda: [DilationStack(), DilationStack([1, 2, 7], kernel_size=2)],
}
SLIDERS = ("layers", *RATES)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The address under which the pages are, one folder for each name."""
    folder = tmp_path_factory.mktemp("dilation_stack")
    for name, make in EXPLORERS.items():
        write_page(folder / name, make())
    yield from serve(folder)


def text(page, name):
    return page.locator(f".convlib-{name}").first.inner_text()


def assert_as_in_python(page, explorer):
    """What is on the screen is legal in Python too, Python counts the same, and the rule says the same."""
    state, arrays, by = shown(page)
    assert by == "page"
    assert explorer.legal(state) == state
    for name, array in explorer.compute(state).items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=f"{name} of {state}")
    dilations, k = state["dilations"], state["kernel_size"]
    assert dilations == [state[name] for name in RATES[: state["layers"]]]
    assert state["preset"] == CUSTOM or PRESETS[state["preset"]] == dilations
    for name, bounds in explorer.bounds(state).items():
        is_used = name == "layers" or RATES.index(name) < state["layers"]
        assert slider(page, name).is_visible() == is_used
        if is_used:
            assert float(slider(page, name).get_attribute("aria-valuenow")) == state[name]
            assert bounds_of(page, name) == tuple(bounds)
    for name in ("preset", "kernel_size"):
        chosen = page.locator(f".widget-dropdown:has(label:text-is('{name}')) select").first.input_value()
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


def test_page_and_python_agree_wherever_the_controls_go(visit):  # noqa: F811
    page, explorer = visit("stack"), DilationStack()
    rng = np.random.default_rng(2)
    visited, presets, layers = set(), set(), set()
    for _ in range(int(os.environ.get("CONVLIB_WALK", 60))):
        used = SLIDERS[: 1 + shown(page)[0]["layers"]]
        name = str(rng.choice(["preset", "kernel_size", *used, "layers"]))
        if name == "preset":
            choose(page, name, str(rng.choice([*PRESETS, CUSTOM])))
        elif name == "kernel_size":
            choose(page, name, str(rng.choice([2, 3, 5])))
        else:
            key = str(rng.choice(["ArrowRight", "ArrowLeft", "Home", "End"], p=[0.4, 0.3, 0.15, 0.15]))
            press(page, name, *[key] * int(rng.integers(1, 4)))
        state, _ = assert_as_in_python(page, explorer)
        visited.add((*state["dilations"], state["kernel_size"]))
        presets.add(state["preset"])
        layers.add(state["layers"])
    assert len(visited) > 25
    assert len(presets) > 4
    assert layers == {1, 2, 3, 4}


def test_the_rule_is_that_of_python_for_every_stack_of_three(visit):  # noqa: F811
    page = visit("stack")
    label = page.evaluate("document.querySelector('.convlib-explorer').dataset.label")
    for dilations in itertools.product((1, 2, 3, 5, 9), repeat=3):
        rates = "&".join(f"{name}={rate}" for name, rate in zip(RATES, dilations))
        fields = f"preset={CUSTOM!r}&{rates}&dilations={list(dilations)}".replace("'", '"')
        page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&{fields}")
        settle(page)
        assert shown(page)[0]["dilations"] == list(dilations)
        accepts = page.locator(".convlib-rule").get_attribute("data-accepts")
        assert accepts == str(hdc_accepts(dilations)).lower(), dilations


def test_the_default_is_accepted_by_the_rule_and_has_holes(visit):  # noqa: F811
    page = visit("stack")
    _, arrays = assert_as_in_python(page, DilationStack())
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


@pytest.mark.parametrize(
    ("preset", "words"),
    [
        ("[1, 2, 5]", ("289 of 289 positions (100 %)", "accepts", "Rule and count agree.")),
        ("[9, 3, 1]", ("729 of 729 positions (100 %)", "refuses", "although it has no hole")),
        ("[2, 3, 3]", ("of 289 positions", "accepts", "although it has holes")),
        ("[1, 2, 9]", ("of 625 positions", "refuses", "Rule and count agree.")),
    ],
)
def test_a_preset_sets_the_sliders(visit, preset, words):  # noqa: F811
    page = visit("stack")
    press(page, "r2", "End")
    assert shown(page)[0]["preset"] == CUSTOM
    choose(page, "preset", preset)
    state, _ = assert_as_in_python(page, DilationStack())
    assert (state["preset"], str(state["dilations"])) == (preset, preset)
    for name, expected in zip(("coverage", "rule", "verdict"), words):
        assert expected in text(page, name)
    page.get_by_role("button", name="Reset").click()
    state, _ = assert_as_in_python(page, DilationStack())
    assert state["preset"] == "[2, 2, 2]"


def test_the_largest_stack_is_counted_exactly(visit):  # noqa: F811
    page = visit("stack")
    choose(page, "kernel_size", "5")
    press(page, "layers", "End")
    for name in RATES:
        press(page, name, "End")
    _, arrays = assert_as_in_python(page, DilationStack())
    assert arrays["output"].shape == (145, 145)
    assert arrays["output"].sum(dtype=np.float64) == 5**8


def test_holes_are_white_and_the_picture_gets_darker_with_the_count(visit):  # noqa: F811
    page = visit("stack")
    _, arrays, _ = shown(page)
    pixels = page.locator("canvas").evaluate(
        "(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    red, counts = np.array(pixels[0::4]), arrays["output"].ravel()
    assert (red[counts == 0] == 255).all()
    assert (red[counts > 0] < 170).all()
    assert (np.diff(red[np.argsort(counts, kind="stable")]) <= 0).all()


def test_two_in_a_page_are_independent(visit):  # noqa: F811
    page = visit("two")
    press(page, "r1", "End")
    press(page, "layers", "End")
    choose_first = page.locator(".widget-dropdown:has(label:text-is('preset')) select").first
    choose_first.select_option("[1, 3, 9]")
    state, arrays, _ = shown(page, 1)
    assert (state["dilations"], state["kernel_size"], state["layers"]) == ([1, 2, 7], 2, 3)
    np.testing.assert_array_equal(arrays["output"], coverage([1, 2, 7], 2, axes=2))


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_for_a_state_gives_the_array_shown(visit, library, capsys):  # noqa: F811
    if library == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed: its code was NOT run")
    page = visit("stack")
    for preset, size in [("[2, 2, 2]", "3"), ("[9, 3, 1]", "2"), ("[1, 2, 9]", "5")]:
        choose(page, "preset", preset)
        choose(page, "kernel_size", size)
        written = program(page, library)
        assert f"for d in {preset}:" in written
        np.testing.assert_array_equal(run(written)[0, 0], shown(page)[1]["output"])
    capsys.readouterr()  # programs print what they computed


@pytest.mark.parametrize(
    ("library", "words"), [("keras", "dilation_rate=d"), ("jax", "rhs_dilation=(d,) * 2")]
)
def test_the_code_for_other_libraries_is_python_with_the_state_in_it(visit, library, words):  # noqa: F811
    written = program(visit("stack"), library)
    compile(written, "<program>", "exec")
    assert words in written
    assert "for d in [2, 2, 2]:" in written


def test_a_link_restores_the_state(visit):  # noqa: F811
    page = visit("stack")
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
    assert_as_in_python(page, DilationStack())
    label = page.evaluate("document.querySelector('.convlib-explorer').dataset.label")
    page.evaluate("(hash) => { location.hash = hash }", f'explorer={label}&preset="[1, 2, 5]"')
    settle(page)
    state, _ = assert_as_in_python(page, DilationStack())
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


def test_a_malformed_link_is_ignored_with_a_note(visit):  # noqa: F811
    page = visit("stack")
    before = shown(page)[0]
    label = page.evaluate("document.querySelector('.convlib-explorer').dataset.label")
    for fields, words in MALFORMED.items():
        page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&{fields}")
        settle(page)
        assert words in page.locator(".convlib-alert").inner_text(), fields
        assert shown(page)[0] == before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(visit, theme):  # noqa: F811
    page = visit("stack", width=360, theme=theme)
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    page.add_style_tag(content="html[data-theme=dark] body { background: #14181e; color: #e6edf3 }")
    choose(page, "preset", "[2, 4, 8]")
    page.add_script_tag(path=ROOT / "node_modules" / "axe-core" / "axe.min.js")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("(tags) => axe.run({ runOnly: tags })", tags)["violations"]
    assert not [(v["id"], v["help"], [n["html"][:200] for n in v["nodes"]]) for v in found]


def test_a_narrow_phone_needs_no_sideways_scrolling(visit):  # noqa: F811
    page = visit("stack", width=360, height=740)
    choose(page, "preset", "[2, 4, 8]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.get_by_role("group", name="Paths to each").get_attribute("tabindex") == "0"


def test_the_state_is_spoken(visit):  # noqa: F811
    spoken = visit("stack").locator(".convlib-spoken").inner_text()
    assert spoken.startswith("[2, 2, 2]. Receptive field: 1 + (k − 1)×Σr = 1 + (3 − 1)×(2 + 2 + 2) = 13")
    assert spoken.endswith("It does not look at r₁ at all.")
