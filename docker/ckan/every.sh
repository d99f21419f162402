#!/bin/sh
# every.sh SECONDS COMMAND…: run the command for ever, so many seconds apart. A failure is logged,
# not fatal: the next round tries again. When it is told to stop it stops the command too.
set -u
pause=$1
shift
child=
trap 'kill "$child" 2>/dev/null; exit 0' TERM INT
while :; do
    "$@" &
    child=$!
    wait "$child" || echo "every.sh: '$*' ended with status $?" >&2
    sleep "$pause" &
    child=$!
    wait "$child"
done
