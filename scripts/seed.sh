#!/usr/bin/env bash
# Two organisations, an administrator, an editor and fictional budgets: seed.sh WORKSPACE
# Once per workspace: what people then change or delete stays as they left it.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=scripts/lib/ports.sh
. "$PROJECT/scripts/lib/ports.sh"

name=${1:?a workspace}
with_budgets=${2:-budgets}
stamp=$STATE/workspaces/$name.seeded
[ ! -f "$stamp" ] || exit 0

export CKAN_INI=$STATE/$name.ini
ckan() { "$VENV/bin/ckan" -c "$CKAN_INI" "$@"; }

# Answers the question whether a user that does not exist yet shall be created.
ckan sysadmin add admin email=admin@valmoselle.example "password=$(secret admin-password 16)" <<<y
# The editor and the organisations come through the portal's own API, as anybody's would.
PORTAL_URL=http://127.0.0.1:$(port_of "web-$name") ADMIN_TOKEN=$(ckan user token add -q admin installation) \
  EDITOR_PASSWORD=$(secret editor-password 16) "$VENV/bin/python" "$PROJECT/scripts/seed.py"

if [ "$with_budgets" = budgets ]; then
  report=$(mktemp)
  ckan budgetod import --user editor --wait --report "$report" \
    "$PROJECT"/examples/valmoselle-*.xml "$PROJECT"/examples/val-de-brume-*.xml
  if grep '"state"' "$report" | grep -qvE 'published|replaced'; then
    die "fictional budgets" "some were not published: see the list above" \
      "see $STATE/log/worker-$name.log; then make clean-portal and make portal"
  fi
  rm -f "$report"
fi
touch "$stamp"
