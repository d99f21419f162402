# shellcheck shell=bash
# The tests' own services and settings, apart from the portal's. Sourced first, before common.sh.

STATE=${PORTAL_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.portal}/test
FSYNC=off
# What was said about the portal's services is not for the tests'.
unset POSTGRES_PORT REDIS_PORT SOLR_PORT PORTAL_PORT
POSTGRES_URL=${TEST_POSTGRES_URL:-} REDIS_URL=${TEST_REDIS_URL:-} SOLR_URL=${TEST_SOLR_URL:-}
export STATE FSYNC POSTGRES_URL REDIS_URL SOLR_URL

# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# shellcheck disable=SC2034
WITHOUT_CKAN=(-p no:ckan -p no:ckan_fixtures)
# shellcheck disable=SC2034
PYTEST=(-m pytest -q --color=no -ra --durations=8 --durations-min=3)
export CKAN_STORAGE_PATH=$STATE/storage

# A workspace with nothing in it, its addresses in the environment.
fresh_workspace() {
  [ -x "$VENV/bin/pytest" ] || "$PROJECT/scripts/install.sh" test
  "$PROJECT/scripts/workspace.sh" "$1"
  "$PROJECT/scripts/forget-workspace.sh" "$1"
  "$PROJECT/scripts/workspace.sh" "$1"
  # shellcheck disable=SC1090
  . "$STATE/workspaces/$1.env"
}
