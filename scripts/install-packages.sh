#!/usr/bin/env bash
# Installs the Debian packages that are missing, and only those: install-packages.sh portal|test|engine
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

purpose=${1:-portal}
missing=()
need() { # need PACKAGE PROBE…: the package is missing when the probe fails
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}

has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb'; }
has_headers() { test -f "$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h"; }
has_magic() { compgen -G '/usr/lib/*/libmagic.so.1'; }
has_fonts() { compgen -G '/usr/share/fonts/truetype/*'; }

need python3-venv "$PYTHON" -c 'import venv, ensurepip'
if [ "$purpose" != engine ]; then
  need curl command -v curl
  need gcc command -v gcc
  need libc6-dev test -f /usr/include/stdio.h
  need python3-dev has_headers
  need libpq-dev command -v pg_config
  need libmagic1 has_magic
  need postgresql-client command -v psql
  [ -n "${POSTGRES_URL:-}" ] || need postgresql has_postgres
  [ -n "${REDIS_URL:-}" ] || need redis-server command -v redis-server
  [ -n "${SOLR_URL:-}" ] || need default-jdk-headless command -v javac
  [ -n "${SOLR_URL:-}" ] || need maven command -v mvn
fi
if [ "$purpose" = test ]; then
  need git command -v git
  need chromium command -v chromium
  need fonts-dejavu-core has_fonts
  need shellcheck command -v shellcheck
  need nginx-light test -x /usr/sbin/nginx # only to check the configuration of docker/
fi
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || die "Debian packages" "missing: ${missing[*]}; neither root nor sudo" \
    "as root: apt-get install ${missing[*]}"
  as_root=(sudo "--preserve-env=SSL_CERT_FILE,http_proxy,https_proxy")
fi
command -v apt-get >/dev/null || die "Debian packages" "missing: ${missing[*]}; there is no apt-get" \
  "install them by the means of this system"

# Debian starts a server as soon as it is installed. Those are not ours to start: we run our own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
  # shellcheck disable=SC2064
  trap "${as_root[*]} rm -f $policy" EXIT
fi
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"; }
apt update
apt install --no-install-recommends "${missing[@]}"
