"""How fast the explorers follow a key, in a page and in JupyterLab, and how soon a page can be used.

Every control of every explorer at its default size: from the key event to after the next frame. Name
explorers to measure only those: ``python benchmarks/explorers.py Dilation Pooling``.
"""

import gzip
import math
import statistics
import sys
import tempfile
import threading
from pathlib import Path

import ipywidgets as widgets
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "tests"), str(ROOT / "tools")]

import test_lab  # noqa: E402
from conftest import CHROMIUM_FLAGS, READY, SITE  # noqa: E402
from find_browser import find_browser  # noqa: E402
from in_page import slider, write_page  # noqa: E402
from serve import make_server  # noqa: E402

from convlib import explorers  # noqa: E402

PRESSES = 30
LIMITS = {"page": (17, 34), "kernel": (50, None)}  # ms: median and 95th percentile until it is drawn

# Notes the time from each key to the end of the frame that shows its result, and of Python's answer.
WATCH = """() => {
  window.delays = { drawn: [], answered: [] };
  const root = document.querySelector(".convlib-explorer");
  let pressed = {};
  const note = (what) => {
    if (pressed[what]) delays[what].push(performance.now() - pressed[what]);
    pressed[what] = undefined;
  };
  addEventListener("keydown", () => {
    const now = performance.now();
    pressed = { drawn: now, answered: now };
  }, true);
  new MutationObserver(() => {
    const isAnswer = root.dataset.computedBy === "kernel" && !root.explorer.isWaiting();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        note("drawn");
        if (isAnswer) note("answered");
      };
      port2.postMessage(0);
    });
  }).observe(root, { attributeFilter: ["data-updates"] });
}"""


def percentile(values, share):
    return sorted(values)[round(share * (len(values) - 1))]


def report(what, milliseconds, limits):
    median, p95 = statistics.median(milliseconds), percentile(milliseconds, 0.95)
    most, most_p95 = limits
    verdict = "" if median <= most and (most_p95 is None or p95 <= most_p95) else "   over the limit"
    print(f"  {what:44} median {median:6.1f} ms   p95 {p95:6.1f} ms{verdict}", flush=True)


def measure_controls(page, explorer, who):
    """Presses keys on each control of the explorer that is alone on the page."""
    page.evaluate(WATCH)
    for name, control in explorer.controls:
        if isinstance(control, widgets.Play):
            continue
        if isinstance(control, widgets.Dropdown):
            handle = page.locator(f".widget-dropdown:has(label:text-is('{name}')) select")
            back, forth = "ArrowUp", "ArrowDown"
        else:
            handle = slider(page, name)
            back, forth = "ArrowLeft", "ArrowRight"
        if not handle.is_visible():
            continue
        handle.focus()
        for key in (forth, back, forth, back):  # code is compiled, and the control in the middle of its range
            page.keyboard.press(key)
            page.wait_for_timeout(100)
        page.evaluate("delays.drawn.length = delays.answered.length = 0")
        for i in range(PRESSES):
            page.keyboard.press((forth, back)[i % 2])
            page.wait_for_timeout(60 if who == "page" else 150)
        delays = page.evaluate("delays")
        if delays["drawn"]:  # a control with one legal value moves nothing
            report(f"{who}: {type(explorer).__name__}, {name}", delays["drawn"], LIMITS[who])
        if who == "kernel" and delays["answered"]:
            report("    until Python has answered", delays["answered"], (math.inf, None))
    assert page.locator(".convlib-explorer").get_attribute("data-computed-by") == who


def usable_after(browser, address):
    """Milliseconds from navigation until every explorer has drawn, with nothing cached; and bytes."""
    context = browser.new_context()
    page = context.new_page()
    sizes = []
    page.on("response", lambda response: sizes.append(response))
    page.goto(address, wait_until="commit")
    page.wait_for_function(READY, polling="raf")
    taken = page.evaluate("performance.now()")
    transferred = sum(len(gzip.compress(response.body())) for response in sizes if response.status == 200)
    context.close()
    return taken, transferred


def serve(folder):
    server = make_server(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def measure_page(browser, kinds, folder):
    address = serve(folder)
    for kind in kinds:
        explorer = kind()
        write_page(folder / kind.__name__, [explorer])
        page = browser.new_page()
        page.goto(f"{address}{kind.__name__}/index.html")
        page.wait_for_function(READY)
        measure_controls(page, explorer, "page")
        page.close()


def measure_start(browser):
    """The page of the book with the most explorers."""
    book = serve(SITE)
    pages = {p: p.read_text(encoding="utf-8").count("widget-view+json") for p in SITE.rglob("*.html")}
    path = max(pages, key=pages.get)
    measured = [usable_after(browser, book + path.relative_to(SITE).as_posix()) for _ in range(7)]
    times, sizes = zip(*measured)
    print(f"  {path.relative_to(SITE)}: {pages[path]} explorers, {max(sizes) / 1e6:.2f} MB compressed")
    report("usable after navigation, nothing cached", times, (2500, None))


def measure_lab(browser, kinds, folder):
    with test_lab.run_lab(folder, kinds) as address:
        page = test_lab.open_lab(browser, address)
        for kind in kinds:
            notebook = test_lab.Notebook(page, address, folder, kind)
            measure_controls(page, kind(), "kernel")
            notebook.close()


def main():
    kinds = [getattr(explorers, name) for name in sys.argv[1:] or explorers.__all__]
    print(f"Explorers, {PRESSES} key presses each, from the key to after the next frame")
    path = find_browser()  # may ask Playwright itself, so not below
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS, "--no-sandbox"])
        for name in ("page", "lab"):
            (Path(folder) / name).mkdir()
        measure_start(browser)
        measure_page(browser, kinds, Path(folder) / "page")
        measure_lab(browser, kinds, Path(folder) / "lab")
        browser.close()


if __name__ == "__main__":
    main()
