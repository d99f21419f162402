#!/usr/bin/env bash
# Our own Redis on loopback: redis.sh start|stop|url NUMBER
# With REDIS_URL that server is used instead. FSYNC=off keeps nothing on disk.
# redis-py 8 gives up after five silent seconds, which ends ckanext-harvest 1.6.3's consumers as
# soon as there is nothing to harvest (ckan/ckanext-harvest#581): the address says to wait a day.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=scripts/lib/ports.sh
. "$PROJECT/scripts/lib/ports.sh"
# shellcheck source=scripts/lib/daemons.sh
. "$PROJECT/scripts/lib/daemons.sh"

start() {
  [ -z "${REDIS_URL:-}" ] || return 0
  if is_running redis; then return 0; fi
  local port keep=(--appendonly yes --save "60 1")
  [ "${FSYNC:-on}" = on ] || keep=(--appendonly no --save "")
  port=$(choose_port redis)
  mkdir -p "$STATE/redis"
  start_daemon redis "redis-server 127.0.0.1:$port" redis-server --port "$port" \
    --bind 127.0.0.1 --databases 64 --dir "$STATE/redis" "${keep[@]}"
  wait_for 15 redis redis-cli -h 127.0.0.1 -p "$port" ping
}

case ${1:-} in
  start) start ;;
  stop) stop_daemon redis ;;
  url) echo "export CKAN_REDIS_URL=${REDIS_URL:-redis://127.0.0.1:$(port_of redis)/${2:-0}?socket_timeout=86400}" ;;
  *) die "redis.sh ${1:-}" "unknown word" "start, stop or url NUMBER" ;;
esac
