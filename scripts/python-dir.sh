#!/bin/sh
# Prints the bin folder of a virtual environment under .tools/ that holds what test/requirements.txt pins: Envoy's
# binary and an independent gRPC client. Everything else goes to standard error.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
wanted="$root/test/requirements.txt"
venv="$root/.tools/venv"
if [ ! -f "$venv/installed.txt" ] || ! cmp -s "$wanted" "$venv/installed.txt"; then
  command -v python3 >/dev/null || { echo "portreeve: needs Python 3 for Envoy and the interop client" >&2; exit 2; }
  echo "portreeve: installing Envoy and grpcio into .tools/venv" >&2
  rm -rf "$venv"
  if python3 -m venv "$venv" >&2; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted" >&2
  else
    # Debian's python3 may come without ensurepip; pip itself can fill a folder.
    rm -rf "$venv"
    python3 -m pip install --quiet --disable-pip-version-check --target "$venv/lib" -r "$wanted" >&2
    mkdir -p "$venv/bin"
    printf '#!/bin/sh\nPYTHONPATH="%s" exec python3 "$@"\n' "$venv/lib" > "$venv/bin/python"
    chmod +x "$venv/bin/python"
  fi
  cp "$wanted" "$venv/installed.txt"
fi
echo "$venv/bin"
