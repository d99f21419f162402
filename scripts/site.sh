#!/usr/bin/env bash
# The programs of one portal: web, job worker, sweep, and with DEMO_HARVEST those that harvest.
# site.sh start|stop WORKSPACE
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=scripts/lib/ports.sh
. "$PROJECT/scripts/lib/ports.sh"
# shellcheck source=scripts/lib/daemons.sh
. "$PROJECT/scripts/lib/daemons.sh"

name=${2:?a workspace}
export CKAN_INI=$STATE/$name.ini

# Another code or another configuration means starting again what already runs.
what_runs() {
  {
    cat "$CKAN_INI"
    git -C "$PROJECT" rev-parse HEAD 2>/dev/null || true
  } | cksum
}

start() {
  cd "$PROJECT"
  local port version=$STATE/run/$name.version
  [ "$(cat "$version" 2>/dev/null || true)" = "$(what_runs)" ] || stop
  what_runs >"$version"
  port=$(port_of "web-$name")
  # Two processes of four threads: a slow page never blocks the portal.
  start_daemon "web-$name" "127.0.0.1:$port" "$VENV/bin/gunicorn" --bind "127.0.0.1:$port" \
    --workers 2 --threads 4 --timeout 120 --worker-tmp-dir /dev/shm --chdir "$PROJECT/scripts" wsgi:application
  wait_for 90 "web-$name" curl -fsS "http://127.0.0.1:$port/api/3/action/status_show"
  start_daemon "worker-$name" "$CKAN_INI jobs worker" \
    "$VENV/bin/ckan" -c "$CKAN_INI" jobs worker budgetod default
  start_daemon "sweep-$name" "$CKAN_INI budgetod sweep" \
    "$VENV/bin/ckan" -c "$CKAN_INI" budgetod sweep --every 60
  [ -z "${DEMO_HARVEST:-}" ] || "$PROJECT/scripts/harvest.sh" start "$name"
}

stop() {
  local program
  "$PROJECT/scripts/harvest.sh" stop "$name"
  for program in web sweep worker; do
    stop_daemon "$program-$name"
  done
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  *) die "site.sh ${1:-}" "unknown word" "start or stop" ;;
esac
