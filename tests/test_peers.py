"""Every operation and every gradient gives the numbers of PyTorch, of ONNX Runtime and of its definition.

Operands are small whole numbers. Sums of those are exact in any order, in float32 too, so results must be
equal to the last bit. Average pools divide as well: there, operands are multiples of every possible divisor.
Each test tries ``CONVLIB_EXAMPLES`` calls of one operation, 200 by default.
"""

import functools
import json
import math
import os
import warnings
from dataclasses import dataclass

import numba
import numpy as np
import onnx
import onnxruntime
import pytest
from golden import make_golden
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convlib import functional, gradients, reference
from convlib.shapes import effective_kernel_size, same_padding

try:
    import torch
except ImportError:
    torch = None
    warnings.warn("PyTorch is not installed: convlib was NOT compared with it", stacklevel=1)

needs_pytorch = pytest.mark.skipif(torch is None, reason="PyTorch is not installed: NOT compared with it")

EXAMPLES = int(os.environ.get("CONVLIB_EXAMPLES", "200"))
FLOATS = ("float32", "float64")
INTEGERS = ("int8", "uint8", "int16", "uint32", "int64", "uint64")
MODES = ("zeros", "reflect", "replicate", "circular")
ONNX_MODES = {
    "zeros": "constant", "constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"
}  # fmt: skip
# how far sizes go beyond the smallest legal ones: with more axes, less
ROOM = {1: 20, 2: 8, 3: 3}


@dataclass
class Case:
    """One call: operation, shapes of its operands, settings; the numbers in them follow from the seed."""

    operation: str
    shapes: dict
    settings: dict
    dtype: str
    seed: int
    unit: int = 1  # what every number is a multiple of
    rare: tuple = ()  # numbers strewn among those of the input

    def numbers(self, name, shape):
        random = np.random.default_rng([self.seed, *name.encode()])
        least = 0 if self.dtype.startswith("u") else -9
        array = (random.integers(least, 10, shape) * self.unit).astype(self.dtype)
        if name == "input":
            for number in self.rare:
                array[random.random(shape) < 0.1] = number
        return array

    def operands(self):
        return {name: self.numbers(name, shape) for name, shape in self.shapes.items()}

    def grad_output(self, shape):
        return self.numbers("grad_output", shape)


# The calls that are tried


def dtypes_of(integers):
    return st.sampled_from(FLOATS + INTEGERS if integers else FLOATS)


BATCHES = st.sampled_from([(), (0,), (1,), (2,)])
SEEDS = st.integers(0, 99)


