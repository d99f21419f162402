#!/usr/bin/env bash
# make lint: style, types and shell scripts; nothing is changed.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

[ -x "$VENV/bin/pyright" ] || "$PROJECT/scripts/install.sh" test
cd "$PROJECT"
status=0
"$VENV/bin/ruff" check . || status=1
"$VENV/bin/ruff" format --check . || status=1
"$VENV/bin/pyright" --pythonpath "$VENV/bin/python" || status=1
shellcheck -x scripts/*.sh scripts/lib/*.sh .ci/run || status=1
[ "$status" -eq 0 ] && echo "style, types and shell scripts are clean"
exit "$status"
