#!/usr/bin/env bash
# make test: every ring on CKAN 2.12, those of CKAN on another line (make test CKAN_VERSION=2.11.6).
# Real services of their own, beside a running portal, which is not touched; stopped at the end.
# BUDGETOD_REAL_DATA names a folder of real documents, tested too when there is one.
# shellcheck source=scripts/lib/tests.sh
. "$(dirname "$0")/lib/tests.sh"

here=$PROJECT/scripts
cd "$PROJECT"
one_at_a_time
case $CKAN_VERSION in 2.12.*) everything=yes ;; *) everything= ;; esac
say "Tests with CKAN $CKAN_VERSION (services and logs in $STATE)"

"$here/install.sh" test
[ -z "$everything" ] || "$here/install.sh" engine
# shellcheck source=scripts/lib/rings.sh
. "$here/lib/rings.sh"

lane=
trap '[ -z "$lane" ] || kill "$lane" 2>/dev/null || true; "$here/stop.sh" >/dev/null' EXIT
step "PostgreSQL, Redis and Solr for the tests" "see the log above" \
  "$here/workspace.sh" "tests-$CKAN_VERSION"

without_ckan() {
  local engine=("$TOOLS_DIR/venv-engine/bin/python" "${PYTEST[@]}" "${WITHOUT_CKAN[@]}")
  ring lint "$here/lint.sh"
  ring engine "${engine[@]}" tests/engine tests/golden tests/corpus --ignore=tests/corpus/test_fuzz.py
  BUDGETOD_FUZZ=${N:-2000} ring fuzz "${engine[@]}" tests/corpus/test_fuzz.py
  ring project "$here/test-project.sh"
}

# Two lanes, for two cores; the tests inside CKAN take as long as all the others.
{
  [ -z "$everything" ] || without_ckan
  ring e2e "$here/test-browser.sh"
} &
lane=$!
ring ckan "$here/test-ckan.sh"
wait "$lane" || echo "lane 1 $SECONDS" >>"$RINGS/results" # no ring may go missing unseen
rings_summary
