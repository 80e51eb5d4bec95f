"""Explorers in a page without Python: how tests write a page, move its controls and read what it shows."""

import base64
import json
import re

import numpy as np
from conftest import ROOT
from ipywidgets.embed import dependency_state, embed_data

from convlib.explorers.explorer import _shared

LIVE = ROOT / "front_end" / "built" / "live"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Explorers</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><link rel="stylesheet" href="live/page.css"><h1>Explorers</h1>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>{views}
<script src="live/page.js"></script></html>"""


def write_page(folder, explorers):
    """A page as myst-nb writes it: the state of its widgets, and a script where each view belongs."""
    # not of all widgets that the run has made so far, each of which would slow the page down
    shared = [used for used in _shared.values() if used.comm]
    state = dependency_state([*explorers, *shared], drop_defaults=False)
    data = embed_data(views=explorers, state=state)
    kind = "application/vnd.jupyter.widget-view+json"
    views = "".join(
        f'<script type="{kind}">{json.dumps(view)}</script><noscript>{explorer.still()}</noscript>'
        for view, explorer in zip(data["view_specs"], explorers)
    )
    folder.mkdir()
    (folder / "live").symlink_to(LIVE, target_is_directory=True)
    page = PAGE.format(state=json.dumps(data["manager_state"]).replace("</", "<\\/"), views=views)
    (folder / "index.html").write_text(page, encoding="utf-8")


TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def settle(page):
    """Wait until everything that was pressed has been drawn."""
    page.evaluate(f"() => {TWO_FRAMES}")


READ = """async (number) => {
  await TWO_FRAMES;
  const root = document.querySelectorAll(".convlib-explorer")[number];
  const { state, result } = root.explorer;
  const isPlain = ([, value]) => !value?.buffer && !value?.data;
  const plain = Object.fromEntries(Object.entries(state).filter(isPlain));
  const characters = ({ buffer }) => Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte));
  const code = (data) => btoa(characters(data).join(""));
  const arrays = Object.entries(result).map(([name, { data, shape }]) => [name, { data: code(data), shape }]);
  return { state: plain, result: Object.fromEntries(arrays), by: root.dataset.computedBy };
}""".replace("TWO_FRAMES", TWO_FRAMES)


def shown(page, number=0):
    """The state and the arrays on the screen, when everything that was pressed has been drawn."""
    read = page.evaluate(READ, number)
    decode = lambda array: np.frombuffer(base64.b64decode(array["data"]), np.float32).reshape(array["shape"])  # noqa: E731
    arrays = {name: decode(array) for name, array in read["result"].items()}
    return read["state"], arrays, read["by"]


def slider(page, name, number=0):
    """The handle of a slider, by the setting that it changes."""
    return page.locator(f".widget-slider:has(label:text-is('{name}')) .noUi-handle").nth(number)


def press(page, name, *keys, number=0):
    """Presses keys on a slider."""
    handle = slider(page, name, number)
    handle.focus()
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def choose(page, name, option, number=0):
    """Picks an option of a dropdown."""
    page.locator(f".widget-dropdown:has(label:text-is('{name}')) select").nth(number).select_option(option)
    settle(page)


def cell(page, table, row, column):
    """A cell of the first table whose caption starts with the text."""
    caption = page.locator("caption", has_text=re.compile(f"^{table}"))
    return (
        page.locator(".convlib-numbers", has=caption).first.locator("tr").nth(row).locator("td").nth(column)
    )


READ_SLIDERS = """() => [...document.querySelectorAll(".widget-slider")].map((root) => {
  const { min, max } = root.querySelector(".slider").noUiSlider.options.range;
  const value = Number(root.querySelector(".noUi-handle").ariaValueNow);
  return [root.querySelector("label").textContent, value, [min, max]];
})"""


def read_sliders(page, number=0):
    """{setting: [value, [low, high]]} as noUiSlider was told them, also of sliders that are hidden now."""
    found = {}
    for name, *read in page.evaluate(READ_SLIDERS):
        found.setdefault(name, []).append(read)
    return {name: of_name[number] for name, of_name in found.items() if len(of_name) > number}


def program(page, library, number=0):
    """The program that an explorer writes for what it shows."""
    details = page.locator(".convlib-code").nth(number)
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    details.locator("select").select_option(library)
    return details.locator("code").inner_text()


def run(text):
    """What a program leaves as its output."""
    names = {}
    exec(compile(text, "<program>", "exec"), names)
    return np.asarray(names["output"])


def run_shown(text):
    """What a program prints at its end, the part of its output that is shown; of a shape, the array."""
    names = {}
    exec(compile(text, "<program>", "exec"), names)
    shown_part = re.fullmatch(r"print\((.*)\)", text.strip().splitlines()[-1])[1]
    return np.squeeze(np.asarray(eval(shown_part.removesuffix(".shape"), names)))


def link_of(page, number=0):
    """The address that the explorer makes for its state; the page is at it afterwards."""
    page.get_by_role("button", name="Link to this state").nth(number).click()
    settle(page)
    return page.url


def follow(page, fields, number=0):
    """Go to an address that a reader might have typed: an explorer's link with these fields."""
    label = page.locator(".convlib-explorer").nth(number).get_attribute("data-label")
    page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&{fields}")
    settle(page)


