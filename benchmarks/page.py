"""convlib.wasm beside TensorFlow.js's WebAssembly back end, in a page of headless Chromium, in one thread.

A page that is not isolated from other origins has one thread, and so have both here. convlib runs through
``engine.js``, in the module that an explorer would take; TensorFlow.js has its SIMD build. Each gets arrays
in its own layout, (N, C, H, W) and (N, H, W, C). Results are compared before anything is timed.

Two things are timed. *In place*: the kernel, with inputs, weights and result in the memory of the library's
module. That is the call of the module that ``engine.conv2d`` ends with, made again with the same addresses;
and ``tf.conv2d(x, w, …)``, which has computed when it returns, with ``dispose`` of its result. convlib packs
its weights in every call, TensorFlow.js packed them in the first. *With copies*: from a Float32Array to a new
one, so ``engine.conv2d``; and ``tf.tensor``, ``tf.conv2d``, ``dataSync`` and ``dispose``. The weights are
copied by convlib too, while for TensorFlow.js they are a tensor already.

Calls come in blocks of one of the four, the blocks in random order, each after a rest and a call that is not
counted. Chromium's clock ticks every 0.1 ms, so a time is the mean of calls that take some milliseconds.

    python benchmarks/page.py                  all cases
    python benchmarks/page.py --quick 5×5      a short look at the cases with 5×5 in their names
    python benchmarks/page.py --plain          convlib.wasm also where the browser accepts the relaxed module

TensorFlow.js does not belong to the environment: npm fetches it into ``_build/bench/tfjs`` the first time.
Writes ``_build/bench/page.json``.
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from convlib import webassembly
from convlib.shapes import count_macs, output_size

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "tests"), str(ROOT / "tools")]

from build_front_end import node_environment  # noqa: E402
from conftest import CHROMIUM_FLAGS  # noqa: E402
from find_browser import find_browser  # noqa: E402

FOLDER = ROOT / "_build" / "bench"
VERSION = "4.22.0"  # of TensorFlow.js
PACKAGES = FOLDER / "tfjs" / "node_modules" / "@tensorflow"
BACKEND = PACKAGES / "tfjs-backend-wasm" / "dist"
ADDRESS = "http://localhost/"  # nobody serves it: the page's requests get these files
FILES = {
    "page.js": Path(__file__).with_suffix(".js"),
    "engine.js": ROOT / "convlib" / "explorers" / "toolkit" / "engine.js",
    webassembly.PATH.name: webassembly.PATH,
    webassembly.RELAXED_PATH.name: webassembly.RELAXED_PATH,
    "tfjs-backend-wasm-simd.wasm": BACKEND / "tfjs-backend-wasm-simd.wasm",
}
SCRIPTS = [PACKAGES / "tfjs-core" / "dist" / "tf-core.min.js", BACKEND / "tf-backend-wasm.min.js"]
LIBRARIES = ("convlib", "TensorFlow.js")
WAYS = ("in place", "with copies")
# Milliseconds: before all, so that Chromium has its fastest code; a block; calls timed together; a rest.
WARM_UP, BLOCK, TOGETHER, REST = 400, 40, 4, 10
AIM = 1.5  # times as fast as TensorFlow.js
TOLERANCE = 1e-4  # of the largest output

# name, operation, channels in, height and width, channels out, kernel, stride, padding
CASES = [
    ("224×224, 3 → 32, 5×5", "conv2d", 3, 224, 32, 5, 1, 0),
    ("224×224, depthwise 32", "depthwise", 32, 224, 32, 3, 1, 1),
    ("112×112, depthwise 64", "depthwise", 64, 112, 64, 3, 1, 1),
    ("112×112, 64 channels, max 2×2", "maxPool", 64, 112, 64, 2, 2, 0),
    ("112×112, 64 channels, max 3×3/2", "maxPool", 64, 112, 64, 3, 2, 1),
]


def install_peer():
    """Whether TensorFlow.js is here, or could be fetched."""
    if all(path.exists() for path in SCRIPTS):
        return True
    environment = node_environment()
    names = [f"@tensorflow/{name}@{VERSION}" for name in ("tfjs-core", "tfjs-backend-wasm")]
    command = [
        shutil.which("npm", path=environment["PATH"]), "install", "--no-save", "--prefix", FOLDER / "tfjs",
        "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *names,
    ]  # fmt: skip
    return subprocess.run(command, env=environment).returncode == 0


def open_page(browser, with_peer, plain):
    """A page that has loaded the libraries, and the name of convlib's module."""
    page = browser.new_page()

    def answer(route):
        name = route.request.url.removeprefix(ADDRESS)
        if name == "":
            route.fulfill(content_type="text/html", body="<!doctype html>")
        elif name in FILES:
            route.fulfill(path=FILES[name])
        else:
            route.abort()

    page.route("**/*", answer)
    page.goto(ADDRESS)
    if with_peer:
        for script in SCRIPTS:
            page.add_script_tag(path=script)
    start = "async plain => { window.bench = await import('/page.js'); return bench.start(plain); }"
    return page, page.evaluate(start, plain)


