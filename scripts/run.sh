#!/usr/bin/env bash
# Serve the demonstration on port $1 (8000), with the portal's simulator beside it until the end: on PORTAL_PORT, else on
# 8057, or the next port where the demonstration itself is served there.
# Where the environment or tiendo57.toml names another system, that one is called and no simulator is started.
set -euo pipefail
cd "$(dirname "$0")/.."
export TIENDO57_DEMONSTRATION=true
tiendo57=.venv/bin/tiendo57
port=${1:-8000}
portal_port=${PORTAL_PORT:-$((port == 8057 ? 8058 : 8057))}
if [[ $portal_port == "$port" ]]; then
  echo "PORT and PORTAL_PORT are both $port: choose two." >&2
  exit 2
fi

"$tiendo57" migrate
"$tiendo57" demo --if-empty
running=
trap 'kill $running 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
settings=$("$tiendo57" settings)
if ! grep -Eq '^portal_(hosts|legacy_url|rest_url) = .*\((environment .*|tiendo57\.toml)\)$' <<<"$settings"; then
  portal="http://127.0.0.1:$portal_port"
  "$tiendo57" portal-simulator --port "$portal_port" >/dev/null &
  running=$!
  export TIENDO57_PORTAL_HOSTS=127.0.0.1 TIENDO57_PORTAL_LEGACY_URL="$portal/legacy" TIENDO57_PORTAL_REST_URL="$portal/rest"
fi
"$tiendo57" serve --port "$port" &
service=$!
running="$running $service"
wait "$service"
