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
    "$python" -m venv "$venv"
    say "Installing $(grep -c '^[a-z0-9]' requirements.lock) pinned packages into .venv (about half a minute on a fast line) …"
    local quiet=()
    if ! [ -t 2 ]; then quiet=(-qq); fi
    install_quickly || "$venv/bin/python" -m pip install "${quiet[@]}" --require-hashes --requirement requirements.lock
}

# uv, from the lock as all else, takes half of pip's time. It asks the index that pip is set to; where only pip knows the
# way to the packages, pip goes it.
install_quickly() {
    local lock=$venv/.uv index
    sed -n '/^uv==/,/# via/p' requirements.lock >"$lock"
    [ -s "$lock" ] && [ -z "${PIP_NO_INDEX:-}" ] || return
    index=${PIP_INDEX_URL:-$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
    if [ -n "$index" ]; then export UV_DEFAULT_INDEX=$index; fi # no argument: it may hold a password
    "$venv/bin/python" -m pip install -qq --require-hashes --requirement "$lock" &&
        UV_HTTP_RETRIES=1 "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --compile-bytecode \
            --require-hashes --requirement requirements.lock 2>"$venv/.uv.log"
}

install_project() {
    # The build tool comes from the lock, so nothing further is fetched.
    "$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
}

# Two makes at the same time would pull the environment from under each other.
if runs command -v flock; then
    exec 9<requirements.lock
    flock 9
fi

if ! stands; then
    make_environment
    install_project
    echo "$venv $(checksum "$venv/bin/python" requirements.lock)" >"$stamp"
    say "The environment .venv is ready."
elif ! [ -x "$venv/bin/tiendo57" ]; then
    install_project
fi
