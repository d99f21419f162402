# shellcheck shell=bash
# Free loopback ports: drawn once, remembered, changed only when somebody else took them.

# Chromium refuses to open pages on these.
FORBIDDEN_PORTS=' 5060 5061 6000 6665 6666 6667 6668 6669 '

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

port_is_good() {
  case $FORBIDDEN_PORTS in *" $1 "*) return 1 ;; esac
  ! port_is_taken "$1"
}

# choose_port NAME [PREFERRED]: prints the port for NAME; call it only while NAME is not running.
# The variable <NAME>_PORT (for instance SOLR_PORT; PORTAL_PORT for the pages) decides when it is set.
choose_port() {
  local name=$1 file=$STATE/ports/$1 wanted variable port
  variable=$(printf '%s_PORT' "${name/#web-portal/portal}" | tr 'a-z.-' 'A-Z__')
  wanted=${!variable:-}
  if [ -n "$wanted" ]; then
    port_is_good "$wanted" || die "port $wanted for $name" \
      "another program listens on it, or browsers refuse it" "choose another: $variable=8123 make portal"
    echo "$wanted" | tee "$file"
    return
  fi
  for port in $(cat "$file" 2>/dev/null || true) ${2:-} $(_random_ports); do
    if port_is_good "$port"; then
      echo "$port" | tee "$file"
      return
    fi
  done
  die "no free port for $name" "twenty random ports were taken" "set $variable"
}

# Below the range that the system itself gives to outgoing connections.
_random_ports() {
  local i
  for i in $(seq 20); do echo $((20000 + (RANDOM * 32768 + RANDOM + i) % 12000)); done
}

port_of() { cat "$STATE/ports/$1"; }
