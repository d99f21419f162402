#!/usr/bin/env bash
# make test-engine: the tests that need no CKAN and no service: test-engine.sh [TESTS…]
# shellcheck source=scripts/lib/tests.sh
. "$(dirname "$0")/lib/tests.sh"

"$PROJECT/scripts/install.sh" engine
cd "$PROJECT"
[ $# -gt 0 ] || set -- tests/engine tests/golden tests/corpus
"$TOOLS_DIR/venv-engine/bin/python" "${PYTEST[@]}" "${WITHOUT_CKAN[@]}" -n "${JOBS:-auto}" --dist worksteal "$@"
