#!/usr/bin/env bash
# Tests about the project itself: directions of imports, documentation, containers, the wheel.
# shellcheck source=scripts/lib/tests.sh
. "$(dirname "$0")/lib/tests.sh"

cd "$PROJECT"
fresh_workspace "project-$CKAN_VERSION"
"$VENV/bin/python" "${PYTEST[@]}" "${WITHOUT_CKAN[@]}" \
  tests/test_architecture.py tests/test_docs.py tests/test_docker.py tests/test_wheel.py
