"""What holds for every explorer in a page without Python. What is special about one has its own file.

The walks are short here; CONVLIB_WALK=500 makes them long.
"""

import json
import os

import ipywidgets as widgets
import numpy as np
import pytest
from conftest import READY
from in_page import (
    AXE_TAGS,
    AXE_VISUAL,
    assert_as_in_python,
    assert_ignored,
    choose,
    faults,
    follow,
    link_of,
    press,
    program,
    put_in_theme,
    read_sliders,
    run_shown,
    settings_of,
    settle,
    shown,
    slider,
    small_targets,
)

from convlib import explorers

KINDS = [getattr(explorers, name) for name in explorers.__all__]
KEYS = ("ArrowRight", "ArrowLeft", "ArrowRight", "ArrowLeft", "PageUp", "PageDown", "Home", "End")
STEPS = int(os.environ.get("CONVLIB_WALK") or 25)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


def move(page, explorer, rng, number=0, resets=True):
    """One movement that a reader could make, at random; says what it was."""
    box = page.locator(".convlib-explorer-box").nth(number)
    controls = [
        (name, control) for name, control in explorer.controls if not isinstance(control, widgets.Play)
    ]
    cells = box.locator("[role=gridcell] >> visible=true")
    buttons = box.get_by_role("button", name="Back").or_(box.get_by_role("button", name="Next"))
    kinds = (
        ["control"] * 6 * bool(controls) + ["cell"] * 2 * bool(cells.count()) + ["button"] * buttons.count()
    )
    chosen = rng.choice([*kinds, "reset"] if resets and rng.random() < 0.2 else kinds)
    if chosen == "control":
        name, control = controls[rng.integers(len(controls))]
        if isinstance(control, widgets.Dropdown):
            option = str(rng.choice([str(option) for option in control.options]))
            choose(page, name, option, number)
            return f"{name} = {option}"
        handle = slider(page, name, number)
        if not handle.is_visible():
            return "nothing"
        keys = [str(rng.choice(KEYS))] * int(rng.integers(1, 4))
        press(page, name, *keys, number=number)
        return f"{name}: {keys}"
    if chosen == "cell":
        page.wait_for_timeout(100)  # FilterBench's tables follow its pictures when those rest
        if not cells.count():
            return "nothing"
        cell = cells.nth(int(rng.integers(cells.count())))
        cell.scroll_into_view_if_needed()
        cell.click()
        typed = str(rng.integers(-9, 10))
        if rng.random() < 0.5:
            page.keyboard.type(typed)
            page.keyboard.press(str(rng.choice(["Enter", "Escape"])))
        page.keyboard.press("Escape")
        settle(page)
        return f"a cell, {typed}"
    if chosen == "button":
        button = buttons.nth(int(rng.integers(buttons.count())))
        button.press("Enter")
    else:
        box.get_by_role("button", name="Reset").press("Enter")
    settle(page)
    return chosen


def test_page_and_python_agree_wherever_a_walk_leads(show, kind):
    explorer = kind()
    page = show(explorer)
    rng = np.random.default_rng(5)
    walked, visited = [], set()
    for _ in range(STEPS):
        walked.append(move(page, explorer, rng))
        try:
            state, _ = assert_as_in_python(page, explorer)
        except AssertionError as error:
            raise AssertionError(f"after {walked[-3:]}: {error}") from error
        visited.add(json.dumps(settings_of(explorer, state), default=str))
    assert len(visited) > min(STEPS, 250) / 5, walked  # there are only so many states of the smallest


def test_tables_are_tables_to_a_screen_reader_whatever_their_layout(show, kind):
    page = show(kind())
    for table in page.locator(".convlib-numbers >> visible=true").all():
        role = table.get_attribute("role")
        name = table.locator("caption").inner_text()
        assert page.get_by_role(role, name=name, exact=True).count(), name
        rows = table.get_by_role("row").filter(has=page.locator("td"))
        cells = rows.get_by_role("gridcell" if role == "grid" else "cell")
        assert cells.count() == table.locator("td").count() > 0


def test_axe_finds_nothing_in_either_theme(show, kind):
    explorer = kind()
    page = show(explorer, width=360)
    rng = np.random.default_rng(1)
    for _ in range(8):
        move(page, explorer, rng, resets=False)
    program(page, "torch")
    for theme, rules in (("light", AXE_TAGS), ("dark", AXE_VISUAL)):
        put_in_theme(page, theme)
        assert not faults(page, rules), theme


