#!/usr/bin/env bash
# Everything that must be on the machine, once: install.sh portal|test|engine|bench
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

purpose=${1:-portal}
step "Debian packages" "check the network and apt's sources, then run the same command again" \
  "$PROJECT/scripts/install-packages.sh" "$purpose"
case $purpose in
  engine | bench) what="Python packages (no CKAN)" ;;
  *) what="Python packages (CKAN $CKAN_VERSION)" ;;
esac
step "$what" "check the network (PIP_CERT, PIP_INDEX_URL, SSL_CERT_FILE), then run it again" \
  "$PROJECT/scripts/install-python.sh" "$purpose"
case $purpose in engine | bench) exit 0 ;; esac
step "Solr $SOLR_VERSION" "check that Maven reaches its repository (~/.m2/settings.xml), then again" \
  "$PROJECT/scripts/solr.sh" install
