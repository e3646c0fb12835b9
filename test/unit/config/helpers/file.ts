import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectText, type Inspection } from '../../../../src/config/load.ts';

/** The time at which the tests judge ends. */
export const now = Date.parse('2026-11-20T12:00:00Z');

/** A folder with every file that the full configuration names; the CAs are never parsed by the loader. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-config-'));
  for (const name of ['ca', 'tls', 'crl']) mkdirSync(join(folder, name));
  const files = [
    'ca/root.pem',
    'ca/meters.pem',
    'ca/mesh.pem',
    'ca/web.pem',
    'ca/verifiers.pem',
    'tls/server.pem',
    'tls/server.key',
    'lab.jwks',
    'ca/state.pem',
    'state.pub',
    'policy.tar.gz',
    'services.pb',
    'ca/bundles.pem',
    'ca/witness.pem',
    'ca/vault.pem',
    'ca/tsa.pem',
    'ca/logs.pem',
    'tls/logs.pem',
    'tls/logs.key',
    'tls/collector.pem',
    'tls/collector.key',
    'policy.pub.pem',
  ];
  for (const name of files) writeFileSync(join(folder, name), 'x');
  return folder;
}

export const folder = makeFolder();

/** The least that a configuration has to say. */
export const minimal = `version: 1
server:
  listeners:
    - { name: local, address: "127.0.0.1:9191", pep: envoy }
peps:
  - name: envoy
trust:
  anchors:
    - { name: root, file: ca/root.pem, profile: { kind: cn } }
`;

/** Inspects a text as the file `portreeve.yaml` of the folder. */
export function inspect(text: string): Inspection {
  return inspectText(text, join(folder, 'portreeve.yaml'), now);
}

