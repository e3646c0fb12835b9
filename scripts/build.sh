#!/bin/sh
# Compiles src/ to dist/ (JavaScript and type declarations), from nothing. Writes to standard error only.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
PATH="$(sh scripts/node-dir.sh):$PATH"
export PATH
rm -rf dist
node node_modules/typescript/bin/tsc -p tsconfig.build.json >&2
# The compiler copies only the JSON files that are imported; the others describe what the program writes.
cp src/audit/*.schema.json dist/audit/
# What goes into exports as it is.
cp src/audit/export/verify.mjs dist/audit/export/
chmod +x dist/main.js
