#!/usr/bin/env bash
# make clean-portal: stops the portal and the tests' services, then removes all that they made.
# KEEP_TOOLS=1 keeps what was downloaded (virtual environments, Solr).
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

[ -f "$PORTAL_DIR/.made-by-budgetod" ] || die "clean-portal" \
  "$PORTAL_DIR was not made by make portal or make test" "check PORTAL_DIR"
for state in "$PORTAL_DIR/test" "$PORTAL_DIR"; do
  [ -d "$state" ] || continue
  STATE=$state "$PROJECT/scripts/stop.sh"
  STATE=$state "$PROJECT/scripts/postgres.sh" forget
done
if [ -n "${KEEP_TOOLS:-}" ]; then
  find "$PORTAL_DIR" -mindepth 1 -maxdepth 1 ! -name tools ! -name .made-by-budgetod -exec rm -rf {} +
else
  rm -rf "$PORTAL_DIR"
fi
say "Forgotten: $PORTAL_DIR"
