#!/bin/sh
# Prints the path of `nginx`: the one on the PATH or in /usr/sbin, else the one of Debian's package, unpacked below
# .tools/ and fetched there by apt-get where that is at hand. Everything but that one line goes to standard error; exit
# code 2 where no way works.
#   --present  only what is there already; fetches nothing
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
tools="$root/.tools/nginx"
found() {
  "$1" -v >/dev/null 2>&1 || return 1
  echo "$1"
  exit 0
}
for one in "$(command -v nginx || true)" /usr/sbin/nginx "$tools/usr/sbin/nginx"; do
  [ -z "$one" ] || [ ! -x "$one" ] || found "$one" || true
done
[ "${1:-}" != --present ] || { echo "portreeve: nginx is missing: sh scripts/nginx.sh" >&2; exit 2; }
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
  echo "portreeve: nginx is missing: install it" >&2
  exit 2
}
mkdir -p "$root/.tools"
fetched=$(mktemp -d "$root/.tools/nginx.XXXXXX")
trap 'rm -rf "$fetched"' EXIT
echo "portreeve: fetching Debian's nginx into .tools/nginx" >&2
(cd "$fetched" && apt-get download nginx >&2) || exit 2
dpkg-deb -x "$fetched"/nginx_*.deb "$fetched/unpacked" >&2
rm -rf "$tools"
mv "$fetched/unpacked" "$tools"
found "$tools/usr/sbin/nginx" || { echo "portreeve: the fetched nginx does not run here" >&2; exit 2; }
