#!/usr/bin/env bash
# A virtual environment with this project in it: install-python.sh portal|test|engine|bench
# portal: CKAN $CKAN_VERSION in $VENV; test: the same with the tests' tools; engine: no CKAN at all.
# Nothing is done when the requirements are those of last time.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

purpose=${1:-portal}
pins=$PROJECT/requirements
ckan=("ckan[requirements]==$CKAN_VERSION" -r "$pins/portal.txt")
case $purpose in
  portal) wanted=("${ckan[@]}") ;;
  test) wanted=("${ckan[@]}" -r "$pins/test-ckan.txt") ;;
  engine) wanted=(-r "$pins/test.txt") && VENV=$TOOLS_DIR/venv-engine ;;
  bench) wanted=(-r "$pins/test.txt" -r "$pins/bench.txt") && VENV=$TOOLS_DIR/venv-engine ;;
  *) die "install-python.sh $purpose" "unknown word" "portal, test, engine or bench" ;;
esac

stamp=$VENV/budgetod-$purpose
now=$(printf '%s\n' "$PROJECT" "${wanted[@]}" | cat - "$PROJECT/pyproject.toml" "$pins"/*.txt | cksum)
[ "$(cat "$stamp" 2>/dev/null || true)" != "$now" ] || exit 0

# The certificates and the index that pip is told to use are also uv's.
export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}
export UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-${PIP_DEFAULT_TIMEOUT:-60}} UV_NO_PROGRESS=1

if [ ! -x "$VENV/bin/pip" ]; then
  rm -rf "$VENV"
  "$PYTHON" -m venv "$VENV"
fi
[ -x "$VENV/bin/uv" ] || "$VENV/bin/pip" install -q uv
index=$("$VENV/bin/pip" config get global.index-url 2>/dev/null || true)
[ -z "$index" ] || export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}

cd "$PROJECT"
"$VENV/bin/uv" pip install --python "$VENV/bin/python" "${wanted[@]}" -e .
[ "$purpose" != test ] || "$VENV/bin/uv" pip install --python "$VENV/bin/python" --no-deps \
  --target "$VENV/neighbours" -r "$pins/neighbours.txt"
echo "$now" >"$stamp"