FOLLOW_ALL = """async ([label, links]) => {
  const root = document.querySelector(".convlib-explorer");
  const told = [];
  for (const fields of links) {
    location.hash = `explorer=${label}&${fields}`;
    await TWO_FRAMES;
    told.push([root.querySelector(".convlib-alert").innerText, JSON.stringify(root.explorer.state)]);
  }
  return told;
}""".replace("TWO_FRAMES", TWO_FRAMES)


def assert_ignored(page, malformed):
    """Each of these fields of a link, with its words in the note, leaves the page's explorer as it is."""
    root = page.locator(".convlib-explorer")
    before = root.evaluate("(root) => JSON.stringify(root.explorer.state)")
    told = page.evaluate(FOLLOW_ALL, [root.get_attribute("data-label"), list(malformed)])
    for (fields, words), (note, after) in zip(malformed.items(), told):
        assert words in note, fields
        assert after == before, fields


TARGETS = ":is(button, select, summary, td[tabindex], .noUi-handle, .convlib-explorer label)"


def small_targets(page):
    """What can be pressed or tapped now and is less than 24 px wide or high."""
    return page.locator(TARGETS).evaluate_all(
        """(all) => all.filter((e) => e.checkVisibility({ visibilityProperty: true }))
          .map((e) => [e.outerHTML.slice(0, 120), e.getBoundingClientRect()])
          .filter(([, box]) => Math.min(box.width, box.height) < 24)"""
    )


AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# those of axe-core's rules whose verdict may change with the theme, on a page of the same width
AXE_VISUAL = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]


def faults(page, rules=AXE_TAGS):
    """What axe-core finds wrong on the page as it is now, by its rules or tags of these names."""
    page.add_script_tag(path=ROOT / "node_modules" / "axe-core" / "axe.min.js")
    # all that axe-core finds right is many times as much, and slow to fetch
    asked = "(asked) => axe.run(asked).then(({ violations }) => violations)"
    found = page.evaluate(asked, {"runOnly": rules, "resultTypes": ["violations"]})
    return [f"{v['id']}: {node['html'][:200]} {node['failureSummary']}" for v in found for node in v["nodes"]]


def put_in_theme(page, theme):
    """Show the page light or dark, as the book's own switch does."""
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    page.add_style_tag(content="html[data-theme=dark] body { background: #14181e; color: #e6edf3 }")


def settings_of(explorer, state):
    """The settings that a state on the screen means, as they would be sent to Python."""
    sent = {
        name: explorer.choices[name].index(value) if name in explorer.choices else value
        for name, value in state.items()
        if name in explorer.view.settings()
    }
    return explorer.view.settings() | sent


def assert_as_in_python(page, explorer, number=0, rtol=2e-6):
    """What is on the screen is legal in Python too, Python computes the same from it, and the sliders say so.

    ``number`` : which explorer of its kind on the page. ``rtol`` : relative to the largest element.
    Returns the state and the arrays.
    """
    state, arrays, by = shown(page, number)
    assert by == "page"
    settings = settings_of(explorer, state)
    legal = explorer.legal(explorer.decode(settings))
    for name, value in explorer.encode(legal).items():
        assert value == settings[name], f"{name} of {state}"
    expected = explorer.compute(legal)
    assert arrays.keys() == expected.keys()
    for name, array in expected.items():
        within = rtol * max(np.abs(array).max(initial=0), 1)
        np.testing.assert_allclose(arrays[name], array, atol=within, rtol=0, err_msg=f"{name} of {state}")
    bounds = explorer.bounds(legal)
    for name, read in read_sliders(page, number).items():
        assert read == [state[name], list(bounds[name])], name
    return state, arrays