@st.composite
def convolutions(draw, axes, integers):
    groups = draw(st.integers(1, 4))
    c_in, c_out = groups * draw(st.integers(1, 3)), groups * draw(st.integers(1, 9 // groups))
    same, mode = draw(st.booleans()), draw(st.sampled_from(MODES))
    size, kernel, stride, padding, dilation = draw_windows(draw, axes, same, mode)
    shapes = {"input": (*draw(BATCHES), c_in, *size), "weight": (c_out, c_in // groups, *kernel)}
    if draw(st.booleans()):
        shapes["bias"] = (c_out,)
    chosen = {"stride": stride, "padding": padding, "dilation": dilation}
    chosen |= {"groups": groups, "padding_mode": mode}
    return Case(f"conv{axes}d", shapes, chosen, draw(dtypes_of(integers)), draw(SEEDS))


@st.composite
def single_channels(draw, operation, integers):
    mode = draw(st.sampled_from(MODES))
    size, kernel, stride, padding, dilation = draw_windows(draw, 2, draw(st.booleans()), mode)
    chosen = {"stride": stride, "padding": padding, "dilation": dilation, "padding_mode": mode}
    return Case(operation, {"image": size, "kernel": kernel}, chosen, draw(dtypes_of(integers)), draw(SEEDS))


def draw_windows(draw, axes, same=False, mode="zeros"):
    """size, kernel, stride, padding and dilation of a convolution that fits, padding perhaps "same"."""
    drawn = []
    for _ in range(axes):
        k, d = draw(st.integers(1, 4 if axes == 3 else 5)), draw(st.integers(1, 2 if axes == 3 else 3))
        s = 1 if same else draw(st.integers(1, 4))
        before, after = same_padding(k, d) if same else (draw(st.integers(0, 3)),) * 2
        # largest is what comes after where the two differ
        smallest = {"reflect": after + 1, "circular": after}.get(mode, 1)
        smallest = max(1, smallest, effective_kernel_size(k, d) - before - after)
        n = draw(st.integers(smallest, smallest + ROOM[axes]))
        drawn.append((n, k, s, before, d))
    size, kernel, stride, padding, dilation = zip(*drawn)
    return size, kernel, stride, "same" if same else padding, dilation


@st.composite
def transposed_convolutions(draw, axes, integers):
    groups = draw(st.integers(1, 4))
    c_in, channels_out = groups * draw(st.integers(1, 3)), draw(st.integers(1, 9 // groups))
    drawn = []
    for _ in range(axes):
        k, d = draw(st.integers(1, 3 if axes == 3 else 5)), draw(st.integers(1, 2 if axes == 3 else 3))
        s, padding = draw(st.integers(1, 3 if axes == 3 else 4)), draw(st.integers(0, 3))
        more = draw(st.integers(0, max(s, d) - 1))
        smallest = 1 + max(0, -((d * (k - 1) + more - 2 * padding) // s))
        n = draw(st.integers(smallest, smallest + ROOM[axes] // 2))
        drawn.append((n, k, s, padding, more, d))
    size, kernel, stride, padding, output_padding, dilation = zip(*drawn)
    shapes = {"input": (*draw(BATCHES), c_in, *size), "weight": (c_in, channels_out, *kernel)}
    if draw(st.booleans()):
        shapes["bias"] = (groups * channels_out,)
    chosen = {"stride": stride, "padding": padding, "output_padding": output_padding}
    chosen |= {"groups": groups, "dilation": dilation}
    return Case(f"conv_transpose{axes}d", shapes, chosen, draw(dtypes_of(integers)), draw(SEEDS))


def draw_pool(draw, axes, largest_dilation):
    """Shape of the input and settings of a pool that fits."""
    ceil_mode, touching = draw(st.booleans()), draw(st.booleans())
    drawn = []
    for _ in range(axes):
        k, d = draw(st.integers(1, 4)), draw(st.integers(1, largest_dilation))
        s, p = k if touching else draw(st.integers(1, 5)), draw(st.integers(0, k // 2))
        beyond = s - 1 if ceil_mode else 0
        smallest = max(1, effective_kernel_size(k, d) - 2 * p - beyond)
        drawn.append((draw(st.integers(smallest, smallest + ROOM[axes])), k, s, p, d))
    size, kernel, stride, padding, dilation = zip(*drawn)
    shape = (*draw(BATCHES), draw(st.integers(1, 3)), *size)
    chosen = {"kernel_size": kernel, "padding": padding, "dilation": dilation, "ceil_mode": ceil_mode}
    return shape, chosen if touching else chosen | {"stride": stride}


@st.composite
def max_pools(draw, axes, integers):
    shape, chosen = draw_pool(draw, axes, largest_dilation=3)
    dtype = draw(dtypes_of(integers))
    rare = draw(st.sampled_from([(), (-np.inf,), (np.inf, -np.inf), (-np.inf, np.nan)]))
    rare = rare if dtype in FLOATS else ()
    return Case(f"max_pool{axes}d", {"input": shape}, chosen, dtype, draw(SEEDS), rare=rare)


@st.composite
def average_pools(draw, axes, integers):
    shape, chosen = draw_pool(draw, axes, largest_dilation=1)
    del chosen["dilation"]
    chosen["count_include_pad"] = draw(st.booleans())
    # a window has one to four elements along each axis
    unit = math.lcm(1, 2, 3, 4) ** axes
    return Case(f"avg_pool{axes}d", {"input": shape}, chosen, draw(dtypes_of(False)), draw(SEEDS), unit)


@st.composite
def unfoldings(draw, operation, integers):
    size, kernel, stride, padding, dilation = draw_windows(draw, 2)
    channels, batch = draw(st.integers(1, 3)), draw(BATCHES)
    chosen = {"kernel_size": kernel, "dilation": dilation, "padding": padding, "stride": stride}
    shape = (*batch, channels, *size)
    if operation == "fold":
        windows = [
            (n + 2 * p - effective_kernel_size(k, d)) // s + 1
            for n, k, s, p, d in zip(size, kernel, stride, padding, dilation)
        ]
        shape = (*batch, channels * math.prod(kernel), math.prod(windows))
        chosen["output_size"] = size
    return Case(operation, {"input": shape}, chosen, draw(dtypes_of(integers)), draw(SEEDS))


@st.composite
def paddings(draw, integers):
    axes, mode = draw(st.integers(1, 3)), draw(st.sampled_from(("constant", *MODES[1:])))
    size = [draw(st.integers(1, 2 + ROOM[axes] // 2)) for _ in range(axes)]
    most = [{"reflect": n - 1, "circular": n}.get(mode, 5) for n in reversed(size)]
    chosen = {"pad": tuple(draw(st.integers(0, n)) for n in most for _ in range(2)), "mode": mode}
    if mode == "constant":
        chosen["value"] = draw(st.integers(0, 9))
    shape = (*draw(BATCHES), draw(st.integers(1, 3)), *size)
    return Case("pad", {"input": shape}, chosen, draw(dtypes_of(integers)), draw(SEEDS))


FAMILIES = {
    "conv": convolutions,
    "conv_transpose": transposed_convolutions,
    "max_pool": max_pools,
    "avg_pool": average_pools,
}
OPERATIONS = {
    f"{family}{axes}d": functools.partial(cases, axes)
    for family, cases in FAMILIES.items()
    for axes in (1, 2, 3)
}
OPERATIONS |= {name: functools.partial(single_channels, name) for name in ("correlate2d", "convolve2d")}
OPERATIONS |= {name: functools.partial(unfoldings, name) for name in ("unfold", "fold")}
OPERATIONS["pad"] = paddings


def test_no_operation_and_no_gradient_is_forgotten():
    assert set(OPERATIONS) == set(functional.__all__)
    of_layers = {"conv": ("input", "weight"), "conv_transpose": ("input", "weight")}
    expected = {
        f"{family}{axes}d_{operand}"
        for family in FAMILIES
        for axes in (1, 2, 3)
        for operand in of_layers.get(family, ("input",))
    }
    assert expected | {"pad_input"} == set(gradients.__all__)


# The peers: each gives arrays by name, "output", "indices", "input_gradient", "weight_gradient"


def results_of_convlib(operation, operands, settings, make_gradient, forward=functional, backward=gradients):
    """By the fast functions or, where ``forward`` and ``backward`` say so, by their slow twins."""
    if operation.startswith("max_pool"):
        output, indices = getattr(forward, operation)(**operands, **settings, return_indices=True)
        results = {"output": output, "indices": indices}
    else:
        output = getattr(forward, operation)(**operands, **settings)
        results = {"output": output}
    grad_output = make_gradient(output.shape)
    return results | convlib_gradients(operation, operands, settings, grad_output, forward, backward)


def convlib_gradients(operation, operands, settings, grad_output, forward, backward):
    """Gradients for the input, and the weight if there is one, of the operations that have them."""
    input, weight = operands.get("input"), operands.get("weight")
    if input is None:
        return {}
    if operation == "unfold":
        return {"input_gradient": forward.fold(grad_output, input.shape[-2:], **settings)}
    if operation == "fold":
        windows = {name: value for name, value in settings.items() if name != "output_size"}
        return {"input_gradient": forward.unfold(grad_output, **windows)}
    for_input = getattr(backward, f"{operation}_input")
    if weight is not None:
        for_weight = getattr(backward, f"{operation}_weight")
        return {
            "input_gradient": for_input(input.shape, weight, grad_output, **settings),
            "weight_gradient": for_weight(input, weight.shape, grad_output, **settings),
        }
    settings = {name: value for name, value in settings.items() if name != "value"}
    known = input if operation.startswith("max_pool") else input.shape
    return {"input_gradient": for_input(known, grad_output, **settings)}


def results_of_onnx_runtime(operation, operands, settings):
    """The output, and a maximum's indices, by operators of ONNX, which want a batch."""
    if operation in ("correlate2d", "convolve2d"):
        image, kernel = operands["image"], operands["kernel"]
        kernel = kernel[::-1, ::-1] if operation == "convolve2d" else kernel
        layer = {"input": image[np.newaxis], "weight": kernel[np.newaxis, np.newaxis]}
        return {"output": results_of_onnx_runtime("conv2d", layer, settings)["output"][0]}
    input = operands["input"]
    if operation == "pad":
        sides = list(zip(settings["pad"][-2::-2], settings["pad"][::-2]))
        return {"output": onnx_pad(input, sides, settings["mode"], settings.get("value", 0))}
    axes = 1 if operation == "fold" else 2 if operation == "unfold" else int(operation[-2])
    if input.ndim == axes + 1:
        results = results_of_onnx_runtime(operation, operands | {"input": input[np.newaxis]}, settings)
        return {name: array[0] for name, array in results.items()}
    if operation.startswith("max_pool"):
        output, indices = run_onnx("MaxPool", input, outputs=2, **onnx_windows(settings))
        # ONNX counts through the whole array
        return {"output": output, "indices": indices % math.prod(input.shape[2:])}
    return {"output": onnx_output(operation, settings, **operands)}


def onnx_output(operation, settings, input, weight=None, bias=None):
    if operation.startswith("avg_pool"):
        (output,) = run_onnx("AveragePool", input, **onnx_windows(settings))
    elif operation.startswith("conv_transpose"):
        (output,) = run_onnx("ConvTranspose", input, weight, bias, **onnx_windows(settings))
    elif operation == "fold":
        windows = onnx_windows(settings)
        size, kernel = np.array(windows.pop("output_size")), np.array(windows.pop("kernel_shape"))
        (output,) = run_onnx("Col2Im", input, size, kernel, **windows)
    elif operation == "unfold":
        # a convolution whose every filter picks one element of the window
        channels, kernel = input.shape[1], settings["kernel_size"]
        picking = np.eye(math.prod(kernel), dtype=np.float32).reshape(-1, 1, *kernel)
        weight = np.tile(picking, (channels, 1, 1, 1))
        (output,) = run_onnx("Conv", input, weight, **onnx_windows(settings), group=channels)
        output = output.reshape(*output.shape[:2], math.prod(output.shape[2:]))
    else:
        output = onnx_convolution(input, weight, bias, **settings)
    return output


def onnx_convolution(input, weight, bias, padding, dilation, padding_mode, **settings):
    if padding == "same":
        sides = [same_padding(k, d) for k, d in zip(weight.shape[2:], dilation)]
    else:
        sides = [(p, p) for p in padding]
    if padding_mode != "zeros":
        input, sides = onnx_pad(input, sides, padding_mode), [(0, 0)] * len(sides)
    pads = [before for before, _ in sides] + [after for _, after in sides]
    (output,) = run_onnx(
        "Conv", input, weight, bias, pads=pads, **onnx_windows(settings | {"dilation": dilation})
    )
    return output


def onnx_pad(input, sides, mode, value=0):
    sides = [(0, 0)] * (input.ndim - len(sides)) + sides
    pads = np.array([before for before, _ in sides] + [after for _, after in sides])
    return run_onnx("Pad", input, pads, np.array(value, input.dtype), mode=ONNX_MODES[mode])[0]


def onnx_windows(settings):
    """Settings under ONNX's names; a padding becomes one for each side."""
    names = {"kernel_size": "kernel_shape", "stride": "strides", "dilation": "dilations", "groups": "group"}
    attributes = {names.get(name, name): value for name, value in settings.items()}
    if "padding" in attributes:
        attributes["pads"] = attributes.pop("padding") * 2
    if "kernel_shape" in attributes:
        attributes.setdefault("strides", attributes["kernel_shape"])
    return attributes


def run_onnx(operator, *operands, outputs=1, **attributes):
    """The outputs of one operator of ONNX."""
    operands = {f"operand {i}": array for i, array in enumerate(operands) if array is not None}
    names = [f"output {i}" for i in range(outputs)]
    inputs = [
        onnx.helper.make_tensor_value_info(
            name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in operands.items()
    ]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(operator, list(operands), names, **attributes)],
        "call",
        inputs,
        [onnx.ValueInfoProto(name=name) for name in names],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 22)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # one operator leaves nothing to optimise, and not trying halves the time
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=providers)
    return session.run(None, operands)


# The comparisons


def assert_same(found, expected):
    """Equal arrays, down to shape and dtype, under every name that ``expected`` has."""
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, strict=True, err_msg=name)


@pytest.fixture(scope="module")
def one_thread():
    """Idle threads spin, which takes far longer than loops over such small arrays."""
    libraries = [numba] if torch is None else [numba, torch]
    before = [library.get_num_threads() for library in libraries]
    for library in libraries:
        library.set_num_threads(1)
    yield
    for library, threads in zip(libraries, before):
        library.set_num_threads(threads)


def search(test):
    """Try the test on many calls of every operation."""
    test = settings(max_examples=EXAMPLES, deadline=None)(given(data=st.data())(test))
    test = pytest.mark.usefixtures("one_thread")(test)
    return pytest.mark.parametrize("operation", OPERATIONS)(test)


@search
def test_the_definition_gives_the_same_bits(operation, data):
    case = data.draw(OPERATIONS[operation](integers=True))
    call = operation, case.operands(), case.settings, case.grad_output
    assert_same(results_of_convlib(*call), results_of_convlib(*call, reference, reference))


@needs_pytorch
@search
def test_pytorch_gives_the_same_bits(operation, data):
    case = data.draw(OPERATIONS[operation](integers=False))
    assume(not leaps_over_the_input(case))
    # the only pool that refuses, even with padding or ceil_mode, a kernel larger than the input
    assume(operation != "avg_pool3d" or not outgrows_the_input(case))
    call = operation, case.operands(), case.settings, case.grad_output
    expected = make_golden.results_of_pytorch(*call)
    expected.pop("grad_output", None)
    if np.nan in case.rare:  # of several in a window PyTorch points at the last, convlib at the first
        expected = {"output": expected["output"]}
    assert_same(results_of_convlib(*call), expected)


@search
def test_onnx_runtime_gives_the_same_bits(operation, data):
    case = data.draw(OPERATIONS[operation](integers=False))
    assume(not leaps_over_the_input(case))
    # refused: to wrap an empty batch around ("Unexpected mode of 3"), to add a stride or more to an output
    assume(0 not in case.shapes.get("input", ()) or "circular" not in case.settings.values())
    if operation.startswith("conv_transpose"):
        assume(all(more < s for more, s in zip(case.settings["output_padding"], case.settings["stride"])))
    # its maximum overlooks NaN, and of −∞ alone it is the lowest finite number
    case.rare = ()
    operands = case.operands()
    # its CPU provider convolves, averages and folds float32 only
    singles = {name: array.astype(np.float32) for name, array in operands.items()}
    expected = results_of_onnx_runtime(operation, singles, case.settings)
    expected["output"] = expected["output"].astype(case.dtype)
    assert_same(results_of_convlib(operation, operands, case.settings, case.grad_output), expected)


def leaps_over_the_input(case):
    """Whether a window of a dilated maximum may read nothing but padding.

    There, PyTorch points at an element that does not exist, and adds the gradient to it:
    max_pool2d(torch.zeros(1, 1, 2, 2), 2, 1, 1, 3, return_indices=True) gives index 6 of 4 elements. ONNX
    Runtime gives the lowest finite number.
    """
    if not case.operation.startswith("max_pool"):
        return False
    return any(n < d for n, d in zip(size_of(case), case.settings["dilation"]))


def outgrows_the_input(case):
    return any(k > n for n, k in zip(size_of(case), case.settings["kernel_size"]))


def size_of(case):
    """The spatial size of a pool's input."""
    return case.shapes["input"][-len(case.settings["kernel_size"]) :]


# Stored results

with np.load(make_golden.PATH) as stored:
    GOLDEN = dict(stored)
GOLDEN_CALLS = json.loads(str(GOLDEN.pop("calls")))


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("float64", 1e-6)])
@pytest.mark.parametrize("name", GOLDEN_CALLS)
def test_stored_results_of_pytorch_are_met(name, dtype, tolerance):
    operation, settings = GOLDEN_CALLS[name]
    arrays = {
        key.removeprefix(f"{name}/"): array.astype(dtype) if array.dtype == np.float32 else array
        for key, array in GOLDEN.items()
        if key.startswith(f"{name}/")
    }
    operands = {key: arrays.pop(key) for key in make_golden.CASES[name][1]}
    grad_output = arrays.pop("grad_output", None)
    found = results_of_convlib(operation, operands, settings, lambda shape: grad_output)
    assert found.keys() == arrays.keys()
    for key, array in arrays.items():
        np.testing.assert_allclose(found[key], array, rtol=tolerance, atol=tolerance, err_msg=key)


@needs_pytorch
def test_pytorch_still_gives_the_stored_results():
    made = make_golden.make_cases()
    assert json.loads(str(made.pop("calls"))) == GOLDEN_CALLS
    assert made.keys() == GOLDEN.keys()
    for name, array in made.items():
        np.testing.assert_allclose(array, GOLDEN[name], rtol=1e-6, atol=1e-6, err_msg=name)
