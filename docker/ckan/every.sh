#!/bin/sh
# every.sh SECONDS COMMAND…: run the command for ever, so many seconds apart. A failure is logged,
# not fatal: the next round tries again.
set -u
pause=$1
shift
trap 'exit 0' TERM INT
while :; do
    "$@" || echo "every.sh: '$*' ended with status $?" >&2
    sleep "$pause" &
    wait $!
done
