# shellcheck shell=bash
# Programs that stay: started once, stopped only when the pid file and the command line agree.
# run/NAME.pid holds two lines: the process id, and words that its command line must contain.

is_running() { # is_running NAME
  local file=$STATE/run/$1.pid pid mark
  [ -f "$file" ] || return 1
  { read -r pid && read -r mark; } <"$file" || return 1
  [ -r "/proc/$pid/cmdline" ] || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$mark"
}

# start_daemon NAME MARK COMMAND…: does nothing when NAME already runs.
start_daemon() {
  local name=$1 mark=$2
  shift 2
  if is_running "$name"; then return 0; fi
  setsid "$@" 9>&- </dev/null >>"$STATE/log/$name.log" 2>&1 &
  printf '%s\n%s\n' "$!" "$mark" >"$STATE/run/$name.pid"
}

# stop_daemon NAME [SIGNAL]: asks politely, waits 20 seconds, then insists.
stop_daemon() {
  local name=$1 signal=${2:-TERM} file=$STATE/run/$1.pid pid waited=0
  if ! is_running "$name"; then
    rm -f "$file"
    return 0
  fi
  read -r pid <"$file"
  kill -"$signal" "$pid"
  while is_running "$name" && [ "$waited" -lt 100 ]; do
    sleep 0.2
    waited=$((waited + 1))
  done
  if is_running "$name"; then
    kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid"
  fi
  rm -f "$file"
  done_line "$name stopped"
}

# A program that has just been started may not show its final command line yet.
_is_alive() {
  local pid
  read -r pid <"$STATE/run/$1.pid" && kill -0 "$pid" 2>/dev/null
}

# wait_for SECONDS NAME COMMAND…: until COMMAND succeeds; NAME's log is shown if it never does.
wait_for() {
  local limit=$1 name=$2 began=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $((SECONDS - began)) -ge "$limit" ] || ! _is_alive "$name"; then
      tail -n 20 "$STATE/log/$name.log" 2>/dev/null | sed 's/^/    | /' >&2
      die "$name does not answer" "see its log: $STATE/log/$name.log" \
        "correct what the log says, then run the same command again"
    fi
    sleep 0.2
  done
}
