import test from 'ava';
import { configSchema } from '../../../src/config/schema.ts';
import type { Schema } from '../../../src/config/schema/keys.ts';
import { inspect, lineOf, minimal, withLine } from './helpers/file.ts';

/** A key; a right line; a wrong one in its place; the column and text of what is told; the line where it is told, if elsewhere. */
type Row = readonly [
  key: string,
  right: string,
  wrong: string,
  column: number,
  message: RegExp,
  elsewhere?: string,
];

const rows: readonly Row[] = [
  ['version', 'version: 1', 'version: 0', 10, /must be 1/],
  ['site', 'site: lyon', 'site: ""', 7, /must not be empty/],
  ['state', 'path: data/state.db', 'path: 7', 9, /must be a path/],
  ['state.path', 'path: data/state.db', 'path: ""', 9, /must not be empty/],
  ['server', 'workers: 3', 'workrs: 3', 3, /unknown key; did you mean workers\?/],
  ['server.workers', 'workers: 3', 'workers: 0', 12, /must be >= 1/],
  ['server.budget', 'budget: 200ms', 'budget: 200', 11, /length of time such as 150ms/],
  ['server.budget', 'budget: 200ms', 'budget: 5ms', 11, /between 20ms and 10s/],
  ['server.drain', 'drain: 5s', 'drain: 1x', 10, /length of time/],
  ['server.listeners', '- name: meshed', '- name: local', 13, /is there twice/],
  ['server.listeners[].name', '- name: meshed', '- name: "me sh"', 13, /malformed/],
  ['server.listeners[].address', 'address: 0.0.0.0:9443', 'address: 0.0.0.0', 16, /host:port/],
  ['server.listeners[].address', 'address: 0.0.0.0:9443', 'address: 0.0.0.0:99999', 16, /host:port/],
  ['server.listeners[].tls', 'client_cas: [mesh]', 'client_cas: []', 21, /must not be empty/],
  [
    'server.listeners[].tls.certificate',
    'certificate: tls/server.pem',
    'certificate: tls/no.pem',
    22,
    /is not there/,
  ],
  ['server.listeners[].tls.key', 'key: tls/server.key', 'key: tls', 14, /is a folder/],
  [
    'server.listeners[].tls.client_cas',
    'client_cas: [mesh]',
    'client_cas: [root]',
    22,
    /not in trust\.pep_cas/,
  ],
  ['server.listeners[].insecure', 'insecure: true', 'insecure: yes', 17, /true or false/],
  [
    'server.admin',
    'address: unix:/run/portreeve/admin.sock',
    'adress: localhost:1',
    5,
    /did you mean address/,
  ],
  [
    'server.admin.address',
    'address: unix:/run/portreeve/admin.sock',
    'address: 10.0.0.1:9190',
    14,
    /loopback/,
  ],
  [
    'server.admin.address',
    'address: unix:/run/portreeve/admin.sock',
    'address: unix:admin.sock',
    14,
    /unix:\/path/,
  ],
  ['server.health', 'address: 0.0.0.0:9192', 'port: 9192', 5, /unknown key/],
  ['server.health.address', 'address: 0.0.0.0:9192', 'address: "[::1:9192"', 14, /host:port/],
  ['server.max_concurrent_streams', 'max_concurrent_streams: 500', 'max_concurrent_streams: 0', 27, />= 1/],
  ['peps', '- name: edge', '- name: envoy', 11, /is there twice/],
  ['peps[].name', '- name: edge', '- name: ""', 11, /malformed/],
  ['peps[].name', '- name: edge', '- name: unknown', 11, /what callers are called that no entry matches/],
  ['peps[].tenant', 'tenant: acme', 'tenant: "a b"', 13, /malformed/],
  ['peps[].site', 'networks: [10.0.0.0/8]', 'sites: lyon', 5, /did you mean site/],
  ['peps[].zone', 'zone: hall-2', 'zone: [a]', 11, /text or null/],
  ['peps[].match', 'ca: mesh', 'c: mesh', 7, /unknown key/],
  [
    'peps[].match.san',
    'san: spiffe://example.org/edge/{site}/{zone}/envoy',
    'san: spiffe://example.org/e-{site}',
    12,
    /alone in its segment/,
  ],
  [
    'peps[].match.san',
    'san: spiffe://example.org/edge/{site}/{zone}/envoy',
    'san: spiffe://{site}/envoy',
    12,
    /authority/,
  ],
  [
    'peps[].match.san',
    'san: spiffe://example.org/edge/{site}/{zone}/envoy',
    'san: "*.example.org"',
    12,
    /neither a URI nor a DNS name/,
  ],
  [
    'peps[].match.san',
    'san: spiffe://example.org/edge/{site}/{zone}/envoy',
    'san: "{site}.{site}.example.org"',
    12,
    /twice/,
  ],
  [
    'peps[].match.san',
    'san: spiffe://example.org/edge/{site}/{zone}/envoy',
    'san: "{site}.{zone}"',
    12,
    /any name/,
  ],
  ['peps[].match.ca', 'ca: mesh', 'ca: root', 11, /not in trust\.pep_cas/],
  ['peps[].may_assert_devices', 'may_assert_devices: true', 'may_assert_devices: 1', 25, /true or false/],
  ['peps[].may_send_xfcc', 'may_send_xfcc: true', 'may_send_xfcc: "true"', 20, /true or false/],
  ['peps[].networks', 'networks: [10.0.0.0/8]', 'networks: [10.0.0.0/33]', 16, /network such as/],
  ['peps[].trusted_hops', 'trusted_hops: 1', 'trusted_hops: -1', 19, />= 0/],
  ['trust', 'credential_optional: true', 'credentials_optional: true', 3, /did you mean credential_optional/],
  ['trust.anchors', '- name: root', '- name: meters', 13, /is there twice/, '- name: meters'],
  ['trust.anchors[].name', '- name: root', '- name: 5', 13, /must be text/],
  ['trust.anchors[].file', 'file: ca/root.pem', 'file: ca/none.pem', 13, /is not there/],
  ['trust.anchors[].profile', 'trust_domain: example.org', 'trust: example.org', 9, /unknown key/],
  ['trust.anchors[].profile.kind', 'kind: spiffe', 'kind: serial', 15, /one of spiffe, san_uri/],
  [
    'trust.anchors[].profile.kind',
    'trust_domain: example.org',
    '# none',
    9,
    /needs trust_domain/,
    'kind: spiffe',
  ],
  [
    'trust.anchors[].profile.trust_domain',
    'kind: spiffe',
    'kind: cn',
    23,
    /spiffe only/,
    'trust_domain: example.org',
  ],
  [
    'trust.anchors[].profile.trust_domain',
    'trust_domain: example.org',
    'trust_domain: Example.Org',
    23,
    /lower-case/,
  ],
  ['trust.anchors[].profile.devid', 'trust_domain: example.org', 'devid: both', 16, /one of idevid, ldevid/],
  ['trust.anchors[].revocation', 'grace: 12h', 'graze: 12h', 9, /did you mean grace/],
  ['trust.anchors[].revocation.required', 'required: true', 'required: maybe', 19, /true or false/],
  ['trust.anchors[].revocation.max_age', 'max_age: 24h', 'max_age: 1s', 18, /between 1m and 400d/],
  ['trust.anchors[].revocation.grace', 'grace: 12h', 'grace: -12h', 16, /length of time/],
  ['trust.anchors[].allow_sha1', 'allow_sha1: true', 'allow_sha1: sometimes', 19, /true or false/],
  ['trust.anchors[].allow_small_keys', 'allow_small_keys: true', 'allow_small_keys: 1', 25, /true or false/],
  ['trust.anchors[].strict', 'strict: true', 'strict: very', 15, /true or false/],
  ['trust.anchors[].pinned', 'pinned: false', 'pinned: "yes"', 15, /true or false/],
  ['trust.anchors[].pinned', 'pinned: false', 'pinned: true', 19, /no CRL/, 'required: true'],
  ['trust.intermediates', 'file: ca/meters.pem', 'path: ca/meters.pem', 7, /unknown key/],
  ['trust.intermediates[].name', '- name: meters', '- name: root', 13, /is there twice/],
  ['trust.intermediates[].file', 'file: ca/meters.pem', 'file: ca', 13, /is a folder/],
  ['trust.pep_cas', 'file: ca/mesh.pem', 'fil: ca/mesh.pem', 7, /did you mean file/],
  ['trust.pep_cas[].name', 'file: ca/mesh.pem', 'name: mesh', 7, /unique|keys/],
  ['trust.pep_cas[].file', 'file: ca/mesh.pem', 'file: ca/gone.pem', 13, /is not there/],
  ['trust.pep_cas[].revocation', 'grace: 6h', 'grase: 6h', 9, /did you mean grace/],
  ['trust.pep_cas[].revocation.required', 'required: FALSE', 'required: no', 19, /true or false/],
  ['trust.pep_cas[].revocation.max_age', 'max_age: 48h', 'max_age: 1s', 18, /between 1m and 400d/],
  ['trust.pep_cas[].revocation.grace', 'grace: 6h', 'grace: 100d', 16, /between 0s and 90d/],
  [
    'trust.credential_optional',
    'credential_optional: true',
    'credential_optional: null',
    24,
    /true or false/,
  ],
  ['revocation', 'poll: 2s', 'interval: 2s', 3, /unknown key/],
  ['revocation.crls', 'crls: [crl]', 'crls: crl', 9, /must be a list/],
  ['revocation.max_crl_bytes', 'max_crl_bytes: 2048000', 'max_crl_bytes: 10', 18, />= 1024/],
  ['revocation.poll', 'poll: 2s', 'poll: 1ms', 9, /between 50ms and 1h/],
  ['revocation.sources', '- name: meters-crl', '- nam: meters-crl', 7, /unknown key; did you mean name/],
  ['revocation.sources[].name', '- name: meters-crl', '- name: "meters crl"', 13, /malformed/],
  [
    'revocation.sources[].url',
    'url: https://crl.example.org/meters.crl',
    'url: ldap://crl.example.org/meters.crl',
    12,
    /http or https URL/,
  ],
  [
    'revocation.sources[].url',
    'url: https://crl.example.org/meters.crl',
    'url: https://me:secret@crl.example.org/meters.crl',
    12,
    /without user, password/,
  ],
  [
    'revocation.sources[].headers_file',
    'url: https://crl.example.org/meters.crl',
    'url: http://crl.example.org/meters.crl',
    21,
    /sent in the clear/,
    'headers_file: secrets/headers',
  ],
  [
    'revocation.sources[].redirects',
    'redirects: ["https://cdn.example.org/crl/"]',
    'redirects: [cdn.example.org]',
    19,
    /http or https URL/,
  ],
  ['revocation.sources[].ca', 'ca: ca/web.pem', 'ca: ca/gone.pem', 11, /is not there/],
  ['revocation.sources[].interval', 'interval: 30m', 'interval: 1ms', 17, /between 1s and 30d/],
  ['revocation.sources[].timeout', 'timeout: 1m', 'timeout: 2d', 16, /between 1s and 24h/],
  ['revocation.sources[].max_bytes', 'max_bytes: 1048576', 'max_bytes: 10', 18, />= 1024/],
  ['revocation.sources[].max_age', 'max_age: 6h', 'max_age: 1s', 16, /between 1m and 400d/],
  ['revocation.distribution_points', 'allow: ["http://crl.example.org/"]', 'allowed: []', 5, /unknown key/],
  [
    'revocation.distribution_points.allow',
    'allow: ["http://crl.example.org/"]',
    'allow: ["crl.example.org"]',
    13,
    /http or https URL/,
  ],
  ['revocation.distribution_points.ca', 'ca: ca/mesh.pem', 'ca: ca/gone.pem', 9, /is not there/],
  ['revocation.distribution_points.interval', 'interval: 45m', 'interval: 31d', 15, /between 1s and 30d/],
  ['revocation.distribution_points.timeout', 'timeout: 2m', 'timeout: 0s', 14, /between 1s and 24h/],
  ['revocation.distribution_points.max_bytes', 'max_bytes: 2097152', 'max_bytes: many', 16, /whole number/],
  ['revocation.distribution_points.max_age', 'max_age: 7h', 'max_age: 401d', 14, /between 1m and 400d/],
  ['revocation.coverage', '- issuer: mesh', '- ca: mesh', 7, /unknown key/],
  ['revocation.coverage[].issuer', '- issuer: mesh', '- issuer: unheard-of', 15, /unheard-of/],
  [
    'revocation.coverage[].points',
    'points: ["http://crl.example.org/1.crl", "http://crl.example.org/2.crl"]',
    'points: ["http://crl.example.org/1.crl", "http://crl.example.org/1.crl"]',
    48,
    /is there twice/,
  ],
  ['revocation.ocsp', 'stapled: true', 'staple: true', 5, /did you mean stapled/],
  ['revocation.ocsp.stapled', 'stapled: true', 'stapled: yes', 14, /true or false/],
  ['revocation.ocsp.responders', 'url: https://ocsp.example.org/', 'uri: x', 9, /did you mean url/],
  [
    'revocation.ocsp.responders[].issuer',
    '- issuer: meters',
    '- issuer: mesh',
    17,
    /not a CA in trust\.anchors or trust\.intermediates/,
  ],
  [
    'revocation.ocsp.responders[].url',
    'url: https://ocsp.example.org/',
    'url: ldap://ocsp.example.org/',
    14,
    /http or https URL/,
  ],
  ['revocation.ocsp.responders[].ca', 'ca: ca/root.pem', 'ca: ca/gone.pem', 13, /is not there/],
  ['revocation.ocsp.responders[].nonce', 'nonce: required', 'nonce: always', 16, /one of never, optional/],
  ['revocation.ocsp.responders[].hash', 'hash: sha256', 'hash: md5', 15, /one of sha1, sha256/],
  ['revocation.ocsp.responders[].signer', 'signer: ca/meters.pem', 'signer: gone.pem', 17, /is not there/],
  ['revocation.ocsp.responders[].rate_per_second', 'rate_per_second: 7', 'rate_per_second: 0', 26, />= 1/],
  ['revocation.ocsp.responders[].timeout', 'timeout: 21s', 'timeout: 0s', 18, /between 1s and 5m/],
  ['revocation.ocsp.responders[].max_age', 'max_age: 22h', 'max_age: 1s', 18, /between 1m and 400d/],
  ['inventory', 'inventory:', 'inventor:', 1, /unknown key/],
  ['inventory.sources', '- name: site-export', '- name: head-office', 13, /is there twice/],
  ['inventory.sources[].name', '- name: site-export', '- name: "site export"', 13, /malformed/],
  ['inventory.sources[].file', 'file: devices.ndjson', 'file: ""', 13, /must not be empty/],
  ['inventory.sources[].kind', 'kind: devices', 'kind: things', 13, /one of/],
  [
    'inventory.sources[].url',
    'url: https://state.example.org/devices.csv',
    'url: ftp://state.example.org/devices.csv',
    12,
    /http or https URL/,
  ],
  ['inventory.sources[].ca', 'ca: ca/state.pem', 'ca: ca/gone.pem', 11, /is not there/],
  [
    'inventory.sources[].headers_file',
    'headers_file: secrets/state',
    'headers_file: 7',
    21,
    /must be a path/,
  ],
  [
    'inventory.sources[].redirects',
    'redirects: ["https://cdn.example.org/devices/"]',
    'redirects: [cdn.example.org]',
    19,
    /http or https URL/,
  ],
  ['inventory.sources[].signed_by', 'signed_by: state.pub', 'signed_by: gone.pub', 18, /is not there/],
  ['inventory.sources[].format', 'format: csv', 'format: xml', 15, /one of/],
  [
    'inventory.sources[].columns',
    'format: csv',
    'format: ndjson',
    16,
    /are for format csv/,
    'columns: { device_id: SerialNo }',
  ],
  ['inventory.sources[].tenant', 'tenant: wharf', 'tenant: ""', 15, /must not be empty/],
  [
    'inventory.sources[].whole',
    'tenant: default',
    'tenant: wharf',
    14,
    /another source brings devices of the same tenant/,
    'whole: true',
  ],
  ['inventory.sources[].interval', 'interval: 16m', 'interval: 1ms', 17, /between 1s and 30d/],
  ['inventory.sources[].timeout', 'timeout: 4m', 'timeout: 2d', 16, /between 1s and 24h/],
  ['inventory.sources[].max_bytes', 'max_bytes: 4194304', 'max_bytes: 10', 18, />= 1024/],
  ['inventory.sources[].max_age', 'max_age: 25h', 'max_age: 1s', 16, /between 1m and 400d/],
  ['classes', 'meter:', '"me ter":', 3, /not a name that can stand here/],
  [
    'classes.<name>.assurance',
    'assurance: gateway_asserted',
    'assurance: proved',
    16,
    /one of none, gateway_asserted/,
  ],
  ['classes.<name>.binding', 'issuers: [meters]', 'issuers: []', 14, /needs issuers/, 'binding: issuer'],
  ['classes.<name>.binding', 'binding: issuer', 'binding: any', 14, /one of certificate, key, issuer/],
  [
    'classes.<name>.issuers',
    'issuers: [meters]',
    'issuers: [mesh]',
    15,
    /not a CA in trust\.anchors or trust\.intermediates/,
  ],
  ['classes.<name>.anchors', 'anchors: [root]', 'anchors: [meters]', 15, /not in trust\.anchors/],
  ['classes.<name>.max_lifetime', 'max_lifetime: 400d', 'max_lifetime: 60000ms1ms', 19, /whole seconds/],
  ['classes.<name>.renew_by_share', 'renew_by_share: 0.67', 'renew_by_share: 2', 21, /<= 1/],
  ['classes.<name>.firmware', `allowed: [${'a'.repeat(64)}]`, 'allow: []', 7, /unknown key/],
  ['classes.<name>.firmware.required', `allowed: [${'a'.repeat(64)}]`, 'allowed: [abc]', 17, /malformed/],
  [
    'classes.<name>.firmware.allowed',
    `allowed: [${'a'.repeat(64)}]`,
    `allowed: [${'b'.repeat(64)}]`,
    17,
    /also blocked/,
  ],
  [
    'classes.<name>.firmware.blocked',
    `blocked: [${'b'.repeat(64)}]`,
    `blocked: [${'B'.repeat(64)}]`,
    17,
    /malformed/,
  ],
  [
    'classes.<name>.firmware.minimum',
    'minimum: { meter-os: 2.4.0 }',
    'minimum: { meter-os: nightly }',
    28,
    /malformed/,
  ],
  ['classes.<name>.firmware.rollback', 'rollback: accept', 'rollback: maybe', 17, /one of deny, accept/],
  ['classes.<name>.networks', 'networks: [10.20.0.0/16]', 'networks: [10.20.0.0]', 16, /network such as/],
  ['attestation', 'verifiers:', 'verifers:', 3, /did you mean verifiers/],
  ['attestation.verifiers', '- name: field', '- name: lab', 13, /verifier "lab" is there twice/],
  ['attestation.verifiers[].name', '- name: field', '- name: "fi eld"', 13, /malformed/],
  ['attestation.verifiers[].keys', 'url: https://field.example.org/keys', 'uri: x', 9, /did you mean url/],
  ['attestation.verifiers[].keys.file', 'file: lab.jwks', 'file: none.jwks', 15, /is not there/],
  [
    'attestation.verifiers[].keys.url',
    'url: https://field.example.org/keys',
    'url: http://field.example.org/keys',
    14,
    /could change the keys/,
  ],
  [
    'attestation.verifiers[].keys.headers_file',
    'headers_file: field.headers',
    'headers_file: 7',
    23,
    /must be a path/,
  ],
  [
    'attestation.verifiers[].keys.redirects',
    'redirects: [https://cdn.example.org/keys/]',
    'redirects: [ftp://cdn.example.org/]',
    21,
    /http or https URL/,
  ],
  ['attestation.verifiers[].keys.ca', 'ca: ca/verifiers.pem', 'ca: ca/none.pem', 13, /is not there/],
  ['attestation.verifiers[].keys.interval', 'interval: 2h', 'interval: 1ms', 19, /between 1s and 30d/],
  ['attestation.verifiers[].keys.timeout', 'timeout: 70s', 'timeout: 1ms', 18, /between 1s and 24h/],
  ['attestation.verifiers[].keys.max_bytes', 'max_bytes: 4096', 'max_bytes: 1', 20, />= 1024/],
  ['attestation.verifiers[].keys.max_age', 'max_age: 12h', 'max_age: 1s', 18, /between 1m and 400d/],
  ['attestation.verifiers[].keys.overlap', 'overlap: 1d', 'overlap: 91d', 18, /between 0s and 90d/],
  [
    'attestation.verifiers[].keys.blocked',
    `blocked: [${'A'.repeat(43)}]`,
    'blocked: [short]',
    19,
    /malformed/,
  ],
  [
    'attestation.verifiers[].algorithms',
    'algorithms: [EdDSA]',
    'algorithms: [HS256]',
    20,
    /one of ES256, ES384, EdDSA/,
  ],
  ['attestation.verifiers[].algorithms', 'algorithms: [EdDSA]', 'algorithms: []', 19, /must not be empty/],
  [
    'attestation.verifiers[].profiles',
    'profiles: ["tag:ietf.org,2026:rats/ear#04"]',
    'profiles: ["tag:x"]',
    18,
    /must be one of tag:ietf/,
  ],
  [
    'attestation.verifiers[].issuer',
    'issuer: https://verifier.example.org',
    'issuer: ""',
    15,
    /must not be empty/,
  ],
  [
    'attestation.verifiers[].developer',
    'developer: https://developer.example.org',
    'developer: 7',
    18,
    /must be text/,
  ],
  ['attestation.verifiers[].build', 'build: vts 1', 'build: ""', 14, /must not be empty/],
  ['attestation.verifiers[].max_age', 'max_age: 2h', 'max_age: 0s', 16, /between 1s and 400d/],
  ['attestation.verifiers[].tolerance', 'tolerance: 30s', 'tolerance: 2h', 18, /between 0s and 1h/],
  [
    'attestation.verifiers[].classes',
    'classes: ["meter"]',
    'classes: [toaster]',
    17,
    /not a class in classes/,
  ],
  [
    'attestation.verifiers[].firmware',
    'submod: platform',
    'submodule: platform',
    9,
    /did you mean submod|known here/,
  ],
  ['attestation.verifiers[].firmware.submod', 'submod: platform', 'submod: ""', 17, /must not be empty/],
  ['attestation.verifiers[].firmware.pointer', 'pointer: /measured/0', 'pointer: measured', 18, /malformed/],
  [
    'attestation.challenge',
    'challenge: [{ metadata: "pep:challenge" }, { context_extension: challenge }]',
    'challenge: [{ header: x-challenge }]',
    17,
    /unknown key/,
  ],
  [
    'attestation.challenge[].metadata',
    'challenge: [{ metadata: "pep:challenge" }, { context_extension: challenge }]',
    'challenge: [{ metadata: challenge }]',
    27,
    /malformed/,
  ],
  [
    'attestation.challenge[].context_extension',
    'challenge: [{ metadata: "pep:challenge" }, { context_extension: challenge }]',
    'challenge: [{ context_extension: "" }]',
    36,
    /must not be empty/,
  ],
  ['classes.<name>.attestation', 'tier: warning', 'tear: warning', 7, /unknown key; known here: required/],
  ['classes.<name>.attestation.required', '"required": true', 'required: 1', 17, /true or false/],
  ['classes.<name>.attestation.submods', 'submods: [platform]', 'submods: [""]', 17, /must not be empty/],
  ['classes.<name>.attestation.tier', 'tier: warning', 'tier: none', 13, /one of affirming, warning/],
  [
    'classes.<name>.attestation.vector',
    'hardware: affirming',
    'hardwear: affirming',
    9,
    /unknown key; known here: instance/,
  ],
  [
    'classes.<name>.attestation.vector.instance-identity',
    'instance-identity: warning',
    'instance-identity: none',
    28,
    /one of affirming, warning/,
  ],
  [
    'classes.<name>.attestation.vector.configuration',
    'configuration: warning',
    'configuration: 32',
    24,
    /one of affirming, warning/,
  ],
  [
    'classes.<name>.attestation.vector.executables',
    'executables: affirming',
    'executables: 2',
    22,
    /one of affirming, warning/,
  ],
  [
    'classes.<name>.attestation.vector.file-system',
    'file-system: warning',
    'file-system: none',
    22,
    /one of affirming, warning/,
  ],
  [
    'classes.<name>.attestation.vector.hardware',
    'hardware: affirming',
    'hardware: none',
    19,
    /one of affirming, warning/,
  ],
  [
    'classes.<name>.attestation.vector.runtime-opaque',
    'runtime-opaque: warning',
    'runtime-opaque: none',
    25,
    /one of affirming, warning/,
  ],
  [
    'classes.<name>.attestation.vector.storage-opaque',
    'storage-opaque: warning',
    'storage-opaque: none',
    25,
    /one of affirming, warning/,
  ],
  [
    'classes.<name>.attestation.vector.sourced-data',
    'sourced-data: warning',
    'sourced-data: none',
    23,
    /one of affirming, warning/,
  ],
  ['classes.<name>.attestation.max_age', 'max_age: 15m', 'max_age: 1500ms', 16, /whole seconds/],
  ['classes.<name>.attestation.challenge', 'challenge: true', 'challenge: sometimes', 18, /true or false/],
  [
    'classes.<name>.entitlements',
    'entitlements: [telemetry:write]',
    'entitlements: ["a,b"]',
    20,
    /malformed/,
  ],
  ['classes.<name>.shared_use', 'shared_use: deny', 'shared_use: forbid', 17, /one of warn, deny, ignore/],
  ['classes.<name>.grace', 'state: 72h', 'stat: 72h', 7, /did you mean state/],
  ['classes.<name>.grace.state', 'state: 72h', 'state: 1s', 14, /between 1m and 365d/],
  ['classes.<name>.grace.sites', 'sites: { lyon: 30d }', 'sites: { lyon: 2y }', 22, /length of time|such as/],
  ['classes.<name>.clock_grace', 'clock_grace: 24h', 'clock_grace: 30s', 18, /between 1m and 365d/],
  ['observed', 'keep: 90d', 'keeps: 90d', 3, /unknown key; did you mean keep\?/],
  ['observed.interval', 'interval: 90m', 'interval: 1s', 13, /between 1m and 30d/],
  [
    'observed.certificates_per_device',
    'certificates_per_device: 4',
    'certificates_per_device: 0',
    28,
    /must be >= 1/,
  ],
  ['observed.keep', 'keep: 90d', 'keep: 1h', 9, /between 1d and 36500d/],
  ['shared_use', 'moves: 1', 'mowes: 1', 3, /unknown key; did you mean moves\?/],
  ['shared_use.window', 'window: 15m', 'window: 48h', 11, /between 1s and 24h/],
  ['shared_use.moves', 'moves: 1', 'moves: 17', 10, /must be <= 16/],
  ['shared_use.ipv4_prefix', 'ipv4_prefix: 28', 'ipv4_prefix: 33', 16, /must be <= 32/],
  ['shared_use.ipv6_prefix', 'ipv6_prefix: 56', 'ipv6_prefix: 8', 16, /must be >= 16/],
  ['time', 'settle: 4h', 'setle: 4h', 3, /unknown key; did you mean settle\?/],
  ['time.tolerance', 'tolerance: 3m', 'tolerance: 0s', 14, /between 1s and 24h/],
  ['time.settle', 'settle: 4h', 'settle: 0s', 11, /between 1s and 30d/],
  ['time.max_leap', 'max_leap: 7d', 'max_leap: 1s', 13, /between 1m and 3650d/],
  ['classes.<name>.ttl', 'ttl: 90m', 'ttl: 0s', 10, /between 1s and 30d/],
  ['classes.<name>.session_limit', 'session_limit: 12h', 'session_limit: 400d', 20, /between 1s and 365d/],
  ['policy', 'bundle: policy.tar.gz', 'bundel: policy.tar.gz', 3, /did you mean bundle/],
  ['limits', 'max_lockout: 0.5%', 'max_lockot: 1%', 3, /unknown key; did you mean max_lockout\?/],
  ['limits.max_lockout', 'max_lockout: 0.5%', 'max_lockout: 101%', 16, /malformed/],
  ['limits.max_lockout', 'max_lockout: 0.5%', 'max_lockout: -1', 16, /must be >= 0/],
  ['policy.bundle', 'bundle: policy.tar.gz', 'bundle: none.tar.gz', 11, /is not there/],
  ['claims', 'serial: [{ header: x-device-serial }]', 'serail: []', 3, /did you mean serial/],
  [
    'claims.device_id',
    'device_id: [{ context_extension: device_id }]',
    'device_id: [{ context_extension: "" }]',
    36,
    /must not be empty/,
  ],
  [
    'claims.serial',
    'serial: [{ header: x-device-serial }]',
    'serial: [{ header: X-Serial }]',
    22,
    /malformed/,
  ],
  [
    'claims.firmware_hash',
    'firmware_hash: [{ header: x-firmware }, { metadata: "envoy.lb:fw" }]',
    'firmware_hash: [{ metadata: fw }]',
    31,
    /malformed/,
  ],
  [
    'claims.attestation',
    'attestation: [{ header: x-attestation }]',
    'attestation: [{}]',
    17,
    /exactly one of header, context_extension, metadata/,
  ],
  [
    'claims.attestation',
    'attestation: [{ header: x-attestation }]',
    'attestation: [{ inventory: token }]',
    19,
    /unknown key/,
  ],
  ['custom', 'line: { label: line }', 'Line: { label: line }', 3, /not a name that can stand here/],
  ['custom', 'line: { label: line }', 'line: { label: line, header: x-line }', 9, /exactly one of/],
  ['wire', 'unavailable: 500', 'unavailble: 500', 5, /did you mean unavailable/],
  ['wire.statuses', 'unavailable: 500', 'other: 500', 5, /unknown key/],
  ['wire.statuses.no_credential', 'no_credential: 400', 'no_credential: 200', 20, />= 400/],
  ['wire.statuses.denied', 'denied: 404', 'denied: 302', 13, />= 400/],
  ['wire.statuses.unavailable', 'unavailable: 500', 'unavailable: 600', 18, /<= 599/],
  ['wire.retry_after', 'max: 1m', 'max: 9s', 10, /min is more than max/, 'min: 10s'],
  ['wire.retry_after.min', 'min: 10s', 'min: 500ms', 10, /between 1s and 1h/],
  ['wire.retry_after.max', 'max: 1m', 'max: 60s1ms', 10, /whole seconds/],
  ['enforcement', '- pep: edge', '- pip: edge', 7, /did you mean pep/],
  [
    'enforcement.observe',
    '- pep: edge',
    '- class: meter\n      pep: edge',
    7,
    /exactly one of pep, class and site/,
  ],
  [
    'server.listeners[].pep',
    'address: 0.0.0.0:9443',
    'pep: envoy\n      address: 0.0.0.0:9443',
    12,
    /by certificate/,
  ],
  ['enforcement.observe[].pep', '- pep: edge', '- pep: nobody', 12, /not in peps/],
  ['enforcement.observe[].pep', '- pep: edge', '- pep: unknown', 12, /not in peps/],
  ['enforcement.observe[].class', '- class: meter', '- class: camera', 14, /not in classes/],
  ['enforcement.observe[].site', '- site: lyon', '- site: [lyon]', 13, /must be text/],
  [
    'enforcement.observe[].until',
    'until: 2026-12-31T00:00:00+01:00',
    'until: 2027-02-18T12:00:01Z',
    14,
    /more than 90 days from now/,
  ],
  ['enforcement.observe[].until', 'until: 2026-12-31T00:00:00+01:00', 'until: 2026-12-31', 14, /RFC 3339/],
  ['enforcement.break_glass', 'who: J. Martin', 'whom: J. Martin', 7, /did you mean who/],
  [
    'enforcement.break_glass[].reasons',
    '- reasons: [revocation.crl_stale]',
    '- reasons: []',
    16,
    /must not be empty/,
  ],
  [
    'enforcement.break_glass[].reasons',
    '- reasons: [revocation.crl_stale]',
    '- reasons: [revocation.crl_stal]',
    17,
    /did you mean revocation\.crl_stale/,
  ],
  [
    'enforcement.break_glass[].reasons',
    '- reasons: [revocation.crl_stale]',
    '- reasons: [policy.ok]',
    17,
    /never denies/,
  ],
  [
    'enforcement.break_glass[].reasons',
    '- reasons: [revocation.crl_stale]',
    '- reasons: [system.audit_unavailable]',
    17,
    /always enforced/,
  ],
  ['enforcement.break_glass[].classes', 'classes: [meter]', 'classes: [camera]', 17, /not in classes/],
  ['enforcement.break_glass[].devices', 'devices: [meter-1]', 'devices: [""]', 17, /must not be empty/],
  ['enforcement.break_glass[].who', 'who: J. Martin', 'who: " "', 12, /must not be empty/],
  ['enforcement.break_glass[].who', 'who: J. Martin', 'who: ""', 12, /must not be empty/],
  ['enforcement.break_glass[].why', 'why: CRL host down', 'why: ""', 12, /must not be empty/],
  ['enforcement.break_glass[].since', 'since: 2026-11-20T08:00:00Z', 'since: 8 o’clock', 14, /RFC 3339/],
  [
    'enforcement.break_glass[].until',
    'until: 2026-11-20T20:00:00Z',
    'until: 2026-11-21T08:00:01Z',
    14,
    /more than 24 hours after since/,
  ],
  [
    'enforcement.break_glass[].until',
    'until: 2026-11-20T20:00:00Z',
    'until: 2026-11-20T08:00:00Z',
    14,
    /must be after since/,
  ],
  ['audit', 'keep: 7', 'kept: 7', 3, /unknown key/],
  ['audit.path', 'path: log/decisions.ndjson', 'path: null', 9, /must be a path/],
  ['audit.rotate_bytes', 'rotate_bytes: 1000000', 'rotate_bytes: 1', 17, />= 65536/],
  ['audit.keep', 'keep: 7', 'keep: 1.5', 9, /whole number/],
  ['audit.on_failure', 'on_failure: continue', 'on_failure: allow', 15, /one of deny, continue/],
];

