"""Build the book: convlib.wasm, the front end, the pages. Steps whose inputs have not changed are left out.

Usage: python tools/build.py [wasm] [front_end] [html] [--fresh]
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
WASM = [ROOT / "convlib/webassembly" / name for name in ("convlib.wasm", "convlib_relaxed.wasm")]
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"

WASM_SOURCES = ["convlib/loops/**/*.py", "convlib/webassembly/**/*.py", "convlib/shapes.py"]
FRONT_END_SOURCES = [
    "front_end/*.js",
    "front_end/*.css",
    "convlib/explorers/*.js",
    "convlib/explorers/toolkit/**/*.js",
    "package-lock.json",
    "tools/build_front_end.py",
]
# whatever can change the output of a cell, and on top of that whatever can change a page
CELL_SOURCES = ["convlib/**/*.py", "convlib/**/*.js", "convlib/**/*.css", "convlib/**/*.wasm"]
PAGE_SOURCES = [
    "front_end/built/**/*",
    "front_end/templates/**/*",
    "book/references.bib",
    "_config.yml",
    "_toc.yml",
    "tools/alt_text.py",
    "tools/operations_table.py",
]
EVERYWHERE = ["requirements.txt"]


def digest(patterns):
    """Return one hash over the names and contents of all files that match the patterns."""
    whole = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}):
        whole.update(str(path.relative_to(ROOT)).encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


class Stamp:
    """Remembers the inputs that a step was last finished with."""

    def __init__(self, name, patterns):
        self.path = BUILD / "stamps" / name
        self.now = digest(patterns + EVERYWHERE)

    def is_current(self):
        return self.path.exists() and self.path.read_text() == self.now

    def renew(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.now)


def run(*arguments):
    """Run Python with these arguments in the repository's folder; stop the build if it fails."""
    finished = subprocess.run([sys.executable, *map(str, arguments)], cwd=ROOT)
    if finished.returncode:
        sys.exit(finished.returncode)


def build_wasm():
    stamp = Stamp("wasm", WASM_SOURCES)
    if all(path.exists() for path in WASM) and stamp.is_current():
        return
    print("Compiling the loops to convlib.wasm", flush=True)
    run("-m", "convlib.webassembly")
    stamp.renew()


def build_front_end():
    stamp = Stamp("front_end", FRONT_END_SOURCES)
    built = [ROOT / "front_end/built", ROOT / "convlib/explorers/built"]
    if all(folder.exists() for folder in built) and stamp.is_current():
        return
    print("Bundling the front end", flush=True)
    run("tools/build_front_end.py")
    stamp.renew()


def execute_notebooks():
    """Execute the notebooks that are not in the cache, several at a time; Sphinx would take them one by one.

    What fails here fails again in the build, which says where.
    """
    import yaml
    from jupyter_cache import get_cache
    from jupyter_cache.executors import load_executor
    from refresh_notebooks import notebooks

    cache = get_cache(BUILD / ".jupyter_cache")
    for path in notebooks():
        cache.add_nb_to_project(str(path))
    timeout = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["execute"]["timeout"]
    load_executor("local-parallel", cache).run_and_cache(timeout=timeout)


def build_html(fresh=False):
    cells = Stamp("cells", CELL_SOURCES)
    pages = Stamp("pages", CELL_SOURCES + PAGE_SOURCES)
    if fresh or not cells.is_current():
        # the execution cache knows the cells' code, not the library that they import
        shutil.rmtree(BUILD / ".jupyter_cache", ignore_errors=True)
    if fresh or not pages.is_current():
        shutil.rmtree(BUILD / "html", ignore_errors=True)
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    print("Executing the notebooks", flush=True)
    execute_notebooks()
    print("Building the pages", flush=True)
    run("-c", JUPYTER_BOOK, "build", "-W", "-n", "--keep-going", ROOT)
    cells.renew()
    pages.renew()


STEPS = {"wasm": build_wasm, "front_end": build_front_end, "html": build_html}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("steps", nargs="*", metavar="step", help="wasm, front_end, html; all by default")
    parser.add_argument("--fresh", action="store_true", help="start again from nothing")
    arguments = parser.parse_args()
    if unknown := set(arguments.steps) - set(STEPS):
        parser.error(f"unknown step: {', '.join(sorted(unknown))}")
    for name, step in STEPS.items():
        if arguments.steps and name not in arguments.steps:
            continue
        start = time.perf_counter()
        step(fresh=arguments.fresh) if name == "html" else step()
        print(f"  {name}: {time.perf_counter() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
