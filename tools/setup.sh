#!/bin/sh
# Makes .venv and installs requirements.txt into it, unless that has been done.
set -e
cd "$(dirname "$0")/.."

stop() {
    echo "make: $*" >&2
    exit 1
}

# the folder is part of it: convlib is installed in place, so a moved copy has to install again
wanted() {
    pwd
    cat requirements.txt pyproject.toml
}

if [ -x .venv/bin/python ] && wanted | cmp -s - .venv/installed; then
    exit 0
fi

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    for python in "$PYTHON" python3 python3.13 python3.12 python3.11 ""; do
        supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
        if [ -n "$python" ] && "$python" -c "$supported" 2>/dev/null; then break; fi
    done
    [ -n "$python" ] || stop "no Python 3.11, 3.12 or 3.13 found; install one, or name it: make PYTHON=/path/to/python3"
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        stop "$python has no venv module; install it (Debian, Ubuntu: apt install python3-venv)"
    echo "Creating .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
fi

echo "Installing requirements.txt (about 1 GB; two minutes on a good network)"
.venv/bin/python -m pip install --disable-pip-version-check --no-warn-script-location -r requirements.txt ||
    stop "requirements.txt could not be installed; is the package index within reach?"
wanted >.venv/installed
