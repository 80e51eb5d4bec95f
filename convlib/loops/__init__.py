"""Every compiled function of the library: Numba in, machine code out, and nothing else.

A loop takes contiguous, checked arrays and writes into one that it is given. It allocates nothing and checks
nothing, so the same source also compiles to WebAssembly (see ``convlib.webassembly``). Where a loop says
``prange``, its iterations write to disjoint rows: any number of threads gives the same bits.

Functions that call each other live in one file, because Numba's cache on disk notices a changed file, but not
a change in another file that the first one uses.
"""

from convlib.loops.correlation import (
    SLACK_BYTES,
    WIDE_BLOCK,
    block_of,
    correlate2d_into,
    pack_weight,
    tap_offsets,
)
from convlib.loops.padding import pad_into

__all__ = [
    "SLACK_BYTES",
    "WIDE_BLOCK",
    "block_of",
    "correlate2d_into",
    "pack_weight",
    "pad_into",
    "tap_offsets",
]
