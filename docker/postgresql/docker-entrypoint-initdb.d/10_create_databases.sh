#!/bin/sh
# Runs once, when the volume is empty: CKAN's database, the DataStore and its read-only user.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    -v db="$CKAN_DB" -v owner="$CKAN_DB_USER" -v owner_password="$CKAN_DB_PASSWORD" \
    -v store="$DATASTORE_DB" -v reader="$DATASTORE_READONLY_USER" \
    -v reader_password="$DATASTORE_READONLY_PASSWORD" <<'SQL'
CREATE ROLE :"owner" NOSUPERUSER CREATEDB NOCREATEROLE LOGIN PASSWORD :'owner_password';
CREATE ROLE :"reader" NOSUPERUSER NOCREATEDB NOCREATEROLE LOGIN PASSWORD :'reader_password';
CREATE DATABASE :"db" OWNER :"owner" ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE :"store" OWNER :"owner" ENCODING 'UTF8' TEMPLATE template0;
SQL
