"""convlib.wasm is the library: the same cases in Node, in a page, and in Python."""

import base64
import itertools
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from build_front_end import node_environment
from conftest import ROOT

import convlib
from convlib import shapes, webassembly

ENGINE = ROOT / "convlib" / "explorers" / "toolkit" / "engine.js"
MODES = ("zeros", "reflect", "replicate", "circular")

# Runs in Node and in a page alike, through the explorers' engine but with all arguments of the exports.
RUN_CASES = """
async ({ engineSource, wasm, cases }) => {
  const engineModule = await import("data:text/javascript," + encodeURIComponent(engineSource));
  const bytes = Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0));
  const engine = await engineModule.loadEngine({ get: () => bytes });
  return cases.map(({ name, arrays, count, numbers }) => {
    engine.free = engine.exports.__heap_base.value;
    if (name === "output_size") return engine.call(name, ...numbers);
    const scratch = name === "conv2d" ? [engine.allocate(engine.call("conv2d_scratch", ...numbers))] : [];
    const sources = arrays.map((numbers) => engine.put(numbers));
    const target = engine.allocate(count);
    engine.call(name, ...sources, target, ...scratch, ...numbers);
    return Array.from(engine.take(target, [count]).data);
  });
}
"""


def conv2d_cases():
    """(arguments of convlib.conv2d, the same for the module): every kind of layer, small."""
    random = np.random.default_rng(0)
    layers = [
        # batch, channels in, height, width, channels out, kernel height, kernel width, groups
        (1, 1, 5, 5, 1, 3, 3, 1),
        (1, 1, 1, 1, 1, 1, 1, 1),
        (2, 3, 9, 14, 5, 3, 2, 1),
        (1, 4, 8, 21, 8, 1, 5, 2),
        (2, 6, 7, 40, 6, 3, 3, 6),
        (1, 2, 12, 7, 17, 4, 3, 1),
    ]
    geometries = itertools.product([(1, 1), (2, 3)], [(0, 0), (2, 1)], [(1, 1), (2, 1)], MODES)
    for layer, (stride, padding, dilation, mode) in itertools.product(layers, list(geometries)):
        n, c, h, w, c_out, kh, kw, groups = layer
        span = [d * (k - 1) + 1 for d, k in zip(dilation, (kh, kw))]
        too_small = any(size + 2 * p < s for size, p, s in zip((h, w), padding, span))
        if too_small or max(padding) >= min(h, w) or (mode != "zeros" and padding == (0, 0)):
            continue
        input = random.normal(size=(n, c, h, w)).astype(np.float32)
        weight = random.normal(size=(c_out, c // groups, kh, kw)).astype(np.float32)
        bias = random.normal(size=c_out).astype(np.float32)
        keywords = dict(stride=stride, padding=padding, dilation=dilation, groups=groups, padding_mode=mode)
        (ph, pw) = padding
        numbers = [n, c, h, w, c_out, kh, kw, *stride, ph, ph, pw, pw, *dilation, groups, MODES.index(mode)]
        yield (input, weight, bias), keywords, numbers


def pad_cases():
    random = np.random.default_rng(1)
    for (top, bottom, left, right), mode in itertools.product(
        [(0, 0, 0, 0), (1, 2, 0, 3), (3, 3, 3, 3)], MODES
    ):
        image = random.normal(size=(2, 4, 5)).astype(np.float32)
        pad = (left, right, top, bottom)
        yield image, pad, mode, [2, 4, 5, top, bottom, left, right, MODES.index(mode)]


def cases_and_expected():
    cases, expected = [], []
    for (input, weight, bias), keywords, numbers in conv2d_cases():
        output = convlib.conv2d(input, weight, bias, **keywords)
        arrays = [array.ravel().tolist() for array in (input, weight, bias)]
        cases.append({"name": "conv2d", "arrays": arrays, "count": output.size, "numbers": numbers})
        expected.append(output.ravel())
    for image, pad, mode, numbers in pad_cases():
        output = convlib.pad(image, pad, mode="constant" if mode == "zeros" else mode)
        arrays = [image.ravel().tolist()]
        cases.append({"name": "pad2d", "arrays": arrays, "count": output.size, "numbers": numbers})
        expected.append(output.ravel())
    for numbers in itertools.product((5, 8, 224), (1, 3), (1, 2), (0, 1), (1, 2)):
        cases.append({"name": "output_size", "arrays": [], "count": 0, "numbers": numbers})
        n, k, s, p, d = numbers
        expected.append(shapes.output_size(n, k, s, p, d))
    return cases, expected


@pytest.fixture(scope="module")
def task():
    cases, expected = cases_and_expected()
    assert len(cases) > 150
    wasm = base64.b64encode(webassembly.read()).decode()
    return {"engineSource": ENGINE.read_text(encoding="utf-8"), "wasm": wasm, "cases": cases}, expected


def assert_same(results, expected):
    assert len(results) == len(expected)
    for result, wanted in zip(results, expected):
        np.testing.assert_allclose(np.array(result), wanted, rtol=1e-5, atol=1e-5)


def test_node_computes_what_the_library_computes(task, tmp_path):
    environment = node_environment()
    given, expected = task
    (tmp_path / "task.json").write_text(json.dumps(given))
    script = f"""
        import fs from "node:fs";
        const task = JSON.parse(fs.readFileSync("task.json"));
        console.log(JSON.stringify(await ({RUN_CASES})(task)));
    """
    finished = subprocess.run(
        [shutil.which("node", path=environment["PATH"]), "--input-type=module", "-e", script],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert_same(json.loads(finished.stdout), expected)


def test_a_page_computes_what_the_library_computes(task, browser):
    given, expected = task
    page = browser.new_page()
    assert_same(page.evaluate(RUN_CASES, given), expected)
    page.close()


def test_padding_copies_bit_for_bit(task):
    """The library's side of it: NumPy's padding, which copies too, has the same bits."""
    names = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    for image, (left, right, top, bottom), mode, _ in pad_cases():
        ours = convlib.pad(image, (left, right, top, bottom), mode="constant" if mode == "zeros" else mode)
        theirs = np.pad(image, [(0, 0), (top, bottom), (left, right)], mode=names[mode])
        assert ours.tobytes() == theirs.tobytes()


def test_the_module_is_small_uses_vectors_and_imports_nothing():
    module = webassembly.read()
    assert len(module) <= 64_000
    # section 2 is imports; a module's sections follow the eight bytes of magic number and version, in order
    section_ids, position = [], 8
    while position < len(module):
        section_ids.append(module[position])
        size, shift, position = 0, 0, position + 1
        while True:
            byte = module[position]
            position += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        position += size
    assert 2 not in section_ids
    # f32x4.mul is the vector instruction 0xFD 0xE6 0x01
    assert re.search(rb"\xfd\xe6\x01", module)


def test_a_missing_module_says_how_to_build_it(monkeypatch, tmp_path):
    monkeypatch.setattr(webassembly, "PATH", tmp_path / "convlib.wasm")
    with pytest.raises(FileNotFoundError, match="make"):
        webassembly.read()
