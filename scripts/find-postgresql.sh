#!/usr/bin/env bash
# Print the folder of a PostgreSQL server's programs, version 15 or newer; install one where that may be done.
# POSTGRESQL_BIN chooses the folder.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

version() { "$1/postgres" --version 2>/dev/null | sed -En 's/^postgres \(PostgreSQL\) ([0-9]+).*/\1/p'; }

newest() {
    local folder found=0 best=""
    for folder in ${POSTGRESQL_BIN:-"$(dirname "$(command -v initdb || echo /none/initdb)")" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin}; do
        local number
        number=$(version "$folder" || true)
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ "${number:-0}" -gt "$found" ]; then
            found=$number best=$folder
        fi
    done
    [ "$found" -ge 15 ] && echo "$best"
}

if newest; then exit; fi
if may_install; then
    say "No PostgreSQL server (15 or newer) found; installing the package postgresql."
    apt_install postgresql || true
    if newest; then exit; fi
fi
stop "The tests need the programs of a PostgreSQL server, version 15 or newer (a running server is not needed)." \
    "On Debian 12, Ubuntu 24.04 and later type:  sudo apt-get install postgresql" \
    "Programs installed elsewhere are chosen by:  make POSTGRESQL_BIN=/path/to/bin test"
