#!/usr/bin/env bash
# make format: writes the style that make lint asks for.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

[ -x "$VENV/bin/ruff" ] || "$PROJECT/scripts/install.sh" test
cd "$PROJECT"
"$VENV/bin/ruff" check --fix .
"$VENV/bin/ruff" format .
