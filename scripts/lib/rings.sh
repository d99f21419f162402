# shellcheck shell=bash
# A ring is a set of tests with one answer. Each one writes its log, its counts and one line here.

RINGS=$STATE/rings
rm -rf "$RINGS"
mkdir -p "$RINGS"

# ring NAME COMMAND…: pytest, when COMMAND runs it, also counts into NAME.xml. A failing ring shows
# the end of its log and does not stop the others.
ring() {
  local name=$1 began=$SECONDS status=0 last
  shift
  PYTEST_ADDOPTS="${PYTEST_ADDOPTS:-} --junitxml=$RINGS/$name.xml" \
    timeout --foreground -k 20 "${RING_LIMIT:-2700}" "$@" >"$RINGS/$name.log" 2>&1 || status=$?
  printf '%s %s %s\n' "$name" "$status" "$((SECONDS - began))" >>"$RINGS/results"
  last=$(grep -v '^$' "$RINGS/$name.log" | tail -n 1 | tr -d '=' | cut -c1-60 || true)
  if [ "$status" -eq 0 ]; then
    done_line "$(printf '%-8s %s' "$name" "$last")" "$((SECONDS - began)) s"
  else
    printf '  \xe2\x9c\x97 %-8s failed (status %s), whole log: %s\n' "$name" "$status" "$RINGS/$name.log"
    tail -n "${FAILURE_LINES:-150}" "$RINGS/$name.log" | sed 's/^/    | /'
  fi
}

# The whole answer: a line per ring, then one like pytest's own last line.
rings_summary() { python3 "$PROJECT/scripts/summary.py" "$SECONDS" "$RINGS"; }
