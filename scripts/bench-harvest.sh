#!/usr/bin/env bash
# make bench-harvest: how fast a region is harvested from the stand-in, beside plain CKAN on the
# same services. All of Grand Est takes about half an hour; SMALL=1 holds the ratios on a sample.
# Services, databases and files of its own in $PORTAL_DIR/bench, made anew by each run.
STATE=${PORTAL_DIR:-$(cd "$(dirname "$0")/.." && pwd)/.portal}/bench
DEMO_HARVEST=1
export STATE DEMO_HARVEST
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=scripts/lib/ports.sh
. "$PROJECT/scripts/lib/ports.sh"

here=$PROJECT/scripts
one_at_a_time
"$here/install.sh" test
trap '"$here/stop.sh" >/dev/null' EXIT
"$here/harvest.sh" standin

# The same settings without our plugins, and without scheming, which is only there for them.
without_us() {
  sed -i -E '/^ckan\.plugins/s/ (budgetod|scheming)\w*//g; /^(budgetod|scheming)\./d' "$1"
}

workspace() {
  "$here/workspace.sh" "$1"
  "$here/forget-workspace.sh" "$1"
  "$here/workspace.sh" "$1"
  [ -f "$STATE/ports/web-$1" ] || choose_port "web-$1" >/dev/null
  "$here/configure.sh" "$1"
  [ "$1" = bench ] || without_us "$STATE/$1.ini"
  "$here/init-ckan.sh" "$1" "$STATE/$1.ini"
}
for name in bench bench-plain; do
  step "Workspace $name" "see the log above" workspace "$name"
done

cd "$PROJECT"
export BENCH_OURS=$STATE/bench.ini BENCH_PLAIN=$STATE/bench-plain.ini
BENCH_STANDIN=http://127.0.0.1:$(port_of standin)
export BENCH_STANDIN
if [ -n "${SMALL:-}" ]; then
  "$VENV/bin/python" -m pytest -q -s -p no:ckan -p no:ckan_fixtures tests/bench/test_harvest_speed.py
else
  "$VENV/bin/python" -m tests.bench.harvest "$@"
fi
