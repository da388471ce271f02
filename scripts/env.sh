#!/usr/bin/env bash
# Make the environment .venv from the hashed lock and put the command tiendo57 into it.
# Does nothing when it stands already; makes it anew when the lock has changed, it was moved, or it was left half made.
# PYTHON chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

venv=$PWD/.venv
stamp=$venv/.made-from
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_REQUIRE_VIRTUALENV=1

recent() { runs "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        recent "$PYTHON" && echo "$PYTHON" && return
        stop "PYTHON=$PYTHON is not Python 3.11 or newer."
    fi
    local python
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if recent "$python"; then echo "$python"; return; fi
    done
    local found
    found=$(python3 --version 2>&1 || true)
    stop "Python 3.11 or newer is needed; python3 here says: ${found:-nothing}." \
        "Debian 12, Ubuntu 24.04 and later have it:  sudo apt-get install python3 python3-venv" \
        "A Python installed elsewhere is chosen by:  make PYTHON=/path/to/python3.13 env"
}

# Debian and Ubuntu ship Python without the part that makes environments.
require_venv() {
    runs "$1" -c 'import venv, ensurepip' && return
    local package=${1##*/}-venv
    if may_install; then
        say "$1 cannot make environments; installing the package $package."
        apt_install "$package" || stop "$package could not be installed." "Install it, then try again:  sudo apt-get install $package"
    fi
    runs "$1" -c 'import venv, ensurepip' ||
        stop "$1 cannot make environments: its modules venv and ensurepip are missing." \
            "On Debian and Ubuntu type:  sudo apt-get install $package"
}

checksum() { "$1" -c 'import hashlib, pathlib, sys; print(hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes()).hexdigest())' "$2"; }

stands() {
    [ -f "$stamp" ] && recent "$venv/bin/python" && grep -qxF "$venv $(checksum "$venv/bin/python" requirements.lock)" "$stamp"
}

make_environment() {
    local python
    python=$(find_python)
    require_venv "$python"
    if [ -e "$venv" ]; then say "The environment .venv is out of date or half made; making it anew."; fi
    rm -rf "$venv"
    "$python" -m venv --without-pip "$venv"
    say "Installing $(grep -c '^[a-z0-9]' requirements.lock) pinned packages into .venv (about half a minute on a fast line) …"
    local quiet=()
    if ! [ -t 2 ]; then quiet=(-qq); fi
    install_quickly || with_pip install "${quiet[@]}" --require-hashes --requirement requirements.lock
}

# Python's own pip, run from where it was unpacked: to put it into the environment takes longer than all it is asked for.
with_pip() {
    [ -e "$venv/.pip" ] ||
        "$venv/bin/python" -m zipfile -e "$("$venv/bin/python" -c "$PIP" 2>/dev/null)" "$venv/.pip" 2>/dev/null ||
        "$venv/bin/python" -m ensurepip >/dev/null
    PYTHONPATH=$venv/.pip "$venv/bin/python" -m pip "$@"
}
PIP='import ensurepip, pathlib, sysconfig
places = [pathlib.Path(ensurepip.__file__).parent / "_bundled", pathlib.Path("/usr/share/python-wheels")]
places += [pathlib.Path(place) for place in [sysconfig.get_config_var("WHEEL_PKG_DIR")] if place]
print(next(pip for place in places for pip in place.glob("pip-*.whl")))'

# uv, from the lock as all else, takes half of pip's time. It asks the index that pip is set to; where only pip knows the
# way to the packages, pip goes it.
install_quickly() {
    local lock=$venv/.uv index
    sed -n '/^uv==/,/# via/p' requirements.lock >"$lock"
    [ -s "$lock" ] && [ -z "${PIP_NO_INDEX:-}" ] || return
    index=${PIP_INDEX_URL:-$(with_pip config get global.index-url 2>/dev/null || true)}
    if [ -n "$index" ]; then export UV_DEFAULT_INDEX=$index; fi # no argument: it may hold a password
    with_pip install -qq --require-hashes --requirement "$lock" &&
        UV_HTTP_RETRIES=1 UV_COMPILE_BYTECODE=${UV_COMPILE_BYTECODE:-1} "$venv/bin/uv" pip install --quiet \
            --python "$venv/bin/python" --require-hashes --requirement requirements.lock 2>"$venv/.uv.log"
}

install_project() {
    # The build tool comes from the lock, so nothing further is fetched.
    local asked=(--quiet --no-deps --no-build-isolation --editable .)
    if [ -x "$venv/bin/uv" ]; then
        "$venv/bin/uv" pip install --python "$venv/bin/python" "${asked[@]}"
    else
        with_pip install "${asked[@]}"
    fi
}

# Two makes at the same time would pull the environment from under each other.
if runs command -v flock; then
    exec 9<requirements.lock
    flock 9
fi

if ! stands; then
    make_environment
    install_project
    rm -rf "$venv/.pip"
    echo "$venv $(checksum "$venv/bin/python" requirements.lock)" >"$stamp"
    say "The environment .venv is ready."
elif ! [ -x "$venv/bin/tiendo57" ]; then
    install_project
fi
