#!/bin/sh
# What the container runs: the words after the image's name as a tiendo57 command, or, without any, the service itself.
set -eu
if [ $# -gt 0 ]; then exec tiendo57 "$@"; fi
tiendo57 migrate
exec tiendo57 serve --host 0.0.0.0 --port "$PORT"
