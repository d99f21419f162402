#!/usr/bin/env bash
# A real Solr on loopback, from Maven artifacts: solr.sh install|start|stop|core NAME
# `core NAME` makes a core with the schema of the installed CKAN ($VENV) and prints its address.
# With SOLR_URL (a core with CKAN's schema) that server is used instead.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=scripts/lib/ports.sh
. "$PROJECT/scripts/lib/ports.sh"
# shellcheck source=scripts/lib/daemons.sh
. "$PROJECT/scripts/lib/daemons.sh"

jars=$TOOLS_DIR/solr-$SOLR_VERSION
home=$STATE/solr

install() {
  [ -z "${SOLR_URL:-}" ] || return 0
  [ ! -f "$jars/complete" ] || return 0
  mvn -B -ntp -f "$PROJECT/scripts/solr/pom.xml" dependency:copy-dependencies \
    -Dsolr.version="$SOLR_VERSION" -DincludeScope=runtime -DoutputDirectory="$jars/lib"
  touch "$jars/complete"
}

start() {
  [ -z "${SOLR_URL:-}" ] || return 0
  if is_running solr; then return 0; fi
  local port
  port=$(choose_port solr)
  mkdir -p "$home"
  cp "$PROJECT/scripts/solr/solr.xml" "$home/"
  start_daemon solr "solr.solr.home=$home " java -Xms64m "-Xmx${SOLR_MEMORY:-384m}" -Xss256k \
    -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError \
    -Djava.awt.headless=true -Duser.timezone=UTC -Dhost=127.0.0.1 "-Dsolr.solr.home=$home" \
    "-Dlog4j2.configurationFile=$PROJECT/scripts/solr/log4j2.xml" -cp "$jars/lib/*" \
    "$PROJECT/scripts/solr/SolrMain.java" "$home" "$port"
  wait_for 60 solr curl -fsS "http://127.0.0.1:$port/solr/admin/cores?action=STATUS"
}

# The schema comes from the CKAN that will use the core: each line has its own.
write_configuration() {
  local conf=$1
  mkdir -p "$conf"
  cp "$("$VENV/bin/python" -c 'import ckan, os; print(os.path.dirname(ckan.__file__))')/config/solr/schema.xml" "$conf/"
  cp "$PROJECT/scripts/solr/solrconfig.xml" "$conf/"
  : >"$conf/protwords.txt"
  : >"$conf/synonyms.txt"
}

core() {
  local name=$1 admin answer
  if [ -n "${SOLR_URL:-}" ]; then
    echo "export CKAN_SOLR_URL=$SOLR_URL"
    return
  fi
  admin=http://127.0.0.1:$(port_of solr)/solr/admin/cores
  if [ ! -f "$home/$name/core.properties" ]; then
    write_configuration "$home/$name/conf"
    answer=$(curl -sS "$admin?action=CREATE&name=$name&instanceDir=$name") || true
    [ -f "$home/$name/core.properties" ] || die "Solr core $name" "$answer" "see $STATE/log/solr.log"
  fi
  echo "export CKAN_SOLR_URL=${admin%/admin/cores}/$name"
}

case ${1:-} in
  install) install ;;
  start) start ;;
  stop) stop_daemon solr ;;
  core) core "$2" ;;
  *) die "solr.sh ${1:-}" "unknown word" "install, start, stop or core NAME" ;;
esac
