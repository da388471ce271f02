#!/usr/bin/env bash
# Print the path of a Chromium or Chrome that runs; install one where that may be done.
# TIENDO57_TEST_CHROMIUM chooses it. Debian's chromium-headless-shell is preferred, and fetched beside a whole Chromium:
# the same browser without windows, which takes half the processor's time.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

lean=chromium-headless-shell

# Ubuntu's package only points at its shop, and its program then refuses: a browser counts when it tells its version.
found() {
    local name path
    for name in "$@"; do
        path=$(command -v "$name" || true)
        if [ -n "$path" ] && "$path" --version 2>/dev/null | grep -Eqi 'chrom(e|ium)[^0-9]*[0-9]+\.'; then
            echo "$path"
            return
        fi
    done
    return 1
}

whole() { found chromium chromium-browser google-chrome google-chrome-stable; }

if [ -n "${TIENDO57_TEST_CHROMIUM:-}" ]; then
    if found "$TIENDO57_TEST_CHROMIUM"; then exit; fi
    stop "TIENDO57_TEST_CHROMIUM=$TIENDO57_TEST_CHROMIUM is not a Chromium that runs."
fi
if found "$lean"; then exit; fi
if may_install && { ! runs whole || runs apt-cache show "$lean"; }; then
    say "Installing the package $lean for the browser tests."
    apt_install "$lean" fonts-liberation || runs whole || apt_install chromium fonts-liberation || true
    if found "$lean"; then exit; fi
fi
if whole; then exit; fi
stop "The browser tests need Chromium or Google Chrome." \
    "On Debian type:  sudo apt-get install $lean fonts-liberation" \
    "On Ubuntu type:  sudo snap install chromium" \
    "A browser installed elsewhere is chosen by:  make TIENDO57_TEST_CHROMIUM=/path/to/chrome test"
