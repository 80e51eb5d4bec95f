"""Find a Chromium that Playwright can drive; where there is none, fetch one.

``python tools/find_browser.py`` prints its path.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

# the first is Chromium without windows, a fifth faster
COMMANDS = ["chromium-headless-shell", "chromium", "chromium-browser"]
COMMANDS += ["google-chrome", "google-chrome-stable", "microsoft-edge"]
MAC_APPLICATIONS = ["Chromium", "Google Chrome", "Microsoft Edge"]
ADVICE = "no Chromium, Chrome or Edge found, and none could be fetched; install one of them"


def installed_browser():
    """Return the path of a browser on this machine, or None."""
    for command in COMMANDS:
        if path := shutil.which(command):
            return path
    for name in MAC_APPLICATIONS:
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            path = folder / f"{name}.app/Contents/MacOS/{name}"
            if path.exists():
                return str(path)
    return None


def playwright_browser():
    """Return the path of Playwright's own Chromium, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def fetch_browser():
    """Try Playwright's download, then, as root on a Debian, its packages."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        attempts += [["apt-get", "update"]]
        attempts += [["apt-get", "install", "-y", name] for name in COMMANDS[:2]]
    for command in attempts:
        print("No browser here; trying:", " ".join(command), file=sys.stderr, flush=True)
        # a download that stalls must not stall the tests
        try:
            subprocess.run(command, capture_output=True, timeout=600)
        except subprocess.TimeoutExpired:
            continue
        if path := installed_browser() or playwright_browser():
            return path
    return None


@cache
def find_browser():
    """Return the path of a Chromium.

    Raises
    ------
    FileNotFoundError
        If there is none and none could be fetched.
    """
    if path := installed_browser() or playwright_browser() or fetch_browser():
        return path
    raise FileNotFoundError(ADVICE)


if __name__ == "__main__":
    try:
        print(find_browser())
    except FileNotFoundError as error:
        sys.exit(f"browser: {error}")
