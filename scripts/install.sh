#!/bin/sh
# Installs the pinned packages into node_modules with a Node that is new enough. Writes to standard error only.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
node_dir=$(sh scripts/node-dir.sh)
PATH="$node_dir:$PATH"
export PATH
command -v npm >/dev/null || { echo "portreeve: needs npm to install its packages" >&2; exit 2; }
echo "portreeve: installing the pinned packages" >&2
npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2
