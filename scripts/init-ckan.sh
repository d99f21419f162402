#!/usr/bin/env bash
# Tables of CKAN and of every plugin, and DataStore's rights, for one workspace: init-ckan.sh NAME INI
# Safe to repeat: nothing is done when CKAN's version and the migrations are those of last time.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

name=${1:?a workspace}
export CKAN_INI=${2:?a configuration file}
# shellcheck disable=SC1090
. "$STATE/workspaces/$name.env"

stamp=$STATE/workspaces/$name.migrated
now="$CKAN_VERSION $(cat "$PROJECT"/ckanext/budgetod/migration/budgetod/versions/*.py | cksum)"
[ "$(cat "$stamp" 2>/dev/null || true)" != "$now" ] || exit 0

"$VENV/bin/ckan" db upgrade # the tables of the plugins too
"$VENV/bin/ckan" datastore set-permissions | "$PROJECT/scripts/postgres.sh" sql
echo "$now" >"$stamp"
