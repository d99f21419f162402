#!/usr/bin/env bash
# make portal: from a bare machine to a portal with fictional budgets; again, it only starts it.
# DEMO_HARVEST=1 adds a stand-in of the national sources, consumers, and two sources harvested.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=scripts/lib/ports.sh
. "$PROJECT/scripts/lib/ports.sh"
# shellcheck source=scripts/lib/daemons.sh
. "$PROJECT/scripts/lib/daemons.sh"

began=$SECONDS
here=$PROJECT/scripts
say "Portal in $PORTAL_DIR"
one_at_a_time

"$here/install.sh" portal
step "PostgreSQL, Redis and Solr on loopback" "see the log above; make stop, then make portal" \
  "$here/workspace.sh" portal
case $(cat "$STATE/postgres.path" 2>/dev/null || true) in
  "" | "$STATE"/*) ;;
  *) say "  ! the user postgres cannot enter $STATE: its data are in $(cat "$STATE/postgres.path")" ;;
esac
if is_running web-portal && [ "${PORTAL_PORT:=$(port_of web-portal)}" != "$(port_of web-portal)" ]; then
  "$here/site.sh" stop portal # another port was asked for
fi
is_running web-portal || choose_port web-portal 5000 >/dev/null
[ -z "${DEMO_HARVEST:-}" ] ||
  step "Stand-in of the national sources" "see $STATE/log/standin.log" "$here/harvest.sh" standin
step "Configuration" "see the log above" "$here/configure.sh" portal
step "Tables" "make clean-portal forgets a broken database (and its data)" \
  "$here/init-ckan.sh" portal "$STATE/portal.ini"
step "Web, job worker, sweep${DEMO_HARVEST:+, harvest}" "see $STATE/log/web-portal.log" "$here/site.sh" start portal
step "Organisations, users and fictional budgets" "see the log above, then make portal again" \
  "$here/seed.sh" portal
[ -z "${DEMO_HARVEST:-}" ] ||
  step "Two sources harvested (real names, fictional accounts)" \
    "see $STATE/log/harvest-fetch-portal.log, then make portal DEMO_HARVEST=1 again" \
    "$here/harvest.sh" demo portal

cat <<END

  The portal is ready ($((SECONDS - began)) s).

    address    http://127.0.0.1:$(port_of web-portal)/      (English: /en)
    admin      admin  / $(secret admin-password)
    editor     editor / $(secret editor-password)      (Ville de Valmoselle, CC du Val de Brume)

    to try     drop examples/projet-2024-bp.xml (it waits for an answer)
${DEMO_HARVEST:+    harvest    /harvest (as admin), /budgets/couverture
}    a shell    . $STATE/env
    stop       make stop          forget    make clean-portal
END
