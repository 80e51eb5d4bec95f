"""What the machine could do at best: multiply-adds of numbers that never leave the registers.

Shares of the peak in the other benchmarks refer to this. A multiply-add counts as two operations.
"""

import time

import numba
import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from convlib.loops.correlation import VECTOR_BYTES

# enough sums that none waits for its predecessor, few enough that all stay in registers
SUMS = 12
STEPS = 200_000


@intrinsic
def multiply_adds(typing_context, steps, factor):
    """``steps`` times SUMS vectors of fused multiply-adds; returns a number that depends on all of them."""

    def generate(context, builder, signature, arguments):
        steps, factor = arguments
        lanes = VECTOR_BYTES // context.get_abi_sizeof(factor.type)
        vector = ir.VectorType(factor.type, lanes)
        fused = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(vector, [vector] * 3),
            f"llvm.fma.v{lanes}f{8 * VECTOR_BYTES // lanes}",
        )
        spread = ir.Constant(vector, ir.Undefined)
        for lane in range(lanes):
            spread = builder.insert_element(spread, factor, ir.IntType(32)(lane))
        sums = [
            cgutils.alloca_once_value(builder, ir.Constant(vector, [float(i)] * lanes)) for i in range(SUMS)
        ]
        with cgutils.for_range(builder, steps):
            for total in sums:
                builder.store(builder.call(fused, [builder.load(total), spread, spread]), total)
        whole = builder.load(sums[0])
        for total in sums[1:]:
            whole = builder.fadd(whole, builder.load(total))
        return builder.extract_element(whole, ir.IntType(32)(0))

    return factor(types.intp, factor), generate


@njit(parallel=True)
def on_all_threads(results, steps, factor):
    for thread in prange(len(results)):
        results[thread] = multiply_adds(steps, factor)


def measure(threads, dtype=np.float32, rounds=30):
    """Operations in a second, in units of 10⁹, the best of several rounds."""
    results, factor = np.zeros(threads, dtype), np.dtype(dtype).type(0.5)
    numba.set_num_threads(threads)
    on_all_threads(results, 1, factor)
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        on_all_threads(results, STEPS, factor)
        best = min(best, time.perf_counter() - start)
    lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
    return 2 * threads * STEPS * SUMS * lanes / best / 1e9


def main():
    for threads in sorted({1, min(2, numba.config.NUMBA_NUM_THREADS)}):
        for dtype in (np.float32, np.float64):
            print(f"peak, {threads} thread(s), {np.dtype(dtype)}: {measure(threads, dtype):.0f} GFLOP/s")


if __name__ == "__main__":
    main()