def measure(page, case, blocks):
    """The line of the table of one case."""
    name, operation, channels, size, outputs, kernel, stride, padding = case
    prepared = page.evaluate(
        "layer => bench.prepare(layer)",
        dict(operation=operation, channels=channels, size=size, outputs=outputs, kernel=kernel, stride=stride,
             padding=padding),
    )  # fmt: skip
    if prepared["difference"] > TOLERANCE:
        raise SystemExit(f"{name}: the results differ by {prepared['difference']:.1g} of the largest")
    order = prepared["calls"] * blocks
    random.shuffle(order)
    times = page.evaluate(
        "given => bench.measure(...given)",
        [order, dict(warmUp=WARM_UP, block=BLOCK, together=TOGETHER, rest=REST)],
    )
    side = output_size(size, kernel, stride, padding)
    groups = 1 if operation == "conv2d" else channels
    row = {"name": name, "macs": count_macs(channels, outputs, (kernel,) * 2, (side,) * 2, groups)}
    for way in WAYS:
        of_way = {library: times[f"{library} {way}"] for library in LIBRARIES if f"{library} {way}" in times}
        medians = {library: statistics.median(values) for library, values in of_way.items()}
        minima = {library: min(values) for library, values in of_way.items()}
        row[way] = {"median": medians, "minimum": minima}
        if len(of_way) > 1:
            ours, theirs = LIBRARIES
            row[way]["ratio"] = medians[theirs] / medians[ours]
            row[way]["ratio of minima"] = minima[theirs] / minima[ours]
    row["gflops"] = 2e-6 * row["macs"] / row[WAYS[0]]["minimum"]["convlib"]
    return row


def print_row(row):
    print(f"{row['name']:32} {row['macs'] / 1e6:7,.0f} {row['gflops']:8.1f}", end="")
    for way in WAYS:
        for library in LIBRARIES:
            if library in row[way]["median"]:
                print(f"{row[way]['median'][library]:10.3f} /{row[way]['minimum'][library]:7.3f}", end="")
            else:
                print(" " * 19, end="")
        beside = [row[way][ratio] for ratio in ("ratio", "ratio of minima") if ratio in row[way]]
        print("".join(f"{ratio:6.2f}" for ratio in beside) or " " * 12, end="  ")
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description="convlib.wasm beside TensorFlow.js")
    parser.add_argument("names", nargs="*", help="parts of the names of the cases to run; all, if none")
    parser.add_argument("--quick", action="store_true", help="few blocks: rough figures")
    parser.add_argument("--plain", action="store_true", help="not the relaxed module")
    options = parser.parse_args()
    with_peer = install_peer()
    if not with_peer:
        print(f"npm could not fetch TensorFlow.js {VERSION}: convlib alone, and no result is compared")
    path = find_browser()  # may ask Playwright itself, so not below
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS, "--no-sandbox"])
        page, module = open_page(browser, with_peer, options.plain)
        size = FILES[module].stat().st_size
        print(f"Chromium {browser.version}, one thread. {module} has {size:,} bytes.", end=" ")
        print("Milliseconds, median / minimum;")
        print("ratio: TensorFlow.js / convlib, of medians and of minima; GFLOP/s: convlib's, by its minimum")
        print(f"{'':49}" + "".join(f"  {way + ' ':-<47} " for way in WAYS))
        columns = "".join(f"{library:>19}" for library in LIBRARIES) + " ratio (min)  "
        print(f"{'':32} {'10⁶ macs':>7} {'GFLOP/s':>7}{columns * 2}")
        for case in CASES:
            if not options.names or any(part in case[0] for part in options.names):
                rows.append(measure(page, case, blocks=4 if options.quick else 12))
                print_row(rows[-1])
        below = [row for row in rows if row[WAYS[0]].get("ratio", AIM) < AIM]
        names = "; ".join(f"{row['name']} ({row[WAYS[0]]['ratio']:.2f})" for row in below) or "none"
        print(f"less than {AIM} times as fast as TensorFlow.js, in place, by medians: {names}")
        result = {"chromium": browser.version, "module": module, "bytes": size, "rows": rows}
        browser.close()
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "page.json").write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")
    print(f"written: {FOLDER / 'page.json'}")


if __name__ == "__main__":
    main()
