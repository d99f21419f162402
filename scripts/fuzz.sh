#!/usr/bin/env bash
# make fuzz N=2000: N damaged documents; each must be read or refused, within time and memory.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

"$PROJECT/scripts/install.sh" engine
cd "$PROJECT"
BUDGETOD_FUZZ=${1:-2000} "$TOOLS_DIR/venv-engine/bin/python" -m pytest -q -p no:ckan -p no:ckan_fixtures \
  tests/corpus/test_fuzz.py
