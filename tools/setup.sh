#!/bin/sh
# Makes .venv and installs requirements.txt into it, unless that has been done. With the argument "instructors":
# .venv-instructors and requirements-instructors.txt.
set -e
cd "$(dirname "$0")/.."

environment=.venv${1:+-$1}
requirements=requirements${1:+-$1}.txt

stop() {
    echo "make: $*" >&2
    exit 1
}

# the folder is part of it: convlib is installed in place, so a moved copy has to install again
wanted() {
    pwd
    cat "$requirements" pyproject.toml
}

if [ -x "$environment/bin/python" ] && wanted | cmp -s - "$environment/installed"; then
    exit 0
fi

if ! "$environment/bin/python" -m pip --version >/dev/null 2>&1; then
    for python in "$PYTHON" python3 python3.13 python3.12 python3.11 ""; do
        supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
        if [ -n "$python" ] && "$python" -c "$supported" 2>/dev/null; then break; fi
    done
    [ -n "$python" ] || stop "no Python 3.11, 3.12 or 3.13 found; install one, or name it: make PYTHON=/path/to/python3"
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        stop "$python has no venv module; install it (Debian, Ubuntu: apt install python3-venv)"
    echo "Creating $environment with $("$python" --version)"
    rm -rf "$environment"
    "$python" -m venv "$environment"
fi

echo "Installing $requirements (up to 1 GB; two minutes on a good network)"
"$environment/bin/python" -m pip install --disable-pip-version-check --no-warn-script-location -r "$requirements" ||
    stop "$requirements could not be installed; is the package index within reach?"
wanted >"$environment/installed"
