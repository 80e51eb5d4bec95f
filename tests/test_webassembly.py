"""convlib.wasm and its relaxed twin are the library: the same cases in Node, in a page, and in Python."""

import base64
import itertools
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from build_front_end import node_environment
from conftest import ROOT

import convlib
from convlib import gradients, shapes, webassembly

ENGINE = ROOT / "convlib" / "explorers" / "toolkit" / "engine.js"
MODES = ("zeros", "reflect", "replicate", "circular")
EXACT = re.compile("pad|maxPool|avgPool|.*Size$")

# Runs in Node and in a page alike. Arrays travel as base64, bit for bit.
RUN_CASES = """
async ({ engineSource, modules, cases }) => {
  const engineModule = await import("data:text/javascript," + encodeURIComponent(engineSource));
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const engine = await engineModule.loadEngine(...modules.map((module) => ({ get: () => bytes(module) })));
  const decode = ({ shape, base64 }) => ({ data: new Float32Array(bytes(base64).buffer), shape });
  const revive = (value) => (value.shape ? decode(value) : value);
  const encode = ({ data, shape }) => {
    const characters = Array.from(new Uint8Array(data.buffer), (byte) => String.fromCharCode(byte));
    return { shape, type: data.constructor.name, base64: btoa(characters.join("")) };
  };
  return cases.map(({ name, args, settings }) => {
    try {
      const result = engine[name](...args.map(revive), ...(Object.keys(settings).length ? [settings] : []));
      return typeof result === "number" ? result : [result].flat().map(encode);
    } catch (error) {
      return error.message;
    }
  });
}
"""


def camel_case(name):
    return re.sub("_(.)", lambda match: match[1].upper(), name)


def encode(value):
    if not isinstance(value, np.ndarray):
        return value
    return {"shape": value.shape, "base64": base64.b64encode(value.astype("<f4").tobytes()).decode()}


def decode(result):
    """The arrays of a result, or the number that it is."""
    if isinstance(result, list):
        types = {"Float32Array": "<f4", "Int32Array": "<i4"}
        return [
            np.frombuffer(base64.b64decode(array["base64"]), types[array["type"]]).reshape(array["shape"])
            for array in result
        ]
    return result


def call(name, *args, **settings):
    """A call of the engine."""
    settings = {key: value.tolist() if key == "bias" else value for key, value in settings.items()}
    return {"name": name, "args": [encode(value) for value in args], "settings": settings}


def case(module, name, *args, sides=None, **settings):
    """A call of the engine, and what the library says; ``sides`` is padding that has another name there."""
    of_engine = settings if sides is None else settings | {"padding": sides}
    of_engine = {camel_case(key): value for key, value in of_engine.items()}
    return call(camel_case(name), *args, **of_engine), getattr(module, name)(*args, **settings)


random = np.random.default_rng(0)


def normal(*shape):
    return random.normal(size=shape).astype(np.float32)


# without a batch or with one, channels in, size, channels out, kernel, groups; every rank, even kernels too
LAYERS = [
    ((2,), 3, (14,), 5, (3,), 1),
    ((), 4, (21,), 8, (4,), 2),
    ((1,), 6, (40,), 6, (5,), 6),
    ((1,), 1, (5, 5), 1, (3, 3), 1),
    ((1,), 1, (1, 1), 1, (1, 1), 1),
    ((2,), 3, (9, 14), 5, (3, 2), 1),
    ((1,), 4, (8, 21), 8, (1, 5), 2),
    ((2,), 6, (7, 40), 6, (3, 3), 6),
    ((), 2, (12, 7), 17, (4, 3), 1),
    ((2,), 2, (5, 6, 7), 3, (3, 2, 3), 1),
    ((), 4, (4, 5, 9), 6, (2, 3, 1), 2),
]


def of_rank(axes, *choices):
    """Settings of three axes, cut to the last few."""
    return [choice if isinstance(choice, str) else choice[3 - axes :] for choice in choices]


