import { stringify } from 'yaml';
import { gatewayId } from './devices.ts';
import { firmware, meterFirmware } from './firmware.ts';
import { verifier } from './attestation.ts';
import { graceHours } from './authorities.ts';
import { rig } from './rig.ts';

/** Where the demo listens; `127.0.0.1:9191` and `127.0.0.1:9190` for `make run`, the rig's enforcement point anywhere. */
export interface DemoAddresses {
  readonly grpc: string;
  readonly rig: string;
  readonly admin: string;
}

/** How a configuration begins that the demo may replace. */
export const madeByDemo = '# Made by the demo';

/** The demo's `portreeve.yaml`; all paths are relative to it. */
export function demoConfiguration(addresses: DemoAddresses, issuers: readonly string[]): string {
  const anchor = (name: string, profile: object): object => ({
    name,
    file: `pki/${name}.pem`,
    profile,
    revocation: { required: true, grace: `${graceHours}h` },
  });
  const settings = {
    version: 1,
    site: 'harbour',
    state: { path: 'state.db' },
    server: {
      // A machine that is busy with other things must not turn a row of the table into one about a deadline.
      budget: '2s',
      listeners: [
        { name: 'local', address: addresses.grpc, pep: 'local-gateway' },
        { name: rig.listener, address: addresses.rig, pep: rig.pep },
      ],
      admin: { address: addresses.admin },
    },
    peps: [
      { name: 'local-gateway', may_assert_devices: false },
      { name: rig.pep, tenant: rig.name, site: rig.name },
    ],
    trust: {
      anchors: [
        anchor('fleet-root', { kind: 'ieee_802_1ar' }),
        anchor('gateways', { kind: 'spiffe', trust_domain: 'gateways.harbour.example' }),
      ],
      intermediates: issuers.map((name) => ({ name, file: `pki/${name}.pem` })),
    },
    revocation: { crls: ['crls'] },
    attestation: {
      verifiers: [
        {
          name: verifier.name,
          keys: { file: verifier.file },
          algorithms: ['ES256'],
          max_age: verifier.maxAge,
        },
      ],
    },
    inventory: {
      sources: [
        {
          ...{ name: 'uplink', file: rig.uplink, signed_by: rig.signers, tenant: rig.name },
          ...{ whole: true, max_age: rig.maxAge },
        },
      ],
    },
    classes: {
      meter: {
        assurance: 'device_proved',
        binding: 'certificate',
        anchors: ['fleet-root'],
        max_lifetime: '400d',
        firmware: { required: true, minimum: { [meterFirmware.product]: meterFirmware.minimum } },
        networks: ['10.0.0.0/8', '127.0.0.0/8'],
        grace: { sites: { [rig.name]: rig.grace } },
        ttl: '1h',
      },
      camera: {
        assurance: 'device_proved',
        binding: 'issuer',
        issuers: ['cameras'],
        anchors: ['fleet-root'],
        max_lifetime: '400d',
        firmware: { required: true, allowed: [firmware.cameraGood] },
        entitlements: ['video:publish'],
        ttl: '1h',
      },
      gateway: {
        assurance: 'gateway_asserted',
        binding: 'certificate',
        anchors: ['gateways', 'fleet-root'],
        max_lifetime: '400d',
        entitlements: ['telemetry:write'],
        ttl: '15m',
      },
    },
    audit: { path: 'log', key: 'log-key.pem' },
  };
  return `${madeByDemo}; gateways are such as ${gatewayId}.\n${stringify(settings)}`;
}
