#!/bin/sh
# Prints the path of `opa`, the policy compiler: the one on the PATH where it is the pinned version or a newer 1.x,
# else the one in .tools/bin, else one that is fetched there: by `go install`, or as the official release with
# its checksum. Everything but that one line goes to standard error; exit code 2 where no way works.
#   --exact    the pinned version only (what the committed bundle is built with)
#   --present  only what is there already; fetches nothing
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
pinned=1.22.2
tools="$root/.tools/bin"
download=${OPA_DOWNLOAD:-https://github.com/open-policy-agent/opa/releases/download/v$pinned}
exact=no
fetch=yes
for option in "$@"; do
  case "$option" in
    --exact) exact=yes ;;
    --present) fetch=no ;;
    *) echo "usage: scripts/opa.sh [--exact] [--present]" >&2; exit 2 ;;
  esac
done

say() { echo "portreeve: $*" >&2; }

# Whether $1 is an opa that will do.
fits() {
  version=$("$1" version 2>/dev/null | sed -n 's/^Version: *//p') || return 1
  [ "$version" != "$pinned" ] || return 0
  [ "$exact" = no ] || return 1
  echo "$version" | grep -qE '^1\.[0-9]+\.[0-9]+$' || return 1
  [ "$(printf '%s\n%s\n' "$pinned" "$version" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$pinned" ]
}

found() {
  echo "$1"
  exit 0
}

release_name() {
  case "$(uname -s)/$(uname -m)" in
    Linux/x86_64) echo opa_linux_amd64_static ;;
    Linux/aarch64 | Linux/arm64) echo opa_linux_arm64_static ;;
    Darwin/x86_64) echo opa_darwin_amd64 ;;
    Darwin/arm64) echo opa_darwin_arm64_static ;;
    *) return 1 ;;
  esac
}

sha256_of() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

by_go() {
  command -v go >/dev/null || return 1
  say "installing opa $pinned with Go into .tools/bin (takes about two minutes)"
  GOBIN="$tools" GOFLAGS= CGO_ENABLED=0 go install "github.com/open-policy-agent/opa@v$pinned" >&2
}

# Runs in a subshell: what it fetched is removed however it ends.
by_download() (
  name=$(release_name) || { say "no official opa for $(uname -sm)"; return 1; }
  command -v curl >/dev/null || { say "no curl to fetch opa with"; return 1; }
  fetched=$(mktemp -d "$tools/opa.XXXXXX")
  trap 'rm -rf "$fetched"' EXIT
  say "fetching opa $pinned from $download"
  curl -fsSL --retry 2 --max-time 300 -o "$fetched/opa" "$download/$name" >&2 || return 1
  curl -fsSL --retry 2 --max-time 60 -o "$fetched/sum" "$download/$name.sha256" >&2 || return 1
  if [ "$(sha256_of "$fetched/opa")" != "$(cut -d ' ' -f 1 "$fetched/sum")" ]; then
    say "the fetched opa does not have the checksum that stands beside it"
    return 1
  fi
  chmod +x "$fetched/opa"
  mv "$fetched/opa" "$tools/opa"
)

system=$(command -v opa || true)
if [ -n "$system" ] && fits "$system"; then found "$system"; fi
if [ -x "$tools/opa" ] && fits "$tools/opa"; then found "$tools/opa"; fi
if [ "$fetch" = yes ]; then
  mkdir -p "$tools"
  if by_go && fits "$tools/opa"; then found "$tools/opa"; fi
  if by_download && fits "$tools/opa"; then found "$tools/opa"; fi
fi
say "no opa $pinned: put it on the PATH, or install Go, or set OPA_DOWNLOAD to a copy of the release's folder"
exit 2
