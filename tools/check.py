"""Everything that CI runs, cheapest first; stops at the first step that fails and says what each one took."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
# each worker begins at another place, so that two seldom compile the same loop at the same time
PYTEST = [PYTHON, "-m", "pytest", "-q", "-n", str(min(os.cpu_count() or 1, 8)), "--dist=worksteal"]
COMPILED = [*PYTEST, "-m", "not browser and not long"]  # a long one would come twice
# those that call nothing compiled would come twice, too
COMPILED += [f"--ignore=tests/test_{name}.py" for name in ("filters", "reference")]
# The loops as Python runs them: slow, so few examples each, and their lines can be counted. Left out are
# tests of texts and, but once a week, those that ask for much and reach few lines that others do not.
PLAIN = ["env", "NUMBA_DISABLE_JIT=1", "CONVLIB_EXAMPLES=10", *PYTEST, "--cov"]
LEFT_OUT = ["notebooks", "prose", "source_map"]
LEFT_OUT += [] if os.environ.get("CONVLIB_WALK") else ["errors", "learn_kernel", "peers"]
PLAIN += [f"--ignore=tests/test_{name}.py" for name in LEFT_OUT]
# those of the library take their time to be collected
NO_DOCTESTS = ["-p", "no:doctest", "-o", "addopts="]

STEPS = {
    "shell": ["bash", "-c", "bash -n .ci/run && bash -n tools/setup.sh && bash -n binder/postBuild"],
    "style": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "browser": [PYTHON, "tools/find_browser.py"],
    "convlib.wasm and front end": [PYTHON, "tools/build.py", "wasm", "front_end"],
    "library, doctests, notebook hygiene": COMPILED,
    "plain Python, with coverage": [*PLAIN, "-m", "not browser"],
    "stored outputs": [*PYTEST, *NO_DOCTESTS, "--nbval", "--dist=loadfile", "book"],
    "pages, built from nothing": [PYTHON, "tools/build.py", "html", "--fresh"],
    "graded sets": ["make", "check-assignments"],  # that the pages hold none of them is asked, too
    "pages and notebooks in a browser": [*PYTEST, *NO_DOCTESTS, "--strict-markers", "-m", "browser", "tests"],
}


def main():
    start = time.perf_counter()
    for name, command in STEPS.items():
        print(f"\n── {name}", flush=True)
        begin = time.perf_counter()
        failed = subprocess.run(command, cwd=ROOT).returncode
        took = f"{name}: {time.perf_counter() - begin:.0f} s; {time.perf_counter() - start:.0f} s in all"
        # on standard error, so that pytest's own summary stays the last line of the output
        print(f"── {took}{' — failed' if failed else ''}", file=sys.stderr, flush=True)
        if failed:
            sys.exit(failed)


if __name__ == "__main__":
    main()
