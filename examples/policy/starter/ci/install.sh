#!/bin/sh
# Puts `portreeve` and `opa` into .tools/bin, each by version and checksum. Needs Node.js with npm and curl; neither root,
# nor Go, nor a compiler.
#
#   sh ci/install.sh          as CI does it
#   sh ci/install.sh --pin    writes the checksums anew, into ci/package-lock.json and ci/opa.sha256: commit both
#
# TOOLS_MIRROR, where it is set, is where everything comes from: the releases of opa below $TOOLS_MIRROR/opa, named as at
# GitHub, and an npm registry at $TOOLS_MIRROR/npm.
set -eu
opa_version=1.22.2
here=$(cd "$(dirname "$0")" && pwd)
tools=$(cd "$here/.." && pwd)/.tools
opa_releases=https://github.com/open-policy-agent/opa/releases/download
if [ -n "${TOOLS_MIRROR:-}" ]; then
  opa_releases=${TOOLS_MIRROR%/}/opa
  npm_config_registry=${TOOLS_MIRROR%/}/npm/
  export npm_config_registry
fi
pin=no
case "${1:-}" in
  '') ;;
  --pin) pin=yes ;;
  *) echo "usage: sh ci/install.sh [--pin]" >&2; exit 2 ;;
esac

say() { echo "ci/install.sh: $*" >&2; }

opa_name() {
  case "$(uname -s)/$(uname -m)" in
    Linux/x86_64) echo opa_linux_amd64_static ;;
    Linux/aarch64 | Linux/arm64) echo opa_linux_arm64_static ;;
    Darwin/x86_64) echo opa_darwin_amd64 ;;
    Darwin/arm64) echo opa_darwin_arm64_static ;;
    *) say "there is no release of opa for $(uname -sm)"; exit 1 ;;
  esac
}

fetch() { curl -fsSL --retry 3 --max-time 600 -o "$2" "$opa_releases/v$opa_version/$1"; }

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# What the release says of itself, in the file beside it.
published() {
  fetch "$1.sha256" "$tools/opa.sha256" || return 1
  cut -d ' ' -f 1 "$tools/opa.sha256"
}

# ci/opa.sha256 has a line `CHECKSUM  v1.22.2/NAME` for every platform that was pinned.
pinned() { sed -n "s|^\([0-9a-f]\{64\}\)  v$opa_version/$1\$|\1|p" "$here/opa.sha256" 2>/dev/null || true; }

install_opa() {
  name=$(opa_name)
  if [ "$pin" = yes ]; then
    # For those who develop and for CI, which often run on something else.
    : > "$here/opa.sha256"
    for one in opa_linux_amd64_static opa_linux_arm64_static opa_darwin_amd64 opa_darwin_arm64_static; do
      if sum=$(published "$one") && [ -n "$sum" ]; then echo "$sum  v$opa_version/$one" >> "$here/opa.sha256"; fi
    done
  fi
  sum=$(pinned "$name")
  if [ -z "$sum" ]; then
    say "opa $opa_version is not pinned: taking the checksum that stands beside it (sh ci/install.sh --pin, and commit)"
    sum=$(published "$name")
  fi
  fetch "$name" "$tools/opa.new"
  if [ "$(sha256 "$tools/opa.new")" != "$sum" ]; then
    rm -f "$tools/opa.new"
    say "what came as $name of opa $opa_version does not have the checksum $sum"
    exit 1
  fi
  chmod +x "$tools/opa.new"
  mv "$tools/opa.new" "$tools/bin/opa"
}

# npm compares everything that it installs with the lock, which holds a checksum of each package and no address.
install_portreeve() {
  quiet="--ignore-scripts --no-audit --no-fund --loglevel=error --omit-lockfile-registry-resolved"
  if [ "$pin" = yes ]; then
    rm -f "$here/package-lock.json"
    # shellcheck disable=SC2086
    npm install --prefix "$here" --package-lock-only $quiet >&2
  fi
  cp "$here/package.json" "$tools/package.json"
  rm -f "$tools/package-lock.json"
  if [ -f "$here/package-lock.json" ]; then
    cp "$here/package-lock.json" "$tools/package-lock.json"
    # shellcheck disable=SC2086
    npm ci --prefix "$tools" $quiet >&2
  else
    say "portreeve is not pinned: taking the checksums of the registry (sh ci/install.sh --pin, and commit)"
    # shellcheck disable=SC2086
    npm install --prefix "$tools" $quiet >&2
  fi
  ln -sf ../node_modules/.bin/portreeve "$tools/bin/portreeve"
}

mkdir -p "$tools/bin"
install_opa
install_portreeve
say "$("$tools/bin/portreeve" version | head -n 1), opa $opa_version"