def test_a_narrow_phone_needs_no_sideways_scrolling_and_targets_are_large(show, kind):
    explorer = kind()
    page = show(explorer, width=360, height=740)
    program(page, "keras")
    rng = np.random.default_rng(2)
    for _ in range(6):
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert not small_targets(page)
        move(page, explorer, rng)


def test_two_on_a_page_do_not_disturb_each_other(show, kind):
    first, second = kind(), kind()
    page = show(first, second)
    before = shown(page, 1)
    rng = np.random.default_rng(3)
    for _ in range(6):
        move(page, first, rng)
    after = shown(page, 1)
    assert after[0] == before[0]
    for name, array in before[1].items():
        np.testing.assert_array_equal(after[1][name], array)
    assert shown(page, 0)[0] != before[0]
    move(page, second, rng, number=1)
    assert_as_in_python(page, second, number=1)


LIBRARIES = ("convlib", "torch", "keras", "jax")
_written = {}


@pytest.fixture
def written(show, kind):
    """Programs by library, and the array shown, in three states of an explorer; collected once."""
    if kind not in _written:
        explorer = kind()
        page = show(explorer)
        rng = np.random.default_rng(4)
        states = _written[kind] = []
        for _ in range(3):
            texts = {library: program(page, library) for library in LIBRARIES}
            states.append((texts, shown(page)[1]["output"]))
            move(page, explorer, rng)
            move(page, explorer, rng)
    return _written[kind]


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_code_for_a_state_gives_the_array_shown(written, library, capsys, monkeypatch):
    if library in ("keras", "jax"):
        monkeypatch.setenv("KERAS_BACKEND", "jax")
    for texts, output in written:
        text = texts[library]
        compile(text, "<program>", "exec")
        if library != "convlib":
            pytest.importorskip(library, reason=f"{library} is not installed: its code was compiled, NOT run")
        within = 1e-5 * max(np.abs(output).max(), 1)
        np.testing.assert_allclose(run_shown(text), np.squeeze(output), rtol=0, atol=within, err_msg=text)
    capsys.readouterr()  # programs print what they computed


def test_a_link_restores_the_state_and_survives_a_reload(show, kind):
    explorer = kind()
    page = show(explorer)
    rng = np.random.default_rng(6)
    for _ in range(5):
        move(page, explorer, rng, resets=False)
    before = shown(page)
    assert settings_of(explorer, before[0]) != explorer.view.initial
    address = link_of(page)
    page.reload()
    page.wait_for_function(READY)
    assert shown(page)[0] == before[0]
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function(READY)
    state, arrays = assert_as_in_python(page, explorer)
    assert state == before[0]
    for name, array in before[1].items():
        np.testing.assert_array_equal(arrays[name], array)
    page.get_by_role("button", name="Reset").press("Enter")
    assert settings_of(explorer, shown(page)[0]) == explorer.view.initial


def test_a_malformed_link_is_ignored_with_a_note_and_never_an_error(show, kind):
    explorer = kind()
    page = show(explorer)
    linked = [name for name, value in explorer.view.initial.items() if not isinstance(value, bytes)]
    wrong = ["%5B", "null", "true", "{}", "1.5.2", "%5B%5B1,%5B2%5D%5D%5D", "%5B%7B%7D%5D"]
    links = ["speed=1", *[f"{name}={value}" for name in linked for value in wrong]]
    assert_ignored(page, dict.fromkeys(links, "The link's state is ignored"))


def test_a_link_with_any_numbers_leads_to_a_legal_state(show, kind):
    explorer = kind()
    page = show(explorer)
    rng = np.random.default_rng(7)
    initial = {name: value for name, value in explorer.view.initial.items() if not isinstance(value, bytes)}
    for _ in range(12):
        name = str(rng.choice(list(initial)))
        values = [-1, 0, 3, 10**6, [], [1], [[1]], [[2, 1], [0, -3]], [[[1]]], "custom", [10**9] * 3]
        value = values[rng.integers(len(values))]
        fields = f"{name}={json.dumps(value)}"
        follow(page, fields)
        try:
            assert_as_in_python(page, explorer)
        except AssertionError as error:
            raise AssertionError(f"{fields}: {error}") from error


