#!/usr/bin/env bash
# make stop: stops what make portal started, and nothing else (each pid is checked first).
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=scripts/lib/daemons.sh
. "$PROJECT/scripts/lib/daemons.sh"

if ! compgen -G "$STATE/run/*.pid" >/dev/null; then
  say "Nothing runs in $STATE."
  exit 0
fi
for file in "$STATE"/run/web-*.pid; do
  [ -e "$file" ] || continue
  name=${file##*/web-}
  "$PROJECT/scripts/site.sh" stop "${name%.pid}"
done
stop_daemon standin
for service in solr redis postgres; do
  "$PROJECT/scripts/$service.sh" stop
done
