"""How long a newcomer waits: for the import, and for the first result with an empty and a filled Numba cache.

Each figure is a fresh Python process, from before the import to after it or to the first result of conv2d.
"""

import os
import statistics
import subprocess
import sys
import tempfile

IMPORT = "import convlib"
FIRST_RESULT = (
    "import convlib, numpy as n; convlib.conv2d(n.ones((1, 5, 5), 'f4'), n.ones((1, 1, 3, 3), 'f4'))"
)
TIMED = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def seconds(code, cache):
    """Seconds that ``code`` takes in a new process whose Numba cache is the folder ``cache``."""
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    command = [sys.executable, "-c", TIMED.format(code)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(finished.stdout)


def main(runs=5):
    print(f"Start, medians of {runs} fresh processes (with an empty cache: 3)")
    with tempfile.TemporaryDirectory() as cache:
        seconds(FIRST_RESULT, cache)  # fills the cache, and the system's cache of files
        imported = statistics.median(seconds(IMPORT, cache) for _ in range(runs))
        warm = statistics.median(seconds(FIRST_RESULT, cache) for _ in range(runs))
    empty = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as cache:
            empty.append(seconds(FIRST_RESULT, cache))
    print(f"  import convlib               {imported:.2f} s")
    print(f"  first conv2d, filled cache   {warm:.2f} s")
    print(f"  first conv2d, empty cache    {statistics.median(empty):.2f} s")


if __name__ == "__main__":
    main()
