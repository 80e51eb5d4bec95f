"""The library's loops as a WebAssembly module, so that a published page computes with no Python.

``python -m convlib.webassembly`` builds ``convlib.wasm`` beside this file from the functions in
``convlib.loops``, by LLVM's WebAssembly back end, which llvmlite ships, and the linker of ziglang.

It builds ``convlib_relaxed.wasm`` too, the same code with "relaxed" vectors: their multiply-adds are fused,
as Python's are, where the processor can do that, and a convolution takes a quarter less time. Not every
browser accepts them, so a page holds both modules and runs the second where it can.

What a module offers stands in ``convlib.webassembly.exports``. It imports nothing. Every export takes two
extra arguments first, addresses that Numba's calling convention writes to: a result (8 bytes) and an
exception (never set). Pointers are byte offsets into the exported ``memory``; what lies from
``__heap_base`` on is the caller's. Arguments are not checked.
"""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["PATH", "RELAXED_PATH", "build", "read"]

PATH = Path(__file__).with_name("convlib.wasm")
RELAXED_PATH = Path(__file__).with_name("convlib_relaxed.wasm")


def read(relaxed=False):
    """The bytes of the module, or of the relaxed one.

    Raises
    ------
    FileNotFoundError
        It has not been built.
    """
    path = RELAXED_PATH if relaxed else PATH
    if not path.exists():
        raise FileNotFoundError(f"{path.name} is not built; run `make`, or `python -m convlib.webassembly`")
    return path.read_bytes()


def build():
    """Compile and link both modules; returns their paths.

    Works in a process of its own, because Numba reads these settings once, when it is imported: code for no
    particular processor, not optimised yet, so that LLVM optimises it once and for WebAssembly.
    """
    settings = {
        "NUMBA_OPT": "0",
        "NUMBA_LOOP_VECTORIZE": "0",
        "NUMBA_SLP_VECTORIZE": "0",
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_DISABLE_JIT": "0",
        # code that is not optimised yet cannot be cached, which is no matter here
        "PYTHONWARNINGS": "ignore:Cannot cache compiled function",
    }
    subprocess.run(
        [sys.executable, "-m", "convlib.webassembly.compile", str(PATH), str(RELAXED_PATH)],
        env=os.environ | settings,
        check=True,
    )
    return PATH, RELAXED_PATH
