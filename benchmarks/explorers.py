"""How fast an explorer follows a key, in a page of the built book and in JupyterLab with a kernel.

From the key event to after the next frame, 256 × 256 pixels; from navigation to the first usable explorer.
"""

import statistics
import sys
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "tests"), str(ROOT / "tools")]

import test_lab  # noqa: E402
from conftest import CHROMIUM_FLAGS, SITE  # noqa: E402
from find_browser import find_browser  # noqa: E402
from serve import make_server  # noqa: E402

PRESSES = 40
BENCH = "[data-explorer=FilterBench]"

# Notes, for each redraw, the time since the last key, when the frame that shows it is done.
WATCH = """(root) => {
  window.delays = [];
  let pressed;
  addEventListener("keydown", () => { pressed = performance.now(); }, true);
  new MutationObserver(() => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { if (pressed) delays.push(performance.now() - pressed); pressed = undefined; };
    port2.postMessage(0);
  })).observe(root, { attributeFilter: ["data-updates"] });
}"""


def report(what, milliseconds):
    p95 = sorted(milliseconds)[int(0.95 * (len(milliseconds) - 1))]
    print(f"  {what:32} median {statistics.median(milliseconds):6.1f} ms   p95 {p95:6.1f} ms", flush=True)


def measure_keys(page, where, who):
    """Press keys on the preset at each size, and on the size itself."""
    root = page.locator(BENCH).first
    root.evaluate(WATCH)
    controls = page.locator(".convlib-explorer-box", has=page.locator(BENCH)).first
    slider, preset = controls.locator(".noUi-handle"), controls.locator("select").first
    for size in (3, 5, 7):
        slider.focus()
        page.keyboard.press("Home")
        for _ in range((size - 3) // 2):
            page.keyboard.press("ArrowRight")
        page.wait_for_timeout(500)
        report(f"{where}, preset at {size} × {size}", press(page, preset, ["ArrowDown", "ArrowUp"]))
    report(f"{where}, size 5 and 7", press(page, slider, ["ArrowLeft", "ArrowRight"]))
    assert root.get_attribute("data-computed-by") == who


def press(page, control, keys):
    control.focus()
    page.evaluate("delays.length = 0")
    for i in range(PRESSES):
        page.keyboard.press(keys[i % len(keys)])
        page.wait_for_timeout(120)
    return page.evaluate("delays")


def measure_page(browser):
    server = make_server(SITE)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = next(p for p in sorted(SITE.rglob("*.html")) if "FilterBenchView" in p.read_text(encoding="utf-8"))
    address = f"http://127.0.0.1:{server.server_port}/{path.relative_to(SITE).as_posix()}"
    starts = []
    for _ in range(7):
        context = browser.new_context()  # nothing cached
        page = context.new_page()
        page.goto(address, wait_until="commit")
        page.wait_for_function(
            "+document.querySelector('.convlib-explorer')?.dataset.updates > 0", polling="raf"
        )
        starts.append(page.evaluate("performance.now()"))
        context.close()
    report("page, first usable explorer", starts)
    page = browser.new_page()
    page.goto(address)
    page.wait_for_function(f"+document.querySelector('{BENCH}')?.dataset.updates > 0")
    measure_keys(page, "page", "page")
    page.close()
    server.shutdown()


def measure_lab(browser):
    with tempfile.TemporaryDirectory() as folder, test_lab.run_lab(Path(folder)) as address:
        page = browser.new_page(viewport={"width": 1300, "height": 1400})
        test_lab.open_notebook(page, address)
        test_lab.run_all(page)
        measure_keys(page, "kernel", "kernel")
        page.close()


def main():
    print(f"Explorers, {PRESSES} key presses each, from the key to after the next frame")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=[*CHROMIUM_FLAGS, "--no-sandbox"]
        )
        measure_page(browser)
        measure_lab(browser)
        browser.close()


if __name__ == "__main__":
    main()
