#!/usr/bin/env bash
# Writes the configuration of a portal: configure.sh WORKSPACE  ->  $STATE/WORKSPACE.ini
# Written anew at each start, from the addresses and the secrets of the workspace; settings of
# your own go to $STATE/local.ini, one "key = value" a line, and win over these.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
# shellcheck source=scripts/lib/ports.sh
. "$PROJECT/scripts/lib/ports.sh"

name=${1:?a workspace}
# shellcheck disable=SC1090
. "$STATE/workspaces/$name.env"
files=$STATE/files-$name
mkdir -p "$files/storage" "$files/staging"
chmod 700 "$files/staging"
umask 077

own_settings() { cat "$STATE/local.ini" 2>/dev/null || true; }

# A key may stand once only: ours goes when the person has set it.
without_keys_of_local() {
  local keys
  keys=$(own_settings | sed -nE 's/^([a-zA-Z_.]+) *=.*/\1/p')
  awk -v keys="$keys" 'BEGIN { n = split(keys, k, "\n"); for (i = 1; i <= n; i++) own[k[i]] = 1 }
    !($1 in own)'
}

# CKAN 2.12 has file storages; 2.11 uses ckan.storage_path alone.
file_storage() {
  case $CKAN_VERSION in 2.11.*) return ;; esac
  cat <<END
ckan.files.storage.default.type = ckan:fs
ckan.files.storage.default.path = $files/storage
ckan.files.storage.default.initialize = true
END
}

# With DEMO_HARVEST the national sources are the stand-in: nothing leaves the machine.
demo_sources() {
  [ -n "${DEMO_HARVEST:-}" ] || return 0
  local host service
  host=127.0.0.1:$(port_of standin)
  for service in ofgl dgfip datagouv geo entreprises; do
    echo "budgetod.sources.$service.url = http://$host/$service"
  done
  echo "budgetod.sources.allowed_hosts = $host"
  echo "budgetod.sources.calls_per_minute = 6000"
}

application() {
  cat <<END
use = egg:ckan
SECRET_KEY = $(secret session-key 48)
WTF_CSRF_SECRET_KEY = $(secret csrf-key 48)
api_token.jwt.encode.secret = string:$(secret token-key 48)
api_token.jwt.decode.secret = string:$(secret token-key 48)
SESSION_TYPE = redis

ckan.site_id = budgetod-$name
ckan.site_url = http://127.0.0.1:$(port_of "web-$name")
ckan.site_title = Budgets ouverts
sqlalchemy.url = ${CKAN_SQLALCHEMY_URL//%/%%}
ckan.datastore.write_url = ${CKAN_DATASTORE_WRITE_URL//%/%%}
ckan.datastore.read_url = ${CKAN_DATASTORE_READ_URL//%/%%}
ckan.redis.url = ${CKAN_REDIS_URL//%/%%}
solr_url = ${CKAN_SOLR_URL//%/%%}

ckan.plugins = budgetod budgetod_dgfip budgetod_ofgl budgetod_datagouv activity datastore scheming_datasets scheming_organizations harvest ckan_harvester dcat structured_data text_view image_view datatables_view
ckan.views.default_views = datatables_view image_view
scheming.dataset_schemas = ckanext.budgetod:schemas/budget.yaml
scheming.organization_schemas = ckanext.budgetod:schemas/organization.yaml
scheming.presets = ckanext.scheming:presets.json

ckan.locale_default = fr
ckan.locale_order = fr en
ckan.locales_offered = fr en
ckan.display_timezone = Europe/Paris
ckan.gravatar_default = disabled

ckan.storage_path = $files
ckan.max_resource_size = 60
budgetod.staging_path = $files/staging
$(file_storage)

ckan.auth.create_user_via_web = false
ckan.auth.create_user_via_api = false
ckan.auth.public_user_details = false
ckan.auth.user_create_organizations = false
ckan.auth.user_create_groups = false
ckan.harvest.mq.type = redis
$(demo_sources)
END
}

logging() {
  cat <<'END'
[loggers]
keys = root, ckan, ckanext

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console

[logger_ckan]
level = INFO
handlers = console
qualname = ckan
propagate = 0

[logger_ckanext]
level = INFO
handlers = console
qualname = ckanext
propagate = 0

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[formatter_generic]
format = %(asctime)s %(levelname)-5.5s [%(name)s] %(message)s
END
}

{
  printf '# Written by scripts/configure.sh at each start: put your own settings into local.ini\n'
  printf '[app:main]\n'
  application | without_keys_of_local
  own_settings
  printf '\n'
  logging
} >"$STATE/$name.ini"

cat >"$STATE/env" <<END
# A shell for this portal: . $STATE/env
export CKAN_INI='$STATE/$name.ini'
export PATH='$VENV/bin':"\$PATH"
END
