"""convlib beside PyTorch, ONNX Runtime, SciPy and OpenCV, on the layers that the book talks about.

Everybody computes with two threads, in one process. Calls come in blocks of one library, the blocks in random
order, each after a rest and a call that is not counted: so nobody pays for another's threads, which may keep
a core busy for a while after their work. What is not installed has an empty column.

    python benchmarks/layers.py                all cases
    python benchmarks/layers.py --quick W6     a short look at the cases with W6 in their names

Writes ``_build/bench/layers.json`` and ``layers.png``.
"""

import argparse
import json
import math
import os
import random
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

import numba
import numpy as np
import peak

import convlib
from convlib import gradients
from convlib.shapes import count_macs, output_size

THREADS = min(2, numba.config.NUMBA_NUM_THREADS)
FOLDER = Path(__file__).parents[1] / "_build" / "bench"
LIBRARIES = ("convlib", "PyTorch", "ONNX Runtime", "SciPy", "OpenCV")
# A block: so many seconds, but so many calls at least; the rest before it lets other threads fall asleep.
BLOCK, CALLS, REST = 0.03, 3, 0.01

try:
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(THREADS)
except ImportError:
    torch = None
try:
    import onnx
    import onnxruntime
except ImportError:
    onnxruntime = None
try:
    from scipy import ndimage
except ImportError:
    ndimage = None
try:
    import cv2

    cv2.setNumThreads(THREADS)
except ImportError:
    cv2 = None


@dataclass
class Case:
    """One line of the table."""

    name: str
    macs: int
    calls: dict = field(default_factory=dict)  # a function without arguments for each library that has one


numbers = np.random.default_rng(0)


def floats(*shape):
    return numbers.random(shape, np.float32) - np.float32(0.5)


# Other libraries