for (const [key, right, wrong, column, message, elsewhere] of rows) {
  test(`${key}: ${wrong.slice(0, 60)} is refused where it stands`, (t) => {
    const { problems, config } = inspect(withLine(right, wrong));
    t.is(config, undefined);
    const told = problems.filter((problem) => message.test(problem.message));
    const places = told.map((problem) => `${problem.line}:${problem.column}`);
    t.true(places.includes(`${lineOf(elsewhere ?? right)}:${column}`), JSON.stringify(problems));
    const all = problems.map((problem) => JSON.stringify(problem));
    t.deepEqual(all, [...new Set(all)], 'each problem is told once');
  });
}

/** Every key of the schema, as the rows name it. */
function keysOf(schema: Schema, path = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const key = path === '' ? name : `${path}.${name}`;
    if (one.items?.properties)
      return [key, ...(key.startsWith('claims') ? [] : keysOf(one.items, `${key}[]`))];
    if (typeof one.additionalProperties === 'object') {
      return [key, ...(key === 'custom' ? [] : keysOf(one.additionalProperties, `${key}.<name>`))];
    }
    return [key, ...keysOf(one, key)];
  });
}

test('every key of the schema has a refusal here', (t) => {
  const tested = new Set(rows.map(([key]) => key));
  t.deepEqual(
    keysOf(configSchema).filter((key) => !tested.has(key)),
    [],
  );
});

