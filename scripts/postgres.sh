#!/usr/bin/env bash
# Our own PostgreSQL cluster on loopback: postgres.sh start|stop|database NAME|drop NAME|forget
# Never the system's cluster. FSYNC=off (tests only) trades safety of the data for speed.
# With POSTGRES_URL (a superuser's address, ending in /postgres) that server is used instead.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=scripts/lib/ports.sh
. "$PROJECT/scripts/lib/ports.sh"
# shellcheck source=scripts/lib/daemons.sh
. "$PROJECT/scripts/lib/daemons.sh"

# PostgreSQL refuses to run as root; root lends it to the user that its package made.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    exec setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all "$@"
  fi
  exec "$@"
}

bin_folder() {
  local newest
  newest=$(find /usr/lib/postgresql -maxdepth 1 -mindepth 1 2>/dev/null | sort -V | tail -n 1)
  [ -x "$newest/bin/initdb" ] || die "PostgreSQL" "no initdb under /usr/lib/postgresql" "make install"
  echo "$newest/bin"
}

# The cluster's folder: under STATE, unless the user postgres cannot go there.
home_folder() {
  local file=$STATE/postgres.path home=$STATE/postgres
  if [ ! -s "$file" ]; then
    if ! (as_postgres test -x "$STATE") 2>/dev/null; then
      home=/var/lib/budgetod/$(printf '%s' "$STATE" | cksum | cut -d' ' -f1)
    fi
    echo "$home" >"$file"
  fi
  cat "$file"
}

create_cluster() {
  local home=$1 password
  mkdir -p "$home"
  password=$(mktemp -p "$home")
  secret postgres >"$password"
  [ "$(id -u)" -ne 0 ] || chown -R postgres:postgres "$home"
  chmod 700 "$home"
  (as_postgres "$(bin_folder)/initdb" -D "$home/data" -U postgres -E UTF8 --locale=C.UTF-8 \
    --auth=scram-sha-256 --pwfile="$password" >"$STATE/log/initdb.log" 2>&1) ||
    die "creation of the database cluster" "see $STATE/log/initdb.log" "free space? then again"
  rm -f "$password"
}

start() {
  [ -z "${POSTGRES_URL:-}" ] || return 0
  if is_running postgres; then return 0; fi
  local home port
  home=$(home_folder)
  [ -s "$home/data/PG_VERSION" ] || create_cluster "$home"
  port=$(choose_port postgres)
  local options=(-D "$home/data" -p "$port" -c listen_addresses=127.0.0.1
    -c "unix_socket_directories=$home" -c max_connections=200)
  if [ "${FSYNC:-on}" = off ]; then
    options+=(-c fsync=off -c synchronous_commit=off -c full_page_writes=off)
  fi
  cd /
  start_daemon postgres "$home/data" "$PROJECT/scripts/postgres.sh" run "$(bin_folder)/postgres" "${options[@]}"
  wait_for 30 postgres "$(bin_folder)/pg_isready" -q -h 127.0.0.1 -p "$port"
}

admin_url() {
  [ -z "${POSTGRES_URL:-}" ] || { echo "$POSTGRES_URL"; return; }
  echo "postgresql://postgres:$(secret postgres)@127.0.0.1:$(port_of postgres)/postgres"
}

query() { psql -X -q -At -v ON_ERROR_STOP=1 "$(admin_url)" "$@"; }

create_role() { # create_role NAME PASSWORD
  [ -n "$(query -c "SELECT 1 FROM pg_roles WHERE rolname = '$1'")" ] ||
    query -c "CREATE ROLE $1 LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"
  query -c "ALTER ROLE $1 PASSWORD '$2'"
}

# named NAME: on a server that was given, others may have a portal too: ours bears our folder's mark.
named() {
  if [ -z "${POSTGRES_URL:-}" ]; then echo "$1"; return; fi
  echo "budgetod_$(printf '%s' "$STATE" | cksum | cut -d' ' -f1)_$1"
}

# database NAME: the two databases NAME and NAME_datastore; prints the three addresses CKAN wants.
database() {
  local name owner reader base suffix
  name=$(named "$1")
  owner=${name}_owner reader=${name}_reader
  [ -z "${POSTGRES_URL:-}" ] || remember "$name"
  create_role "$owner" "$(secret "$owner")"
  create_role "$reader" "$(secret "$reader")"
  for suffix in "" _datastore; do
    [ -n "$(query -c "SELECT 1 FROM pg_database WHERE datname = '$name$suffix'")" ] ||
      query -c "CREATE DATABASE $name$suffix OWNER $owner ENCODING 'UTF8' TEMPLATE template0"
  done
  base=$(admin_url | sed -E 's#.*@([^/]*)/.*#\1#')
  echo "export CKAN_SQLALCHEMY_URL=postgresql://$owner:$(secret "$owner")@$base/$name"
  echo "export CKAN_DATASTORE_WRITE_URL=postgresql://$owner:$(secret "$owner")@$base/${name}_datastore"
  echo "export CKAN_DATASTORE_READ_URL=postgresql://$reader:$(secret "$reader")@$base/${name}_datastore"
}

# What we made on a server that was given, so that it can be taken away again.
remember() {
  local line="$POSTGRES_URL $1" file=$STATE/secrets/postgres.given
  grep -qxF "$line" "$file" 2>/dev/null || (umask 077 && echo "$line" >>"$file")
}

forget_given() {
  local url name file=$STATE/secrets/postgres.given
  [ -s "$file" ] || return 0
  while read -r url name; do
    psql -X -q "$url" -c "DROP DATABASE IF EXISTS $name WITH (FORCE)" \
      -c "DROP DATABASE IF EXISTS ${name}_datastore WITH (FORCE)" \
      -c "DROP ROLE IF EXISTS ${name}_owner" -c "DROP ROLE IF EXISTS ${name}_reader" ||
      say "The databases $name and ${name}_datastore are still on the server that was given."
  done <"$file"
  rm -f "$file"
}

drop() {
  local suffix name
  name=$(named "$1")
  for suffix in "" _datastore; do
    query -c "DROP DATABASE IF EXISTS $name$suffix WITH (FORCE)"
  done
}

forget() {
  forget_given
  stop_daemon postgres INT
  local home
  home=$(cat "$STATE/postgres.path" 2>/dev/null || true)
  case $home in */postgres | /var/lib/budgetod/*) rm -rf "$home" ;; esac
  rm -f "$STATE/postgres.path"
}

case ${1:-} in
  start) start ;;
  stop) stop_daemon postgres INT ;;
  database) database "$2" ;;
  drop) drop "$2" ;;
  sql) query ;;
  forget) forget ;;
  run) shift && as_postgres "$@" ;;
  *) die "postgres.sh ${1:-}" "unknown word" "start, stop, database NAME, drop NAME, sql or forget" ;;
esac