def conv_cases():
    for lead, c, size, c_out, kernel, groups in LAYERS:
        axes = len(size)
        strides = of_rank(axes, (1, 1, 1), (2, 2, 3))
        paddings = of_rank(axes, (0, 0, 0), (1, 2, 1), "same")
        dilations = of_rank(axes, (1, 1, 1), (1, 2, 2))
        for stride, padding, dilation, mode in itertools.product(strides, paddings, dilations, MODES):
            if padding == "same":
                sides = [shapes.same_padding(k, d) for k, d in zip(kernel, dilation)]
            else:
                sides = [(p, p) for p in padding]
            fits = all(
                shapes.count_windows(n, k, s, sum(both), d) >= 1
                for n, k, s, both, d in zip(size, kernel, stride, sides, dilation)
            )
            if not fits or (padding == "same" and max(stride) > 1):
                continue
            if mode != "zeros" and not 0 < max(map(max, sides)) < min(size):
                continue
            input, weight = normal(*lead, c, *size), normal(c_out, c // groups, *kernel)
            settings = dict(stride=stride, dilation=dilation, groups=groups, padding_mode=mode)
            settings |= dict(padding=padding, sides=sides if padding == "same" else None)
            given, output = case(convlib, f"conv{axes}d", input, weight, bias=normal(c_out), **settings)
            yield given, output
            gradient = normal(*output.shape)
            yield case(gradients, f"conv{axes}d_input", input.shape, weight, gradient, **settings)
            yield case(gradients, f"conv{axes}d_weight", input, weight.shape, gradient, **settings)


def conv_transpose_cases():
    for lead, c, size, c_out, kernel, groups in LAYERS:
        axes = len(size)
        strides = of_rank(axes, (1, 1, 1), (2, 3, 2), (3, 1, 4))
        paddings = of_rank(axes, (0, 0, 0), (1, 0, 1))
        dilations = of_rank(axes, (1, 1, 1), (2, 2, 3))
        extras = of_rank(axes, (0, 0, 0), (1, 0, 1))
        for stride, padding, dilation, extra in itertools.product(strides, paddings, dilations, extras):
            sizes = [
                (n - 1) * s - 2 * p + d * (k - 1) + more + 1
                for n, k, s, p, d, more in zip(size, kernel, stride, padding, dilation, extra)
            ]
            if min(sizes) < 1 or any(more >= max(s, d) for more, s, d in zip(extra, stride, dilation)):
                continue
            input, weight = normal(*lead, c, *size), normal(c, c_out // groups, *kernel)
            yield case(
                convlib, f"conv_transpose{axes}d", input, weight, bias=normal(c_out), stride=stride,
                padding=padding, dilation=dilation, groups=groups, output_padding=extra,
            )  # fmt: skip


def pool_cases():
    for kernel, padding, intruders in itertools.product((2, 3), (0, 1), [(), (np.nan,), (np.inf, -np.inf)]):
        input = normal(2, 3, 7, 29)  # several vectors
        for place, intruder in enumerate(intruders):
            input.flat[place::37] = intruder
        yield case(convlib, "max_pool2d", input, kernel, stride=2, padding=padding)
    for size, kernel in [((14,), (3,)), ((9, 10), (2, 3)), ((5, 6, 9), (2, 3, 4))]:
        axes = len(size)
        strides = [None, *of_rank(axes, (1, 1, 1), (2, 3, 2))]
        paddings = of_rank(axes, (0, 0, 0), (1, 1, 1))
        dilations = of_rank(axes, (1, 1, 1), (2, 2, 1))
        for stride, padding, dilation, ceil_mode in itertools.product(
            strides, paddings, dilations, (False, True)
        ):
            input = np.rint(2 * normal(2, 3, *size))  # with ties
            input.flat[::11] = np.nan
            settings = dict(padding=padding, ceil_mode=ceil_mode)
            if stride is not None:
                settings["stride"] = stride
            largest = dict(settings, dilation=dilation)
            pool = f"max_pool{axes}d"
            yield case(convlib, pool, input, kernel, **largest)
            given, both = case(convlib, pool, input, kernel, return_indices=True, **largest)
            yield given, both
            yield case(gradients, f"{pool}_input", input, normal(*both[0].shape), kernel, **largest)
            if max(dilation) > 1:
                continue
            for include in (True, False):
                mean = dict(settings, count_include_pad=include)
                pool = f"avg_pool{axes}d"
                given, output = case(convlib, pool, input, kernel, **mean)
                yield given, output
                gradient = normal(*output.shape)
                yield case(gradients, f"{pool}_input", input.shape, gradient, kernel, **mean)


def pad_cases():
    all_sides = [[(0, 0)] * 3, [(1, 0), (1, 2), (0, 3)], [(2, 2), (3, 3), (3, 3)]]
    for axes, sides, mode in itertools.product((1, 2, 3), all_sides, MODES):
        array = normal(2, 4, 4, 5)
        sides = sides[3 - axes :]
        flat = tuple(itertools.chain.from_iterable(reversed(sides)))
        library_mode = "constant" if mode == "zeros" else mode
        value = dict(value=2.5) if mode == "zeros" else {}
        output = convlib.pad(array, flat, mode=library_mode, **value)
        yield call(f"pad{axes}d", array, padding=sides, paddingMode=mode, **value), output
        gradient = normal(*output.shape)
        given = call(f"pad{axes}dInput", array.shape, gradient, padding=sides, paddingMode=mode)
        yield given, gradients.pad_input(array.shape, gradient, flat, mode=library_mode)


def size_cases():
    def sizes(function, grid):
        for numbers in grid:
            yield call(camel_case(function.__name__), *numbers), function(*numbers)

    paddings = (0, 1, (1, 2))
    yield from sizes(shapes.output_size, itertools.product((5, 8, 224), (1, 3), (1, 2), paddings, (1, 2)))
    pools = itertools.product((5, 8, 224), (2, 3), (1, 3), (0, 1), (1, 2), (False, True))
    yield from sizes(shapes.pool_output_size, pools)
    transposed = itertools.product((5, 224), (2, 3), (2, 3), (0, 1), (0, 1), (1, 2))
    yield from sizes(shapes.transposed_output_size, transposed)


def plane_cases():
    """The two that show one plane."""
    plane, kernel = normal(6, 9), normal(3, 2)
    settings = dict(stride=2, padding=1, dilation=1)
    expected = convlib.correlate2d(plane, kernel, padding_mode="circular", **settings)
    yield call("correlate", plane, kernel, mode="circular", **settings), expected
    yield call("pad", plane, 2, "reflect"), convlib.pad(plane, (2, 2, 2, 2), mode="reflect")


@pytest.fixture(scope="module")
def task():
    both = [
        *conv_cases(), *conv_transpose_cases(), *pool_cases(), *pad_cases(), *size_cases(), *plane_cases()
    ]  # fmt: skip
    cases, expected = zip(*both)
    assert len(cases) > 1000
    return {"cases": cases}, expected


def engine_and_modules(*modules):
    """What RUN_CASES needs besides the cases; a second module is the one to prefer."""
    texts = [base64.b64encode(module).decode() for module in modules]
    return {"engineSource": ENGINE.read_text(encoding="utf-8"), "modules": texts}


def run_in_node(task, folder):
    environment = node_environment()
    (folder / "task.json").write_text(json.dumps(task))
    script = f"""
        import fs from "node:fs";
        const task = JSON.parse(fs.readFileSync("task.json"));
        console.log(JSON.stringify(await ({RUN_CASES})(task)));
    """
    finished = subprocess.run(
        [shutil.which("node", path=environment["PATH"]), "--input-type=module", "-e", script],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(finished.stdout)


def assert_same(cases, results, expected):
    assert len(results) == len(expected)
    for case, result, wanted in zip(cases, results, expected):
        about = f"{case['name']} {case['settings']}"
        assert not isinstance(result, str), f"{about}: {result}"
        if isinstance(wanted, int):
            assert result == wanted, f"{case['name']} {case['args']}"
            continue
        arrays = wanted if isinstance(wanted, tuple) else (wanted,)
        for ours, theirs in zip(decode(result), arrays, strict=True):
            if EXACT.match(case["name"]):
                np.testing.assert_array_equal(ours, theirs, err_msg=about)
            else:
                # sums of other orders differ by a few rounding errors of the largest
                within = max(1e-5, 2e-6 * np.abs(theirs).max())
                np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=within, err_msg=about)


def test_node_computes_what_the_library_computes(task, tmp_path):
    given, expected = task
    results = run_in_node(given | engine_and_modules(webassembly.read()), tmp_path)
    assert_same(given["cases"], results, expected)


@pytest.mark.parametrize("relaxed", [False, True], ids=["plain", "relaxed"])
def test_a_page_computes_what_the_library_computes(task, browser, relaxed):
    given, expected = task
    page = browser.new_page()
    results = page.evaluate(RUN_CASES, given | engine_and_modules(webassembly.read(relaxed)))
    assert_same(given["cases"], results, expected)
    page.close()


def test_the_relaxed_module_runs_where_it_is_accepted(browser, tmp_path):
    """Of two modules the second, if the browser takes it; here one of each pair is none."""
    none, image = b"none", normal(1, 1, 3, 3)
    cases = [call("conv2d", image, np.ones((1, 1, 3, 3)))]
    page = browser.new_page()
    relaxed = page.evaluate(RUN_CASES, {"cases": cases} | engine_and_modules(none, webassembly.read(True)))
    page.close()
    plain = run_in_node({"cases": cases} | engine_and_modules(webassembly.read(), none), tmp_path)
    for (result,) in (relaxed, plain):
        np.testing.assert_allclose(decode(result)[0].item(), image.sum(), rtol=1e-5)


def test_windows_that_do_not_fit_and_too_much_memory_are_refused(tmp_path):
    """And what comes after a refusal is computed as if nothing had been."""
    small, kernel, ones = normal(1, 1, 3, 3), normal(1, 1, 5, 5), np.ones((1, 1, 3, 3))
    cases = [
        call("outputSize", 3, 5),
        call("conv2d", small, kernel),
        call("pad2d", small, padding=30_000),
        call("conv2d", small, kernel, padding=20_000),
        call("conv2d", small, ones),
    ]
    given = {"cases": cases} | engine_and_modules(webassembly.read())
    size, misfit, big_pad, big_conv, result = run_in_node(given, tmp_path)
    assert size < 1
    assert "do not fit" in misfit
    assert "2 GiB" in big_pad
    assert "2 GiB" in big_conv
    np.testing.assert_allclose(decode(result)[0].item(), small.sum(), rtol=1e-5)


def test_python_without_the_compiler_can_read_the_module():
    """NUMBA_DISABLE_JIT=1, as where coverage is measured, concerns the library's loops only."""
    code = "from convlib import webassembly; assert webassembly.read().startswith(b'\\0asm')"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


@pytest.mark.parametrize("relaxed", [False, True], ids=["plain", "relaxed"])
def test_a_module_is_small_uses_vectors_and_imports_nothing(relaxed):
    module = webassembly.read(relaxed)
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
    # vector instructions begin with 0xFD; f32x4.mul and f32x4.relaxed_madd
    multiply, multiply_add = rb"\xfd\xe6\x01", rb"\xfd\x85\x02"
    assert re.search(multiply_add if relaxed else multiply, module)
    assert relaxed or not re.search(multiply_add, module)


@pytest.mark.long
def test_a_build_gives_the_same_bytes_every_time(monkeypatch, tmp_path):
    built = [webassembly.read(), webassembly.read(relaxed=True)]
    monkeypatch.setattr(webassembly, "PATH", tmp_path / "convlib.wasm")
    monkeypatch.setattr(webassembly, "RELAXED_PATH", tmp_path / "convlib_relaxed.wasm")
    assert [path.read_bytes() for path in webassembly.build()] == built


def test_a_missing_module_says_how_to_build_it(monkeypatch, tmp_path):
    monkeypatch.setattr(webassembly, "PATH", tmp_path / "convlib.wasm")
    with pytest.raises(FileNotFoundError, match="make"):
        webassembly.read()
