#!/usr/bin/env bash
# Empties a workspace, so that tests begin with nothing: forget-workspace.sh NAME
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

name=${1:?a workspace}
file=$STATE/workspaces/$name.env
[ -f "$file" ] || exit 0
# shellcheck disable=SC1090
. "$file"

"$PROJECT/scripts/postgres.sh" drop "$(printf '%s' "$name" | tr '.-' '__')"
# A Redis or a Solr that was given may serve others too: only ours are emptied.
[ -n "${REDIS_URL:-}" ] || redis-cli -u "$CKAN_REDIS_URL" flushdb >/dev/null
[ -n "${SOLR_URL:-}" ] || curl -fsS -H 'Content-Type: text/xml' -d '<delete><query>*:*</query></delete>' \
  "$CKAN_SOLR_URL/update?commit=true" >/dev/null
rm -rf "$STATE/files-$name" "$file" "$STATE/workspaces/$name.migrated" "$STATE/workspaces/$name.seeded" \
  "$STATE/workspaces/$name.harvested"
