#!/bin/sh
# Says as Markdown which cases the policy here decides otherwise than that of a revision: sh ci/compare.sh REVISION
# A revision from before there was a policy here has nothing to compare with, as in the first pull request of all.
set -eu
cd "$(dirname "$0")/.."
if ! git rev-parse --verify --end-of-options "$1^{commit}" > /dev/null; then
  echo "$1 is no revision of this repository: is its history fetched?" >&2
  exit 2
fi
if git cat-file -e "$1:./policy.yaml" 2> /dev/null; then
  portreeve policy diff "git:$1" . --cases . --format markdown
else
  printf '### Policy change: everything is new\n\n`%s` has no policy.yaml here: there is nothing to compare with.\n' "$1"
fi
