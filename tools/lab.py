"""Open JupyterLab on the book's notebooks. Further arguments go to JupyterLab."""

import os
import subprocess
import sys
from pathlib import Path

BOOK = Path(__file__).resolve().parents[1] / "book"


def main():
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={BOOK}", *sys.argv[1:]]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    try:
        sys.exit(subprocess.run(command).returncode)
    except KeyboardInterrupt:
        print("\nClosed.")


if __name__ == "__main__":
    main()
