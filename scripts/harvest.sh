#!/usr/bin/env bash
# The programs that harvest for one portal: harvest.sh start|stop WORKSPACE
# The demonstration (make portal DEMO_HARVEST=1) has two words more:
#   harvest.sh standin           the stand-in of the national sources, before the configuration
#   harvest.sh demo WORKSPACE    two harvest sources, harvested once
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=scripts/lib/ports.sh
. "$PROJECT/scripts/lib/ports.sh"
# shellcheck source=scripts/lib/daemons.sh
. "$PROJECT/scripts/lib/daemons.sh"

name=${2:-}
repeat=$PROJECT/docker/ckan/every.sh # the same as in the containers
export CKAN_INI=$STATE/$name.ini
ckan() { "$VENV/bin/ckan" -c "$CKAN_INI" "$@"; }

standin() {
  if is_running standin; then return 0; fi
  local port
  port=$(choose_port standin)
  start_daemon standin "serve.py --port $port" \
    "$VENV/bin/python" "$PROJECT/tests/standin/serve.py" --port "$port"
  wait_for 30 standin curl -fsS "http://127.0.0.1:$port/_calls"
}

start() {
  cd "$PROJECT"
  local stage
  for stage in gather fetch; do
    # A consumer ends when it loses Redis or the database: it is started again.
    start_daemon "harvest-$stage-$name" "$CKAN_INI harvester $stage-consumer" \
      "$repeat" 5 "$VENV/bin/ckan" -c "$CKAN_INI" harvester "$stage-consumer"
  done
  # Starts the jobs that are due, closes those that are finished.
  start_daemon "harvest-run-$name" "$CKAN_INI harvester run" \
    "$repeat" 60 "$VENV/bin/ckan" -c "$CKAN_INI" harvester run
}

stop() {
  local program
  for program in run fetch gather; do
    stop_daemon "harvest-$program-$name"
  done
}

# Once per workspace: sources that people then change or delete stay as they left them.
demo() {
  local stamp=$STATE/workspaces/$name.harvested
  [ ! -f "$stamp" ] || return 0
  PORTAL_URL=http://127.0.0.1:$(port_of "web-$name") \
    ADMIN_TOKEN=$(ckan user token add -q admin demonstration) \
    "$VENV/bin/python" "$PROJECT/scripts/seed_harvest.py"
  touch "$stamp"
}

case ${1:-} in
  standin) standin ;;
  start) start ;;
  stop) stop ;;
  demo) demo ;;
  *) die "harvest.sh ${1:-}" "unknown word" "standin, start, stop or demo" ;;
esac
