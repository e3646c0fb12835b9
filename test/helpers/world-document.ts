import { trustDomain } from './world-pki.ts';

/** A configuration document as it stands in the file, open to change by a test before it is loaded. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Document = Record<string, any>;

/** SHA-256 hashes of firmware: allowed for meters, blocked for meters, known to nobody. */
export const firmware = { good: 'a1'.repeat(32), bad: 'b2'.repeat(32), unheardOf: 'c3'.repeat(32) };

/**
 * The world's configuration. PEPs: `envoy` (site lyon, sends XFCC) and `edge` (site oslo, may assert devices).
 * Classes: `meter` (own proof, issuer-bound, firmware judged where stated, 10.20.0.0/16), `camera` (bound by
 * certificate), `gateway`, `sensor` (a gateway's word is enough), `appliance` (anchors vendor, building, legacy).
 */
export function worldDocument(): Document {
  return {
    version: 1,
    site: 'lyon',
    state: { path: 'state.db' },
    server: {
      workers: 1,
      listeners: [{ name: 'local', address: '127.0.0.1:19191', pep: 'envoy' }],
      admin: { address: '127.0.0.1:19190' },
    },
    peps: [
      { name: 'envoy', site: 'lyon', may_send_xfcc: true },
      { name: 'edge', site: 'oslo', may_assert_devices: true },
    ],
    trust: {
      anchors: [
        {
          name: 'fleet',
          file: 'ca/fleet.pem',
          profile: { kind: 'spiffe', trust_domain: trustDomain },
          revocation: { required: true, grace: '12h' },
        },
        { ...anchor('vendor', 'ieee_802_1ar') },
        { ...anchor('building', 'san_uri') },
        { ...anchor('legacy', 'cn') },
      ],
      intermediates: ['meters', 'cameras', 'gateways', 'retired'].map((name) => ({
        name,
        file: `ca/${name}.pem`,
      })),
    },
    classes: {
      meter: {
        assurance: 'device_proved',
        binding: 'issuer',
        issuers: ['meters', 'retired'],
        anchors: ['fleet'],
        max_lifetime: '400d',
        firmware: { allowed: [firmware.good], blocked: [firmware.bad] },
        networks: ['10.20.0.0/16'],
        entitlements: ['telemetry:write'],
        ttl: '1h',
        session_limit: '12h',
      },
      camera: { assurance: 'device_proved', binding: 'certificate', anchors: ['fleet'], ttl: '30m' },
      gateway: { assurance: 'device_proved', binding: 'issuer', issuers: ['gateways'], anchors: ['fleet'] },
      sensor: {
        assurance: 'gateway_asserted',
        binding: 'issuer',
        issuers: ['meters'],
        anchors: ['fleet'],
        ttl: '10m',
      },
      appliance: { binding: 'key', anchors: ['vendor', 'building', 'legacy'] },
    },
    claims: {
      device_id: [{ header: 'x-device-id' }, { context_extension: 'device_id' }],
      serial: [{ header: 'x-device-serial' }, { context_extension: 'serial' }],
      firmware_hash: [{ header: 'x-firmware-hash' }, { context_extension: 'firmware_hash' }],
      attestation: [{ header: 'x-attestation' }, { context_extension: 'attestation' }],
    },
    custom: { line: { label: 'line' }, region: { inventory: 'region' } },
    audit: { path: 'audit.ndjson' },
  };
}

function anchor(name: string, kind: string) {
  return { name, file: `ca/${name}.pem`, profile: { kind }, revocation: { required: false } };
}
