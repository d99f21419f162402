# shellcheck shell=bash
# Where things are and how we speak to the person at the keyboard. Sourced by every script.
set -euo pipefail

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Everything made here lives in one folder, which may be put elsewhere.
PORTAL_DIR=${PORTAL_DIR:-$PROJECT/.portal}
[ -d "$PORTAL_DIR" ] || { mkdir -p "$PORTAL_DIR" && touch "$PORTAL_DIR/.made-by-budgetod"; }
PORTAL_DIR=$(cd "$PORTAL_DIR" && pwd)
TOOLS_DIR=${TOOLS_DIR:-$PORTAL_DIR/tools}

# One set of services (database cluster, Redis, Solr) lives in one STATE folder:
# the portal's own, or the tests', which never touch the portal's.
STATE=${STATE:-$PORTAL_DIR}

CKAN_VERSION=${CKAN_VERSION:-2.12.0}
SOLR_VERSION=${SOLR_VERSION:-9.9.0}
PYTHON=${PYTHON:-/usr/bin/python3}
VENV=${VENV:-$TOOLS_DIR/venv-$CKAN_VERSION}

export PROJECT PORTAL_DIR TOOLS_DIR STATE CKAN_VERSION SOLR_VERSION PYTHON VENV
mkdir -p "$STATE/run" "$STATE/log" "$STATE/ports" "$STATE/secrets" "$TOOLS_DIR"
chmod 700 "$STATE/secrets"
STATE=$(cd "$STATE" && pwd)

say() { printf '%s\n' "$*"; }
done_line() { printf '  \xe2\x9c\x93 %-58s %s\n' "$1" "${2:-}"; }
die() { # die WHAT WHY TODO
  printf '\n  \xe2\x9c\x97 %s\n' "$1" >&2
  [ -z "${2:-}" ] || printf '    why : %s\n' "$2" >&2
  [ -z "${3:-}" ] || printf '    to do: %s\n' "$3" >&2
  exit 1
}

# step LABEL TODO COMMAND…: runs COMMAND into a log, shows that it is alive, explains its failure.
step() {
  local label=$1 todo=$2 began=$SECONDS status=0 log pid
  shift 2
  log=$STATE/log/$(printf '%s' "$label" | tr -cs 'A-Za-z0-9' '-').log
  "$@" >"$log" 2>&1 &
  pid=$!
  # shellcheck disable=SC2064
  trap "kill $pid 2>/dev/null; exit 130" INT TERM
  _show_progress "$pid" "$label" "$began" "$log"
  wait "$pid" || status=$?
  trap - INT TERM
  [ ! -t 1 ] || printf '\r\033[K'
  if [ "$status" -ne 0 ]; then
    tail -n 15 "$log" | sed 's/^/    | /' >&2
    die "$label" "the command above ended with status $status (whole log: $log)" "$todo"
  fi
  done_line "$label" "$((SECONDS - began)) s"
}

# On a terminal one line that moves; in a log one line every 15 seconds.
_show_progress() {
  local pid=$1 label=$2 began=$3 log=$4 last=0 now tail_line
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    now=$((SECONDS - began))
    [ "$now" -gt "$last" ] || continue
    tail_line=$(tail -c 300 "$log" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c1-60 || true)
    if [ -t 1 ]; then
      printf '\r\033[K  \xe2\x80\xa6 %s  %s s  %s' "$label" "$now" "$tail_line"
      last=$now
    elif [ $((now - last)) -ge 15 ]; then
      printf '  \xe2\x80\xa6 %s  %s s  %s\n' "$label" "$now" "$tail_line"
      last=$now
    fi
  done
}

# secret NAME: a random word, drawn once and kept in a private file.
secret() {
  local file=$STATE/secrets/$1
  if [ ! -s "$file" ]; then
    (umask 077 && head -c 512 /dev/urandom | LC_ALL=C tr -dc 'a-zA-Z0-9' | cut -c1-"${2:-24}" >"$file")
  fi
  cat "$file"
}

# Two runs at once would make the same things twice. Held until this script ends.
one_at_a_time() {
  exec 9>"$STATE/lock"
  flock -n 9 || die "$(basename "$0")" "another run is at work in $STATE" "wait for it to end"
}
