#!/usr/bin/env bash
# make bench: speed and memory of the engine, beside a bare pass and the other converter.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

"$PROJECT/scripts/install.sh" bench
cd "$PROJECT"
"$TOOLS_DIR/venv-engine/bin/python" -m pytest -q -s -p no:ckan -p no:ckan_fixtures tests/bench