def onnx_call(nodes, inputs, constants):
    """A function that runs ``nodes`` in ONNX Runtime, from ``inputs`` to the last node's output."""
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "case",
        [value(name, onnx.TensorProto.FLOAT, array.shape) for name, array in inputs.items()],
        [value(nodes[-1].output[0], onnx.TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(np.ascontiguousarray(a), name) for name, a in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return lambda: session.run(None, inputs)[0]


def onnx_windows(axes, kernel, stride=1, padding=0, dilation=1, groups=None):
    def each(value):
        return list(value) if isinstance(value, tuple) else [value] * axes

    attributes = {"kernel_shape": each(kernel), "strides": each(stride), "pads": each(padding) * 2}
    if groups is not None:
        attributes |= {"group": groups, "dilations": each(dilation)}
    return attributes


# The cases


def convolution(name, operation, input_shape, weight_shape, **settings):
    """A forward pass of a layer; the libraries get the same arrays."""
    axes, groups = int(operation[-2]), settings.get("groups", 1)
    input, weight = floats(*input_shape), floats(*weight_shape)
    transposed = operation.startswith("conv_transpose")
    if transposed:
        macs = input.size * math.prod(weight_shape[1:])
    else:
        size = [
            output_size(*of_axis)
            for of_axis in zip(
                input_shape[2:],
                weight_shape[2:],
                *(
                    value if isinstance(value, tuple) else (value,) * axes
                    for value in (
                        settings.get(key, least)
                        for key, least in (("stride", 1), ("padding", 0), ("dilation", 1))
                    )
                ),
            )
        ]
        macs = count_macs(
            weight_shape[1] * groups, weight_shape[0], weight_shape[2:], size, groups, batch=input_shape[0]
        )
    case = Case(name, macs)
    case.calls["convlib"] = lambda: getattr(convlib, operation)(input, weight, **settings)
    if torch:
        peer, tensors = getattr(F, operation), (torch.from_numpy(input), torch.from_numpy(weight))
        case.calls["PyTorch"] = lambda: peer(*tensors, **settings).numpy()
    if onnxruntime:
        windows = onnx_windows(axes, weight_shape[2:], **settings | {"groups": groups})
        kind = "ConvTranspose" if transposed else "Conv"
        node = onnx.helper.make_node(kind, ["input", "weight"], ["output"], **windows)
        case.calls["ONNX Runtime"] = onnx_call([node], {"input": input}, {"weight": weight})
    return case


def separable(name, channels, c_out, size):
    """A depthwise layer and the pointwise one behind it."""
    input, depthwise, pointwise = (
        floats(1, channels, size, size), floats(channels, 1, 3, 3), floats(c_out, channels, 1, 1)
    )  # fmt: skip
    case = Case(name, channels * (9 + c_out) * size**2)
    settings = {"padding": 1, "groups": channels}
    case.calls["convlib"] = lambda: convlib.conv2d(convlib.conv2d(input, depthwise, **settings), pointwise)
    if torch:
        x, d, p = (torch.from_numpy(array) for array in (input, depthwise, pointwise))
        case.calls["PyTorch"] = lambda: F.conv2d(F.conv2d(x, d, **settings), p).numpy()
    if onnxruntime:
        nodes = [
            onnx.helper.make_node("Conv", ["input", "d"], ["between"], **onnx_windows(2, 3, **settings)),
            onnx.helper.make_node("Conv", ["between", "p"], ["output"], **onnx_windows(2, 1)),
        ]
        case.calls["ONNX Runtime"] = onnx_call(nodes, {"input": input}, {"d": depthwise, "p": pointwise})
    return case


def sobel(name, height, width):
    """One channel of a photograph, differences along its columns."""
    image, kernel = floats(height, width), convlib.filters.sobel("column").astype(np.float32)
    case = Case(name, 9 * height * width)
    case.calls["convlib"] = lambda: convlib.correlate2d(image, kernel, padding=1)
    if torch:
        x, w = torch.from_numpy(image)[None, None], torch.from_numpy(kernel.copy())[None, None]
        case.calls["PyTorch"] = lambda: F.conv2d(x, w, padding=1).numpy()
    if onnxruntime:
        node = onnx.helper.make_node("Conv", ["x", "w"], ["output"], **onnx_windows(2, 3, padding=1))
        of_onnx = onnx_call([node], {"x": image[None, None]}, {"w": kernel[None, None]})
        case.calls["ONNX Runtime"] = of_onnx
    if ndimage:
        case.calls["SciPy"] = lambda: ndimage.correlate(image, kernel, mode="constant")
    if cv2:
        case.calls["OpenCV"] = lambda: cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_CONSTANT)
    return case


def pool(name, kind, shape, kernel, **settings):
    """A pool; one multiply-add stands for looking at one element."""
    input = floats(*shape)
    windows = dict(stride=kernel) | settings
    size = [output_size(n, kernel, windows["stride"], windows.get("padding", 0)) for n in shape[2:]]
    case = Case(name, math.prod(shape[:2]) * math.prod(size) * kernel**2)
    operation = f"{kind}_pool2d"
    case.calls["convlib"] = lambda: getattr(convlib, operation)(input, kernel, **windows)
    if torch:
        tensor = torch.from_numpy(input)
        case.calls["PyTorch"] = lambda: getattr(F, operation)(tensor, kernel, **windows).numpy()
    if onnxruntime:
        more = {"count_include_pad": 1} if kind == "avg" else {}
        operator = "AveragePool" if kind == "avg" else "MaxPool"
        node = onnx.helper.make_node(
            operator, ["x"], ["output"], **onnx_windows(2, kernel, **windows), **more
        )
        case.calls["ONNX Runtime"] = onnx_call([node], {"x": input}, {})
    return case


def padding(name, mode, shape, sides):
    """A batch of photographs with a border; no multiply-adds, elements are counted."""
    input = floats(*shape)
    case = Case(name, 0)
    pad = (sides,) * 4
    case.calls["convlib"] = lambda: convlib.pad(input, pad, mode=mode)
    if torch:
        tensor = torch.from_numpy(input)
        case.calls["PyTorch"] = lambda: F.pad(tensor, pad, mode=mode).numpy()
    if onnxruntime:
        of_onnx = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
        node = onnx.helper.make_node("Pad", ["x", "pads"], ["output"], mode=of_onnx[mode])
        pads = np.array([0, 0, sides, sides] * 2)
        case.calls["ONNX Runtime"] = onnx_call([node], {"x": input}, {"pads": pads})
    if cv2:
        border = {
            "constant": cv2.BORDER_CONSTANT,
            "reflect": cv2.BORDER_REFLECT_101,
            "replicate": cv2.BORDER_REPLICATE,
            "circular": cv2.BORDER_WRAP,
        }[mode]
        planes = input.reshape(-1, *shape[2:])
        case.calls["OpenCV"] = lambda: [
            cv2.copyMakeBorder(plane, *pad, borderType=border) for plane in planes
        ]
    return case


def backward(name, operand, input_shape, weight_shape, **settings):
    """A gradient of a layer whose output has the size of its input."""
    gradient = floats(input_shape[0], weight_shape[0], *input_shape[2:])
    input, weight = floats(*input_shape), floats(*weight_shape)
    arrays = (input_shape, weight) if operand == "input" else (input, weight_shape)
    case = Case(name, gradient.size * math.prod(weight_shape[1:]))
    ours = getattr(gradients, f"conv2d_{operand}")
    case.calls["convlib"] = lambda: ours(*arrays, gradient, **settings)
    if torch:
        peer = getattr(torch.nn.grad, f"conv2d_{operand}")
        tensors = [torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in (*arrays, gradient)]
        case.calls["PyTorch"] = lambda: peer(*tensors, **settings).numpy()
    return case


HALVING = {"stride": (1, 2, 2), "padding": (0, 1, 1)}
SAME = {"padding": 1}
OF_64, KERNEL_64 = (8, 64, 56, 56), (64, 64, 3, 3)
POOLED, PHOTOS = (8, 64, 112, 112), (16, 3, 224, 224)
# name and how to make it; made when its turn comes, because some need much memory
CASES = [
    ("224×224×3 → 32, 5×5 (W6)", convolution, "conv2d", (1, 3, 224, 224), (32, 3, 5, 5), {}),
    ("28×28, 1 → 64, 3×3 (W9)", convolution, "conv2d", (1, 1, 28, 28), (64, 1, 3, 3), SAME),
    ("32×32, 64 → 128, 1×1 (W16)", convolution, "conv2d", (1, 64, 32, 32), (128, 64, 1, 1), {}),
    ("500×500, 100 → 20, 1×1 (W15)", convolution, "conv2d", (1, 100, 500, 500), (20, 100, 1, 1), {}),
    ("32×32, 64 → 64, 4 groups (W18)", convolution, "conv2d", (1, 64, 32, 32), (64, 16, 3, 3),
     {"padding": 1, "groups": 4}),
    ("32×32, depthwise 64 (W21)", convolution, "conv2d", (1, 64, 32, 32), (64, 1, 3, 3),
     {"padding": 1, "groups": 64}),
    ("32×32, separable 64 → 128 (W21)", separable, 64, 128, 32, {}),
    ("56×56, 64 → 64, dilation 2, 8 images", convolution, "conv2d", OF_64, KERNEL_64,
     {"padding": 2, "dilation": 2}),
    ("6 frames, 3 → 64, 3×3×3, 4 times (W4)", convolution, "conv3d", (4, 3, 6, 224, 224),
     (64, 3, 3, 3, 3), SAME),
    ("6 frames, 3 → 64, 2×3×3 (W5)", convolution, "conv3d", (1, 3, 6, 224, 224), (64, 3, 2, 3, 3), HALVING),
    ("56×56, 64 → 64, 8 images", convolution, "conv2d", OF_64, KERNEL_64, SAME),
    ("14×14, 256 → 256, 8 images", convolution, "conv2d", (8, 256, 14, 14), (256, 256, 3, 3), SAME),
    ("224×224, 3 → 64, 7×7, stride 2, 8", convolution, "conv2d", (8, 3, 224, 224), (64, 3, 7, 7),
     {"stride": 2, "padding": 3}),
    ("1080×1920, Sobel", sobel, 1080, 1920, {}),
    ("16,000 samples, 64 → 64, 9", convolution, "conv1d", (1, 64, 16_000), (64, 64, 9), {}),
    ("28×28 → 56×56, transposed, 64 → 32, 8", convolution, "conv_transpose2d", (8, 64, 28, 28),
     (64, 32, 4, 4), {"stride": 2, "padding": 1}),
    ("112×112, max 2×2, 8 images", pool, "max", POOLED, 2, {}),
    ("112×112, max 3×3/2, 8 images", pool, "max", POOLED, 3, {"stride": 2, "padding": 1}),
    ("112×112, average 2×2, 8 images", pool, "avg", POOLED, 2, {}),
    ("112×112, average 3×3/2, 8 images", pool, "avg", POOLED, 3, {"stride": 2, "padding": 1}),
    ("16 photographs, zeros", padding, "constant", PHOTOS, 3, {}),
    ("16 photographs, reflect", padding, "reflect", PHOTOS, 3, {}),
    ("16 photographs, replicate", padding, "replicate", PHOTOS, 3, {}),
    ("16 photographs, circular", padding, "circular", PHOTOS, 3, {}),
    ("56×56, 64 → 64, gradient of input", backward, "input", OF_64, KERNEL_64, SAME),
    ("56×56, 64 → 64, gradient of weight", backward, "weight", OF_64, KERNEL_64, SAME),
]  # fmt: skip


# Measuring


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(calls, blocks):
    """All times of each call, in seconds: ``blocks`` blocks each, in random order."""
    times = {name: [] for name in calls}
    order = list(calls) * blocks
    random.shuffle(order)
    for call in calls.values():
        call()
    for name in order:
        time.sleep(REST)
        calls[name]()
        end = time.perf_counter() + BLOCK
        count = 0
        while count < CALLS or time.perf_counter() < end:
            times[name].append(seconds(calls[name]))
            count += 1
    return times


def summarise(case, times, best):
    """What the table and the JSON say of one case; ``best`` is the peak in operations per second."""
    medians = {name: statistics.median(of_library) for name, of_library in times.items()}
    minima = {name: min(of_library) for name, of_library in times.items()}
    row = {"name": case.name, "macs": case.macs, "median": medians, "minimum": minima}
    peers = [name for name in times if name != "convlib"]
    if peers:
        fastest = min(peers, key=medians.get)
        row["fastest peer"] = fastest
        row["ratio"] = medians[fastest] / medians["convlib"]
        row["ratio of minima"] = min(minima[name] for name in peers) / minima["convlib"]
    row["share of peak"] = 2 * case.macs / minima["convlib"] / best
    return row


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values)))


