#!/usr/bin/env bash
# Tests inside CKAN, on real services: test-ckan.sh [TESTS…] (all of tests/ckan by default).
# shellcheck source=scripts/lib/tests.sh
. "$(dirname "$0")/lib/tests.sh"

cd "$PROJECT"
fresh_workspace "tests-$CKAN_VERSION"
"$PROJECT/scripts/init-ckan.sh" "tests-$CKAN_VERSION" "$PROJECT/test.ini"
PYTHONPATH=$VENV/neighbours "$VENV/bin/python" "${PYTEST[@]}" --ckan-ini=test.ini "${@:-tests/ckan}"
