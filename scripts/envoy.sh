#!/bin/sh
# Prints the path of Envoy 1.40 or newer: the one on the PATH, else the one in the virtual environment.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
system=$(command -v envoy || true)
if [ -n "$system" ] && "$system" --version 2>/dev/null | grep -qE '/1\.(4[0-9]|[5-9][0-9])\.'; then
  echo "$system"
  exit 0
fi
bin=$(sh "$root/scripts/python-dir.sh")
envoy=$("$bin/python" -c 'import envoy, os; print(os.path.join(os.path.dirname(envoy.__file__), "_bin", "envoy"))')
[ -x "$envoy" ] || { echo "portreeve: no Envoy binary at $envoy" >&2; exit 2; }
echo "$envoy"
