#!/usr/bin/env bash
# Tests in a real browser, on a portal like the demonstration's but empty of budgets.
# shellcheck source=scripts/lib/tests.sh
. "$(dirname "$0")/lib/tests.sh"
# shellcheck source=scripts/lib/ports.sh
. "$PROJECT/scripts/lib/ports.sh"

name=e2e-$CKAN_VERSION
here=$PROJECT/scripts
cd "$PROJECT"
"$here/site.sh" stop "$name"
fresh_workspace "$name"
choose_port "web-$name"
# The national sources of this portal are the stand-in, and its harvest consumers run.
export DEMO_HARVEST=1
"$here/harvest.sh" standin
"$here/configure.sh" "$name"
"$here/init-ckan.sh" "$name" "$STATE/$name.ini"
trap '"$here/site.sh" stop "$name" >/dev/null' EXIT
"$here/site.sh" start "$name"
"$here/seed.sh" "$name" no-budgets

BUDGETOD_E2E_URL=http://127.0.0.1:$(port_of "web-$name")
BUDGETOD_E2E_ADMIN=admin:$(secret admin-password 16)
BUDGETOD_E2E_EDITOR=editor:$(secret editor-password 16)
BUDGETOD_E2E_STANDIN=http://127.0.0.1:$(port_of standin)
export BUDGETOD_E2E_STANDIN
export BUDGETOD_E2E_URL BUDGETOD_E2E_ADMIN BUDGETOD_E2E_EDITOR CKAN_INI=$STATE/$name.ini
"$VENV/bin/python" "${PYTEST[@]}" "${WITHOUT_CKAN[@]}" "${@:-tests/e2e}"
