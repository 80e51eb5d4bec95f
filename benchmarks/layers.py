"""convlib beside PyTorch on the layers that the book talks about, each at its real size, forward only.

Both compute with two threads, in one process, by turns; a figure is the median of several calls. Without
PyTorch there is only convlib's column.
"""

import statistics
import time

import numba
import numpy as np

import convlib
from convlib.shapes import count_bytes, count_macs

try:
    import torch
except ImportError:
    torch = None

HALVING = {"stride": (1, 2, 2), "padding": (0, 1, 1)}
DOUBLING = {"stride": 2, "padding": 1}
# name, operation, shape of the input, shape of the weight, settings
LAYERS = [
    ("224×224×3 → 32, 5×5 (W6)", "conv2d", (1, 3, 224, 224), (32, 3, 5, 5), {}),
    ("28×28, 1 → 64, 3×3 (W9)", "conv2d", (1, 1, 28, 28), (64, 1, 3, 3), {"padding": 1}),
    ("32×32, 64 → 128, 1×1 (W16)", "conv2d", (1, 64, 32, 32), (128, 64, 1, 1), {}),
    ("500×500, 100 → 20, 1×1 (W15)", "conv2d", (1, 100, 500, 500), (20, 100, 1, 1), {}),
    (
        "32×32, 64 → 64, 4 groups (W18)",
        "conv2d",
        (1, 64, 32, 32),
        (64, 16, 3, 3),
        {"padding": 1, "groups": 4},
    ),
    ("32×32, depthwise 64 (W21)", "conv2d", (1, 64, 32, 32), (64, 1, 3, 3), {"padding": 1, "groups": 64}),
    ("56×56, 64 → 64, 8 images", "conv2d", (8, 64, 56, 56), (64, 64, 3, 3), {"padding": 1}),
    ("the same, dilation 2", "conv2d", (8, 64, 56, 56), (64, 64, 3, 3), {"padding": 2, "dilation": 2}),
    ("6 frames, 3 → 64, 2×3×3 (W5)", "conv3d", (1, 3, 6, 224, 224), (64, 3, 2, 3, 3), HALVING),
    ("6 frames, 3 → 64, 3×3×3", "conv3d", (1, 3, 6, 224, 224), (64, 3, 3, 3, 3), {"padding": 1}),
    ("the same, 32 times (W4)", "conv3d", (32, 3, 6, 224, 224), (64, 3, 3, 3, 3), {"padding": 1}),
    ("16,000 samples, 64 → 64, 9", "conv1d", (1, 64, 16_000), (64, 64, 9), {}),
    ("transposed, 28×28 to 56×56", "conv_transpose2d", (8, 64, 28, 28), (64, 32, 4, 4), DOUBLING),
]


def milliseconds(call):
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def compare(calls, budget=2000):
    """Median milliseconds of each call, by turns, about ``budget`` milliseconds in all."""
    first = sum(milliseconds(call) for call in calls)
    turns = max(1, min(50, int(budget / first)))
    times = [[milliseconds(call) for call in calls] for _ in range(turns)]
    return [statistics.median(of_call) for of_call in zip(*times)]


def main():
    numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
    if torch:
        torch.set_num_threads(2)
    random = np.random.default_rng(0)
    print(f"{'Layer, float32':30} {'multiply-adds':>13} {'output':>10} {'convlib':>11} {'PyTorch':>11} ratio")
    for name, operation, input_shape, weight_shape, settings in LAYERS:
        input = random.random(input_shape, np.float32)
        weight = random.random(weight_shape, np.float32)
        output = getattr(convlib, operation)(input, weight, **settings)
        groups = settings.get("groups", 1)
        if operation.startswith("conv_transpose"):
            macs = input[0].size * weight[0].size * len(input)
        else:
            channels = weight_shape[1] * groups, weight_shape[0]
            macs = count_macs(*channels, weight_shape[2:], output.shape[2:], groups, batch=len(input))
        megabytes = count_bytes(output.shape, output.dtype) / 2**20
        del output
        calls = [lambda: getattr(convlib, operation)(input, weight, **settings)]  # noqa: B023, called here
        if torch:
            peer = getattr(torch.nn.functional, operation)
            tensors = torch.from_numpy(input), torch.from_numpy(weight)
            calls.append(lambda: peer(*tensors, **settings))  # noqa: B023
        ours, *theirs = compare(calls)
        beside = f"{theirs[0]:8.2f} ms {theirs[0] / ours:4.2f}×" if theirs else ""
        print(f"{name:30} {macs / 1e6:11,.0f} M {megabytes:7,.1f} MB {ours:8.2f} ms {beside}", flush=True)


if __name__ == "__main__":
    main()
