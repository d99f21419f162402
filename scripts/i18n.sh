#!/usr/bin/env bash
# make i18n: brings the French catalogue up to date with the texts of the screens and compiles it.
# Tells what is still to translate.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

[ -x "$VENV/bin/ckan" ] || "$PROJECT/scripts/install.sh" test
cd "$PROJECT"
"$VENV/bin/python" scripts/i18n.py "$@"
