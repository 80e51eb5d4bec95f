"""How the cost of a convolution grows: with the image, with the batch, with fewer threads; and its memory.

Time per multiply-add should not depend on how large the work is, two threads should take half the time of
one, and a layer should need little memory beside its input and its output. And how near to the machine's peak
layers of 3 × 3 come when they are summed directly, without Winograd's algorithm.
"""

import os
import random
import subprocess
import sys
import time

import numba
import numpy as np
import peak

from convlib import conv2d, engine

ROUNDS = 9
# name, shape of the input, output channels, kernel size
SIZES = [(f"{n} × {n}", (1, 16, n, n), 16, 3) for n in (32, 64, 128, 256, 512, 1024)]
DEEP_SIZES = [(f"{n} × {n}", (1, 64, n, n), 64, 5) for n in (32, 64, 128, 256, 512, 1024)]
DEEP_BATCHES = [(f"{n} images", (n, 64, 32, 32), 64, 5) for n in (1, 2, 4, 8, 16, 32, 64)]
LARGE_SIZES = [(f"{n} × {n}", (1, 64, n, n), 64, 3) for n in (64, 128, 256, 512, 1024)]
BATCHES = [(f"{n} images", (n, 16, 64, 64), 16, 3) for n in (1, 2, 4, 8, 16, 32, 64)]
LONG = [
    ("64 → 64, 3 × 3, 32 images of 112 × 112", (32, 64, 112, 112), 64, 3),
    ("256 → 256, 3 × 3, 64 images of 28 × 28", (64, 256, 28, 28), 256, 3),
    ("3 → 32, 5 × 5, 32 images of 224 × 224", (32, 3, 224, 224), 32, 5),
    ("64 → 64, 1 × 1, 64 images of 112 × 112", (64, 64, 112, 112), 64, 1),
]
DIRECT = [
    ("64 → 64, 8 images of 56 × 56", (8, 64, 56, 56), 64, 3),
    ("64 → 64, 8 images of 112 × 112", (8, 64, 112, 112), 64, 3),
    ("128 → 128, 8 images of 28 × 28", (8, 128, 28, 28), 128, 3),
    ("256 → 256, 8 images of 14 × 14", (8, 256, 14, 14), 256, 3),
]
DENSE = [
    ("64 → 64, 3 × 3, 8 images of 56 × 56", "conv2d", (8, 64, 56, 56), (64, 64, 3, 3)),
    ("256 → 256, 3 × 3, 8 images of 14 × 14", "conv2d", (8, 256, 14, 14), (256, 256, 3, 3)),
    ("3 → 64, 7 × 7, 8 images of 224 × 224", "conv2d", (8, 3, 224, 224), (64, 3, 7, 7)),
    ("W4: 3 → 64, 3 × 3 × 3, [32, 3, 6, 224, 224]", "conv3d", (32, 3, 6, 224, 224), (64, 3, 3, 3, 3)),
]
# prints bytes of input and output, and by how much a call raises the most that the process ever held
MEMORY = """
import resource, sys
import numpy as np, convlib
operation, shape, weight = sys.argv[1], *map(eval, sys.argv[2:])
peak = lambda: 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
call = getattr(convlib, operation)
w = np.ones(weight, np.float32)
few = w[:32, :32].copy()  # a small call loads the same code
call(np.ones((1, few.shape[1], *shape[2:-2], 40, 40), np.float32), few, padding=weight[-1] // 2)
x = np.ones(shape, np.float32)
before = peak()
y = call(x, w, padding=weight[-1] // 2)
print(x.nbytes, y.nbytes, max(0, peak() - before))
"""


def seconds(calls):
    """The fastest of some rounds of each call, the calls in random order."""
    fastest = dict.fromkeys(calls, float("inf"))
    for _ in range(ROUNDS):
        for name in random.sample(list(calls), len(calls)):
            start = time.perf_counter()
            calls[name]()
            fastest[name] = min(fastest[name], time.perf_counter() - start)
    return fastest


def layer(shape, c_out, k):
    numbers = np.random.default_rng(0)
    x = numbers.random(shape, np.float32) - np.float32(0.5)
    w = numbers.random((c_out, shape[1], k, k), np.float32) - np.float32(0.5)
    return lambda: conv2d(x, w, padding=k // 2)


def count_macs(shape, c_out, k):
    return shape[0] * c_out * shape[1] * k**2 * shape[2] * shape[3]


def growth(title, cases):
    print(title)
    calls = {name: layer(*case) for name, *case in cases}
    fastest = seconds(calls)
    rates = {name: 1e9 * fastest[name] / count_macs(*case) for name, *case in cases}
    least = min(rates.values())
    for name, rate in rates.items():
        took = f"{1000 * fastest[name]:9.3f} ms {1000 * rate:8.2f} ps each"
        print(f"  {name:14} {took}, {rate / least:.2f} × the least")


def direct():
    print("Layers of 3 × 3, summed directly")
    chooses, engine.winograd_pays = engine.winograd_pays, lambda *_: False
    engine.plan_correlation.cache_clear()
    best = 1e9 * peak.measure(numba.get_num_threads())
    fastest = seconds({name: layer(*case) for name, *case in DIRECT})
    for name, *case in DIRECT:
        share = 2 * count_macs(*case) / fastest[name] / best
        print(f"  {name:42} {1000 * fastest[name]:8.2f} ms, {share:.0%} of {best / 1e9:.0f} GFLOP/s")
    engine.winograd_pays = chooses
    engine.plan_correlation.cache_clear()


def scaling():
    print("Two threads beside one")
    for name, *case in LONG:
        call = layer(*case)

        def with_threads(threads, call=call):
            numba.set_num_threads(threads)
            call()

        times = seconds({threads: lambda threads=threads: with_threads(threads) for threads in (1, 2)})
        print(
            f"  {name:42} {1000 * times[1]:8.1f} ms, {1000 * times[2]:8.1f} ms: {times[1] / times[2]:.2f} ×"
        )


def memory():
    print("Memory beside input and output, in parts of them")
    for name, operation, shape, weight in DENSE:
        command = [sys.executable, "-c", MEMORY, operation, repr(shape), repr(weight)]
        for _ in range(2):  # the first process compiles, which takes memory too
            finished = subprocess.run(command, capture_output=True, text=True, check=True)
        given, made, more = map(int, finished.stdout.split())
        beside = (more - made) / (given + made)
        print(f"  {name:46} {(given + made) / 1e6:8.1f} MB, {beside:+.1%}")


def main():
    growth("Time per multiply-add, 16 → 16 channels, summed directly", SIZES)
    growth("Time per multiply-add, 16 → 16 channels of 64 × 64, a batch", BATCHES)
    growth("Time per multiply-add, 64 → 64 channels, 5 × 5, summed directly", DEEP_SIZES)
    growth("Time per multiply-add, 64 → 64 channels of 32 × 32, 5 × 5, a batch", DEEP_BATCHES)
    growth("Time per multiply-add, 64 → 64 channels, 3 × 3, with Winograd's algorithm", LARGE_SIZES)
    direct()
    if min(os.cpu_count() or 1, numba.config.NUMBA_NUM_THREADS) > 1:
        scaling()
    memory()


if __name__ == "__main__":
    main()
