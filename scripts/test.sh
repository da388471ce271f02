#!/usr/bin/env bash
# All tests: what they need is found or installed first, then format, lint, types and contracts, then every test on SQLite,
# then those of the API once more on PostgreSQL, but for what says the same there (marked `once`); pages are the same
# endpoints, and are walked there. Each row of parts ends with the first that fails.
# TIENDO57_TEST_POSTGRESQL names a superuser of a PostgreSQL that may be written to; without it a throw-away server is started.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

TIENDO57_TEST_CHROMIUM=$(scripts/find-chromium.sh)
export TIENDO57_TEST_CHROMIUM
if [ -z "${TIENDO57_TEST_POSTGRESQL:-}" ]; then exec scripts/with-postgresql.sh "$PWD/scripts/test.sh"; fi
say "Chromium: $TIENDO57_TEST_CHROMIUM" "PostgreSQL: $TIENDO57_TEST_POSTGRESQL"

TMPDIR=$(mktemp -d "$(scratch)/tiendo57-test.XXXXXX")
chmod 711 "$TMPDIR" # a test starts the service as another user
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
# Compiled once, not by each of the many processes that the tests start.
unset PYTHONDONTWRITEBYTECODE
export TIENDO57_TEST_COMPILED=$TMPDIR/compiled
mkdir "$TIENDO57_TEST_COMPILED"
export PATH="$PWD/.venv/bin:$PATH"
part() {
    say "" "── $1 ──"
    shift
    "$@"
}
# Two rows of parts side by side, since neither keeps two cores busy by itself; what the second says comes at its end.
# Three at work in all: on two cores five take a fifth more processor time for the same tests. The shorter row gives way to
# the longer, and so goes on while that one waits.
beside() {
    part "Format, lint, types, contracts" "${MAKE:-make}" --no-print-directory check &&
        part "The database, on PostgreSQL" env TIENDO57_TEST_DATABASE=postgresql pytest -n 0 \
            -m "not (once or others or fuzz or soak)" tests/api tests/durability
}
(runs renice -n 10 "$BASHPID" || true; beside) >"$TMPDIR/beside" 2>&1 &
second=$!
# In a new clone every worker would compile every test; one does while types are checked beside it.
[ -e tests/__pycache__ ] || pytest --collect-only -qq >/dev/null || true
first=0
part "Everything, on SQLite" env TIENDO57_TEST_DATABASE=sqlite pytest -n 2 --dist loadfile --no-loadscope-reorder || first=$?
other=0
wait "$second" || other=$?
cat "$TMPDIR/beside"
exit $((first > other ? first : other))