def ratios(rows, library, kind="median"):
    return [row[kind][library] / row[kind]["convlib"] for row in rows if library in row[kind]]


def print_row(row):
    columns = "".join(
        f"{1000 * row['median'][name]:10.3f} /{1000 * row['minimum'][name]:9.3f}"
        if name in row["median"]
        else " " * 21
        for name in LIBRARIES
    )
    beside = f"{row['ratio']:6.2f} {row['ratio of minima']:6.2f}" if "ratio" in row else " " * 13
    share = f"{row['share of peak']:5.0%}" if row["macs"] else "     "
    print(f"{row['name']:38} {row['macs'] / 1e6:7,.0f} {columns} {beside} {share}", flush=True)


def draw(rows, path):
    """Bars: how many times as long as convlib each peer takes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    peers = [name for name in LIBRARIES[1:] if any(name in row["median"] for row in rows)]
    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.42 * len(rows)), layout="constrained")
    height = 0.8 / max(1, len(peers))
    for i, peer in enumerate(peers):
        places = [y + (i + 0.5) * height - 0.4 for y, row in enumerate(rows) if peer in row["median"]]
        axes.barh(places, ratios(rows, peer), height, label=peer)
    axes.axvline(1, color="black", linewidth=1)
    axes.set(xlabel="time of the peer / time of convlib (medians)", xscale="log")
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.invert_yaxis()
    axes.legend()
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description="convlib beside other libraries")
    parser.add_argument("names", nargs="*", help="parts of the names of the cases to run; all, if none")
    parser.add_argument("--quick", action="store_true", help="few blocks: rough figures")
    options = parser.parse_args()
    blocks = 4 if options.quick else 12
    numba.set_num_threads(THREADS)
    best = 1e9 * peak.measure(THREADS)
    print(f"{THREADS} threads, peak {best / 1e9:.0f} GFLOP/s in float32. Milliseconds, median / minimum.")
    print("ratio: fastest peer / convlib, of medians and of minima; peak: convlib's share, by its minimum")
    print(
        f"{'':38} {'10⁶ macs':>7} " + "".join(f"{name:>21}" for name in LIBRARIES) + "  ratio   (min)  peak"
    )
    rows = []
    for name, make, *arguments, settings in CASES:
        if options.names and not any(part in name for part in options.names):
            continue
        case = make(name, *arguments, **settings)
        rows.append(summarise(case, measure(case.calls, blocks), best))
        print_row(rows[-1])
    means = {}
    for name in LIBRARIES[1:]:
        if of_library := ratios(rows, name):
            means[name] = geometric_mean(of_library), geometric_mean(ratios(rows, name, "minimum"))
            median, minimum = means[name]
            print(
                f"geometric mean over {len(of_library)} cases, {name}: {median:.2f}, of minima {minimum:.2f}"
            )
    slower = [f"{row['name']} ({row['fastest peer']})" for row in rows if row.get("ratio", 1) < 1]
    print(f"slower than the fastest peer, by medians: {', '.join(slower) or 'none'}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    result = {"threads": THREADS, "peak": best, "cpus": os.cpu_count(), "rows": rows, "means": means}
    (FOLDER / "layers.json").write_text(json.dumps(result, indent=1, ensure_ascii=False))
    draw(rows, FOLDER / "layers.png")
    print(f"written: {FOLDER / 'layers.json'} and layers.png")


if __name__ == "__main__":
    main()
