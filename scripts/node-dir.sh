#!/bin/sh
# Prints the folder of a Node.js that is new enough (>= 24.12), installing one into .tools/node where
# the system's is older. Everything but that one line goes to standard error.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
pinned=26.10.0

new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 24 || (a === 24 && b >= 12) ? 0 : 1)' 2>/dev/null
}

system=$(command -v node || true)
if [ -n "$system" ] && new_enough "$system"; then
  dirname "$system"
  exit 0
fi
local_node="$root/.tools/node/node_modules/node/bin/node"
if [ ! -x "$local_node" ] || ! new_enough "$local_node"; then
  command -v npm >/dev/null || { echo "portreeve: needs Node.js 24.12 or newer, or npm to fetch it" >&2; exit 2; }
  echo "portreeve: the system's Node.js is older than 24.12; installing Node.js $pinned into .tools/node" >&2
  mkdir -p "$root/.tools/node"
  npm install --prefix "$root/.tools/node" --no-audit --no-fund --no-package-lock --loglevel=error \
    "node@$pinned" >&2
fi
new_enough "$local_node" || { echo "portreeve: $local_node does not run; remove .tools/node and try again" >&2; exit 2; }
dirname "$local_node"
