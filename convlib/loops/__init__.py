"""Every compiled function of the library: Numba in, machine code out, and nothing else.

A loop takes contiguous, checked arrays and writes into one that it is given. It allocates nothing and checks
nothing, so the same source also compiles to WebAssembly (see ``convlib.webassembly``). Where a loop says
``prange``, its iterations write to disjoint rows: any number of threads gives the same bits.

Functions that call each other live in one file, because Numba's cache on disk notices a changed file, but not
a change in another file that the first one uses. The one exception is ``Vectors``, which pooling takes from
correlation: after a change there, ``make clean``.
"""

from convlib.loops.correlation import (
    CACHE_LINE,
    MORE_BIASES,
    POINTS,
    SINGLE_RUNS,
    SLACK_BYTES,
    VECTOR_BYTES,
    WIDE_BLOCK,
    WIDE_RUNS,
    block_of,
    channels_last_into,
    columns_of_run,
    correlate_alone,
    correlate_into,
    list_transposed_taps,
    pack_pixels,
    pad_into,
    transpose_into,
    transposed_taps,
    unpad_into,
    weight_gradient_into,
    winograd_into,
)
from convlib.loops.pooling import avg_pool_back_into, avg_pool_into, max_pool_into, scatter_into
from convlib.loops.windows import (
    fold_into,
    join_columns_into,
    unfold_into,
)

__all__ = [
    "CACHE_LINE",
    "MORE_BIASES",
    "POINTS",
    "SINGLE_RUNS",
    "SLACK_BYTES",
    "VECTOR_BYTES",
    "WIDE_BLOCK",
    "WIDE_RUNS",
    "avg_pool_back_into",
    "avg_pool_into",
    "block_of",
    "channels_last_into",
    "columns_of_run",
    "correlate_alone",
    "correlate_into",
    "fold_into",
    "join_columns_into",
    "list_transposed_taps",
    "max_pool_into",
    "pack_pixels",
    "pad_into",
    "scatter_into",
    "transpose_into",
    "transposed_taps",
    "unfold_into",
    "unpad_into",
    "weight_gradient_into",
    "winograd_into",
]
