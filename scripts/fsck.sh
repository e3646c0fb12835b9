#!/bin/sh
# Prints the path of Tessera's `fsck`, which checks a log in tlog-tiles layout from outside: the one in .tools/bin, else one
# that `go install` puts there. Everything but that one line goes to standard error; exit code 2 where no way works.
#   --present  only what is there already; fetches nothing
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
pinned=1.0.4
tools="$root/.tools/bin"
fetch=yes
for option in "$@"; do
  case "$option" in
    --present) fetch=no ;;
    *) echo "usage: scripts/fsck.sh [--present]" >&2; exit 2 ;;
  esac
done

say() { echo "portreeve: $*" >&2; }

if [ -x "$tools/tlog-fsck" ]; then echo "$tools/tlog-fsck"; exit 0; fi
if [ "$fetch" = yes ] && command -v go >/dev/null; then
  mkdir -p "$tools"
  # Its own name is that of the checker of file systems.
  built=$(mktemp -d "$tools/fsck.XXXXXX")
  trap 'rm -rf "$built"' EXIT
  say "installing Tessera's fsck $pinned with Go into .tools/bin (takes about a minute)"
  if GOBIN="$built" GOFLAGS= CGO_ENABLED=0 go install "github.com/transparency-dev/tessera/cmd/fsck@v$pinned" >&2; then
    mv "$built/fsck" "$tools/tlog-fsck"
    echo "$tools/tlog-fsck"
    exit 0
  fi
fi
say "no fsck of Tessera $pinned in .tools/bin: install Go, and scripts/fsck.sh fetches it"
exit 2
