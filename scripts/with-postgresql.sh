#!/usr/bin/env bash
# Run a command beside a throw-away PostgreSQL server, whose address it finds in TIENDO57_TEST_POSTGRESQL.
# The server listens on a socket in a private folder and not on the network; server and folder are gone afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

[ $# -gt 0 ] || stop "usage: scripts/with-postgresql.sh COMMAND …"
bin=$(scripts/find-postgresql.sh)

# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
    owner=postgres
    id "$owner" >/dev/null 2>&1 || owner=nobody
    as=(runuser -u "$owner" --)
fi

# A socket's path may have 107 characters, so a deep TMPDIR will not do.
folder=$(mktemp -d "$(scratch)/tiendo57-postgresql.XXXXXX")
remove() {
    if [ -f "$folder/data/postmaster.pid" ]; then
        (cd / && "${as[@]}" "$bin/pg_ctl" --silent --mode=immediate --pgdata="$folder/data" stop) || true
    fi
    rm -rf "$folder"
}
trap remove EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ ${#as[@]} -gt 0 ]; then chown "$owner" "$folder"; fi

# Nobody keeps these data: the disk is not waited for.
settings="-c listen_addresses='' -c unix_socket_directories=$folder -c unix_socket_permissions=0700 -c port=5432"
settings+=" -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB"
start() {
    cd /
    "${as[@]}" "$bin/initdb" --pgdata="$folder/data" --username=tiendo57 --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync &&
        "${as[@]}" "$bin/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --wait --timeout=60 --options="$settings" start
}
if ! (start) >"$folder/start" 2>&1; then
    cat "$folder/start" "$folder/log" >&2 2>/dev/null || true
    stop "The throw-away PostgreSQL server did not start."
fi

export TIENDO57_TEST_POSTGRESQL="postgresql+psycopg://tiendo57@/postgres?host=$folder"
status=0
"$@" || status=$?
exit $status