test('a pinned certificate is no CA that classes may name as an issuer', (t) => {
  const text = withLine('issuers: [meters]', 'issuers: [root]');
  t.deepEqual(inspect(text).problems, []);
  const pinned = text.replace('required: true', 'required: false').replace('pinned: false', 'pinned: true');
  const [problem, ...others] = inspect(pinned).problems;
  t.regex(problem?.message ?? '', /names "root", which is not a CA/);
  t.deepEqual(others, []);
});

test('a word stands for a section where the schema names it, and no other does', (t) => {
  const of = (rule: string) =>
    inspect(`${minimal}classes:\n  meter:\n    anchors: [root]\n    attestation: ${rule}\n`);
  t.is(of('required').config?.classes.meter?.attestation.required, true);
  t.is(of('optional').config?.classes.meter?.attestation.required, false);
  t.is(of('{ submods: [a] }').config?.classes.meter?.attestation.required, true);
  t.regex(of('sometimes').problems[0]?.message ?? '', /malformed/);
  t.regex(of('true').problems[0]?.message ?? '', /mapping or text/);
});

test('a class that requires attestation without any verifier is warned of', (t) => {
  const text = `${minimal}classes:\n  meter:\n    anchors: [root]\n    attestation: required\n`;
  const { warnings, problems } = inspect(text);
  t.deepEqual(problems, []);
  t.regex(warnings.map(({ message }) => message).join(), /no verifier is configured/);
});

test("a verifier's keys are published at exactly one place", (t) => {
  const verifier = (keys: string) =>
    inspect(`${minimal}attestation:\n  verifiers:\n    - { name: a, keys: ${keys}, algorithms: [ES256] }\n`)
      .problems;
  t.regex(verifier('{}')[0]?.message ?? '', /exactly one of file and url/);
  t.regex(verifier('{ file: lab.jwks, url: "https://a.example/" }')[0]?.message ?? '', /exactly one/);
  t.deepEqual(verifier('{ url: "https://a.example/" }'), []);
});

test('a CA has one responder', (t) => {
  const one = '{ issuer: root, url: "http://ocsp.example/" }';
  const problems = (...entries: string[]) =>
    inspect(`${minimal}revocation:\n  ocsp: { responders: [${entries.join(', ')}] }\n`).problems;
  t.deepEqual(problems(one), []);
  t.regex(problems(one, one)[0]?.message ?? '', /responder of "root" is there twice/);
});
