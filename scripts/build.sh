#!/bin/sh
# Compiles src/ to dist/ (JavaScript and type declarations), from nothing.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
PATH="$(sh scripts/node-dir.sh):$PATH"
export PATH
rm -rf dist
node node_modules/typescript/bin/tsc -p tsconfig.build.json
chmod +x dist/main.js