def test_the_state_is_spoken_and_follows_the_controls(show, kind):
    explorer = kind()
    page = show(explorer)
    spoken = page.locator(".convlib-explorer > [aria-live]")
    page.wait_for_function("document.querySelector('[aria-live]').textContent.length > 10")
    first = spoken.inner_text()
    assert "undefined" not in first and "NaN" not in first
    sliders = {name: control for name, control in explorer.controls if isinstance(control, widgets.IntSlider)}
    name, control = next(iter(sliders.items()))
    press(page, name, "Home" if control.value == control.max else "End")
    page.wait_for_function(
        "(first) => document.querySelector('[aria-live]').textContent !== first", arg=first
    )


def test_tab_reaches_everything_that_can_be_used(show, kind):
    explorer = kind()
    page = show(explorer)
    page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    reached = 0
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        # what has the focus shows it
        mark = page.evaluate(
            """() => {
              document.activeElement.dataset.reached = "";
              const { outlineStyle, boxShadow } = getComputedStyle(document.activeElement);
              return outlineStyle !== "none" || boxShadow !== "none";
            }"""
        )
        assert mark, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        reached += 1
    missed = page.evaluate(
        """() => [...document.querySelectorAll(
            "button, select, summary, .noUi-handle, [role=grid], [role=application]"
          )]
          .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled)
          .filter((e) => !("reached" in e.dataset) && !e.querySelector("[data-reached]"))
          .map((e) => e.outerHTML.slice(0, 200))"""
    )
    assert not missed
    assert reached > len(explorer.controls)


def test_a_finger_is_enough(show, kind):
    explorer = kind()
    page = show(explorer, width=360, height=740, has_touch=True, is_mobile=True)
    for name, control in explorer.controls:
        if isinstance(control, widgets.IntSlider) and slider(page, name).is_visible():
            track = page.locator(f".widget-slider:has(label:text-is('{name}')) .slider")
            before = slider(page, name).get_attribute("aria-valuenow")
            for place in (0.95, 0.05):
                track.scroll_into_view_if_needed()
                box = track.bounding_box()
                page.touchscreen.tap(box["x"] + place * box["width"], box["y"] + box["height"] / 2)
                settle(page)
                assert_as_in_python(page, explorer)
                moved = slider(page, name).get_attribute("aria-valuenow") != before
                if moved:
                    break
            _, (low, high) = read_sliders(page)[name]
            assert moved or low == high, name
    cells = page.locator("[role=gridcell] >> visible=true")
    if cells.count():
        cells.last.tap()
        cells.first.tap()
        settle(page)
        assert_as_in_python(page, explorer)
        assert page.evaluate("document.activeElement.matches('[role=gridcell], [role=gridcell] input')")


def test_nothing_moves_by_itself(show, kind):
    explorer = kind()
    page = show(explorer, reduced_motion="reduce")
    rng = np.random.default_rng(8)
    for _ in range(5):
        move(page, explorer, rng)
        running = page.evaluate(
            """() => document.getAnimations().filter(({ effect }) => effect.getTiming().duration > 1)
              .map(({ effect }) => effect.target.outerHTML.slice(0, 200))"""
        )
        assert not running
    updates = page.locator(".convlib-explorer").get_attribute("data-updates")
    page.wait_for_timeout(300)
    assert page.locator(".convlib-explorer").get_attribute("data-updates") == updates


def test_on_paper_there_is_the_figure_without_its_controls(show, kind):
    page = show(kind())
    page.emulate_media(media="print")
    assert page.locator(".convlib-figure").is_visible()
    for unprintable in (".convlib-controls", ".convlib-tools", ".convlib-buttons", ".convlib-status"):
        assert not page.locator(f"{unprintable} >> visible=true").count(), unprintable


def test_without_javascript_a_still_figure_tells_the_same(show, kind):
    explorer = kind()
    page = show(explorer, java_script_enabled=False)
    text = page.locator("body").inner_text()
    assert explorer.describe() in " ".join(text.split())
    assert page.locator("table").count() or page.locator("p").count()
    assert "<img" not in explorer.still()
    assert len(explorer.still()) < 5000