/** Every key once, all of it right. One key a line, so that a test can say where it put something wrong. */
export const full = `version: 1
site: lyon
state:
  path: data/state.db
server:
  workers: 3
  budget: 200ms
  drain_notice: 3s
  drain: 5s
  listeners:
    - name: local
      address: 127.0.0.1:9191
      pep: envoy
    - name: meshed
      address: 0.0.0.0:9443
      tls:
        certificate: tls/server.pem
        key: tls/server.key
        client_cas: [mesh]
    - name: open
      address: 10.0.0.5:9191
      pep: envoy
      insecure: true
  admin:
    address: unix:/run/portreeve/admin.sock
  health:
    address: 0.0.0.0:9192
  max_concurrent_streams: 500
  connections:
    max: 2000
    per_address: 200
    setup: 5s
    idle: 30m
    keepalive: 10s
    call: 20s
    buffered: 33554432
    memory: 16777216
    header_bytes: 32768
    resets:
      burst: 20000
      rate: 2000
peps:
  - name: envoy
    tenant: acme
    site: porto
    zone: hall-2
    may_assert_devices: true
    may_send_xfcc: true
    networks: [10.0.0.0/8]
    trusted_hops: 1
  - name: edge
    match:
      san: spiffe://example.org/edge/{site}/{zone}/envoy
      ca: mesh
trust:
  anchors:
    - name: root
      file: ca/root.pem
      profile:
        kind: spiffe
        trust_domain: example.org
      revocation:
        required: true
        max_age: 24h
        grace: 12h
      allow_sha1: true
      allow_small_keys: true
      strict: true
      pinned: false
  intermediates:
    - name: meters
      file: ca/meters.pem
  pep_cas:
    - name: mesh
      file: ca/mesh.pem
      revocation:
        required: FALSE
        max_age: 48h
        grace: 6h
  credential_optional: true
revocation:
  crls: [crl]
  sources:
    - name: meters-crl
      url: https://crl.example.org/meters.crl
      ca: ca/web.pem
      headers_file: secrets/headers
      redirects: ["https://cdn.example.org/crl/"]
      interval: 30m
      timeout: 1m
      max_bytes: 1048576
      max_age: 6h
  distribution_points:
    allow: ["http://crl.example.org/"]
    ca: ca/mesh.pem
    interval: 45m
    timeout: 2m
    max_bytes: 2097152
    max_age: 7h
  poll: 2s
  max_crl_bytes: 2048000
  coverage:
    - issuer: mesh
      points: ["http://crl.example.org/1.crl", "http://crl.example.org/2.crl"]
  ocsp:
    stapled: true
    responders:
      - issuer: meters
        url: https://ocsp.example.org/
        ca: ca/root.pem
        nonce: required
        hash: sha256
        signer: ca/meters.pem
        rate_per_second: 7
        timeout: 21s
        max_age: 22h
attestation:
  verifiers:
    - name: lab
      keys:
        file: lab.jwks
        overlap: 1d
        blocked: [${'A'.repeat(43)}]
      algorithms: [ES256]
      profiles: ["tag:ietf.org,2026:rats/ear#04"]
      issuer: https://verifier.example.org
      developer: https://developer.example.org
      build: vts 1
      max_age: 2h
      tolerance: 30s
      classes: ["meter"]
      firmware:
        submod: platform
        pointer: /measured/0
    - name: field
      keys:
        url: https://field.example.org/keys
        headers_file: field.headers
        redirects: [https://cdn.example.org/keys/]
        ca: ca/verifiers.pem
        interval: 2h
        timeout: 70s
        max_bytes: 4096
        max_age: 12h
      algorithms: [EdDSA]
  challenge: [{ metadata: "pep:challenge" }, { context_extension: challenge }]
inventory:
  sources:
    - name: head-office
      kind: devices
      url: https://state.example.org/devices.csv
      ca: ca/state.pem
      headers_file: secrets/state
      redirects: ["https://cdn.example.org/devices/"]
      signed_by: state.pub
      format: csv
      columns: { device_id: SerialNo }
      tenant: wharf
      whole: true
      interval: 16m
      timeout: 4m
      max_bytes: 4194304
      max_age: 25h
    - name: site-export
      file: devices.ndjson
      tenant: default
classes:
  meter:
    assurance: gateway_asserted
    binding: issuer
    issuers: [meters]
    anchors: [root]
    max_lifetime: 400d
    renew_by_share: 0.67
    firmware:
      required: false
      allowed: [${'a'.repeat(64)}]
      blocked: [${'b'.repeat(64)}]
      minimum: { meter-os: 2.4.0 }
      rollback: accept
    networks: [10.20.0.0/16]
    attestation:
      "required": true
      submods: [platform]
      tier: warning
      vector:
        instance-identity: warning
        configuration: warning
        executables: affirming
        file-system: warning
        hardware: affirming
        runtime-opaque: warning
        storage-opaque: warning
        sourced-data: warning
      max_age: 15m
      challenge: true
    entitlements: [telemetry:write]
    shared_use: deny
    clock_grace: 24h
    grace:
      state: 72h
      sites: { lyon: 30d }
    ttl: 90m
    session_limit: 12h
observed:
  interval: 90m
  certificates_per_device: 4
  keep: 90d
shared_use:
  window: 15m
  moves: 1
  ipv4_prefix: 28
  ipv6_prefix: 56
time:
  tolerance: 3m
  settle: 4h
  max_leap: 7d
limits:
  max_lockout: 0.5%
policy:
  bundle: policy.tar.gz
  compat: opa-envoy
  path: people/authz/allow
  sources:
    - name: policies
      url: https://bundles.example.org/bundles/portreeve.tar.gz
      ca: ca/bundles.pem
      headers_file: secrets/bundles
      redirects: ["https://cdn.example.org/bundles/"]
      interval: 75s
      timeout: 50s
      max_bytes: 5242880
      max_age: 26h
    - name: policy-file
      file: policy/late.tar.gz
    - name: policy-folder
      folder: policy/unpacked
  signed_by:
    - key_id: policy-2026
      file: policy.pub.pem
      algorithm: RS256
      scope: harbour
    - key_id: policy-2027
      file: ca/bundles.pem
  max_age: 27h
  grace: 73h
  keep: 12
  self_test_timeout: 11s
  shadow:
    bundle: policy.tar.gz # on trial
    share: 0.25
    until: 2027-03-01T00:00:00Z
    sources:
      - name: trial
        url: https://trial.example.org/portreeve.tar.gz
        ca: ca/bundles.pem # of the trial
        headers_file: secrets/trial
        redirects: ["https://cdn.example.org/trial/"]
        interval: 76s
        timeout: 51s
        max_bytes: 4194305
        max_age: 251h
      - name: trial-file
        file: trial/late.tar.gz
      - name: trial-folder
        folder: trial/unpacked
compat:
  undefined: error
  credential_optional: false
  skip_request_body_parse: true
  proto_descriptor: services.pb
  record_bytes: 32768
claims:
  device_id: [{ context_extension: device_id }]
  serial: [{ header: x-device-serial }]
  firmware_hash: [{ header: x-firmware }, { metadata: "envoy.lb:fw" }]
  attestation: [{ header: x-attestation }]
custom:
  line: { label: line }
  order: { inventory: purchase_order }
wire:
  statuses:
    no_credential: 400
    denied: 404
    unavailable: 500
  retry_after:
    min: 10s
    max: 1m
  overload: unavailable
enforcement:
  observe:
    - pep: edge
      until: 2026-12-31T00:00:00Z
    - class: meter
      until: 2026-12-31T00:00:00Z
    - site: lyon
      until: 2026-12-31T00:00:00+01:00
  break_glass:
    - reasons: [revocation.crl_stale]
      classes: [meter]
      devices: [meter-1]
      who: J. Martin
      why: CRL host down
      since: 2026-11-20T08:00:00Z
      until: 2026-11-20T20:00:00Z
index:
  follow: false
  max_bytes: 20000000
audit:
  path: log/decisions
  mode: relaxed
  flush: 50ms
  origin: pdp.example.org/lyon
  key: log/key.pem
  retain: 400d
  max_bytes: 500000000000
  rotate_bytes: 1000000
  keep: 7
  on_failure: continue
  heartbeat: 30s
  strangers:
    rate: 2
    burst: 20
    pep_rate: 50
    pep_burst: 500
    ipv4_prefix: 16
    ipv6_prefix: 48
    networks: 100
  redact:
    fields: [device_id]
    linkable: false
    keep: 30d
  witnesses:
    - url: https://witness.example.org/w1
      key: witness.example.org/w1+b8c2062f+BGoY4Dvyg4B6uT1ePrTBYCKYloW7roYmH60zkJQrONaO
      ca: ca/witness.pem
      interval: 50s
      timeout: 6s
  anchors:
    - name: vault
      put: https://vault.example.org/lyon/
      headers_file: secrets/vault
      ca: ca/vault.pem
      interval: 5m
      timeout: 16s
    - name: stamps
      timestamp: http://timestamp.example.org/tsa
      timestamp_cas: ca/tsa.pem
      timestamp_policy: 1.2.3.4
  sinks:
    - name: siem
      syslog: logs.example.org:6514
      format: ocsf
      begin: newest
      ca: ca/logs.pem
      certificate: tls/logs.pem
      key: tls/logs.key
      facility: 10
      max_message: 8192
      interval: 7s
      timeout: 17s
    - name: lines
      file: log/records.ndjson
      rotate_bytes: 70000
      keep: 8
    - name: collector
      otlp: https://collector.example.org/v1/logs
      headers_file: secrets/collector
      certificate: tls/collector.pem
      key: tls/collector.key
`;

/** Where a line of the full configuration stands, from 1. Fails where it is not there exactly once. */
export function lineOf(line: string): number {
  const places = full.split('\n').flatMap((one, index) => (one.trim() === line ? [index + 1] : []));
  if (places.length !== 1) throw new Error(`${places.length} lines are ${JSON.stringify(line)}`);
  return places[0] as number;
}

/** The full configuration with one line replaced, its indentation kept. */
export function withLine(line: string, replacement: string): string {
  const place = lineOf(line) - 1;
  const lines = full.split('\n');
  const indent = /^ */.exec(lines[place] ?? '')?.[0] ?? '';
  return lines.with(place, `${indent}${replacement}`).join('\n');
}
