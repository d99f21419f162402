#!/usr/bin/env bash
# make golden-update: writes the expected files of tests/golden anew. Read the difference in git.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

"$PROJECT/scripts/install.sh" engine
cd "$PROJECT"
BUDGETOD_GOLDEN_UPDATE=1 "$TOOLS_DIR/venv-engine/bin/python" -m pytest -q \
  -p no:ckan -p no:ckan_fixtures tests/golden
git status --short tests/golden
