#!/bin/sh
# Builds policy.tar.gz, signed where CI has the key, and tries it with the cases that travel in it.
#   POLICY_SIGNING_KEY  the private key as PEM, from the secrets of CI; POLICY_KEY_ID  its name at the servers
set -eu
cd "$(dirname "$0")/.."
if [ -n "${POLICY_SIGNING_KEY:-}" ]; then
  key=$(mktemp)
  trap 'rm -f "$key"' EXIT
  printf '%s\n' "$POLICY_SIGNING_KEY" > "$key"
  portreeve policy build --out policy.tar.gz --sign "$key" --key-id "${POLICY_KEY_ID:-policy}"
else
  echo "not signed: CI has no POLICY_SIGNING_KEY" >&2
  portreeve policy build --out policy.tar.gz
fi
portreeve policy inspect policy.tar.gz --self-test
