#!/usr/bin/env bash
# Print the path of a Chromium or Chrome that runs; install one where that may be done.
# TIENDO57_TEST_CHROMIUM chooses it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

# Ubuntu's package only points at its shop, and its program then refuses: a browser counts when it tells its version.
found() {
    local name path
    for name in ${TIENDO57_TEST_CHROMIUM:-chromium chromium-browser google-chrome google-chrome-stable}; do
        path=$(command -v "$name" || true)
        if [ -n "$path" ] && "$path" --version 2>/dev/null | grep -Eqi 'chrom(e|ium)[^0-9]*[0-9]+\.'; then
            echo "$path"
            return
        fi
    done
    return 1
}

if found; then exit; fi
if [ -n "${TIENDO57_TEST_CHROMIUM:-}" ]; then stop "TIENDO57_TEST_CHROMIUM=$TIENDO57_TEST_CHROMIUM is not a Chromium that runs."; fi
if may_install; then
    say "No Chromium found; installing the package chromium."
    apt_install chromium fonts-liberation || true
    if found; then exit; fi
fi
stop "The browser tests need Chromium or Google Chrome." \
    "On Debian type:  sudo apt-get install chromium fonts-liberation" \
    "On Ubuntu type:  sudo snap install chromium" \
    "A browser installed elsewhere is chosen by:  make TIENDO57_TEST_CHROMIUM=/path/to/chrome test"
