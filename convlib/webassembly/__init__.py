"""The library's loops as a WebAssembly module, so that a published page computes with no Python.

``python -m convlib.webassembly`` builds ``convlib.wasm`` beside this file from the functions in
``convlib.loops``, by LLVM's WebAssembly back end, which llvmlite ships, and the linker of ziglang.

What the module offers stands in ``convlib.webassembly.exports``. It imports nothing. Every export takes two
extra arguments first, addresses that Numba's calling convention writes to: a result (8 bytes) and an
exception (never set). Pointers are byte offsets into the exported ``memory``; what lies from
``__heap_base`` on is the caller's. Arguments are not checked.
"""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["PATH", "build", "read"]

PATH = Path(__file__).with_name("convlib.wasm")


def read():
    """The module's bytes.

    Raises
    ------
    FileNotFoundError
        It has not been built.
    """
    if not PATH.exists():
        raise FileNotFoundError("convlib.wasm is not built; run `make`, or `python -m convlib.webassembly`")
    return PATH.read_bytes()


def build():
    """Compile and link ``convlib.wasm``; returns its path.

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
        [sys.executable, "-m", "convlib.webassembly.compile", str(PATH)],
        env=os.environ | settings,
        check=True,
    )
    return PATH
