"""How the cost of a convolution grows: with the image, with the batch, with fewer threads; and its memory.

Time per multiply-add should not depend on how large the work is, two threads should take half the time of
one, and a layer should need little memory beside its input and its output.
"""

import os
import random
import subprocess
import sys
import time

import numba
import numpy as np

from convlib import conv2d

ROUNDS = 9
# name, shape of the input, output channels, kernel size
SIZES = [(f"{n} × {n}", (1, 16, n, n), 16, 3) for n in (32, 64, 128, 256, 512, 1024)]
LARGE_SIZES = [(f"{n} × {n}", (1, 64, n, n), 64, 3) for n in (64, 128, 256, 512, 1024)]
BATCHES = [(f"{n} images", (n, 16, 64, 64), 16, 3) for n in (1, 2, 4, 8, 16, 32, 64)]
LONG = [
    ("64 → 64, 3 × 3, 32 images of 112 × 112", (32, 64, 112, 112), 64, 3),
    ("256 → 256, 3 × 3, 64 images of 28 × 28", (64, 256, 28, 28), 256, 3),
    ("3 → 32, 5 × 5, 32 images of 224 × 224", (32, 3, 224, 224), 32, 5),
    ("64 → 64, 1 × 1, 64 images of 112 × 112", (64, 64, 112, 112), 64, 1),
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


def growth(title, cases):
    print(title)
    calls = {name: layer(*case) for name, *case in cases}
    fastest = seconds(calls)
    rates = {
        name: 1e9 * fastest[name] / (shape[0] * c_out * shape[1] * k**2 * shape[2] * shape[3])
        for name, shape, c_out, k in cases
    }
    least = min(rates.values())
    for name, rate in rates.items():
        took = f"{1000 * fastest[name]:9.3f} ms {1000 * rate:8.2f} ps each"
        print(f"  {name:14} {took}, {rate / least:.2f} × the least")


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
    growth("The same, 64 → 64 channels, with Winograd's algorithm", LARGE_SIZES)
    if min(os.cpu_count() or 1, numba.config.NUMBA_NUM_THREADS) > 1:
        scaling()
    memory()


if __name__ == "__main__":
    main()
