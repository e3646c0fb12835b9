import type { ReasonCode } from '../../lib/reason-code.ts';
import {
  gatewayId,
  meterBehindGateway,
  sensorId,
  strangerSensorId,
  type DemoDevice,
  type DemoDevices,
} from './devices.ts';
import type { DemoAttestation } from './attestation.ts';
import type { Authorities } from './authorities.ts';
import { firmware } from './firmware.ts';
import { rig } from './rig.ts';

/** One connection of the demo: what is asked (proto3 JSON of a DecideRequest) and what must come of it. */
export interface DemoRow {
  readonly name: string;
  readonly title: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly outcome: 'allow' | 'deny';
  readonly reason: ReasonCode;
  readonly assurance?: string;
  /** What the primary reason must tell beside its code. */
  readonly told?: readonly string[];
  /** The listener that is asked; `local` unless it says otherwise. */
  readonly listener?: string;
}

const officeIp = '10.20.0.17';

/** All rows in the order in which they are shown. Devices send their leaf alone; intermediates come from the configuration, as with Envoy. */
export function demoRows(
  devices: DemoDevices,
  authorities: Authorities,
  attestation: DemoAttestation,
): readonly DemoRow[] {
  const { foreign, foreignRoot, overreaching } = authorities;
  const good = { firmwareHash: firmware.meterGood };
  const deny = (name: string, title: string, reason: ReasonCode, request: DemoRow['request']): DemoRow => ({
    name,
    title,
    request,
    outcome: 'deny',
    reason,
  });
  const meter = (device: DemoDevice, claims: object = good, more: object = {}): DemoRow['request'] =>
    byDevice([device.leaf.der], claims, more);
  const camera = (claims: object): DemoRow['request'] =>
    byDevice([devices.camera.leaf.der], { firmwareHash: firmware.cameraGood, ...claims }, {});

  return [
    {
      name: 'active-meter',
      title: 'active meter',
      request: meter(devices.meter),
      outcome: 'allow',
      reason: 'policy.ok',
      assurance: 'device_proved',
    },
    {
      name: 'camera-other-issuer',
      title: 'camera under another issuer',
      request: camera({}),
      outcome: 'allow',
      reason: 'policy.ok',
      assurance: 'device_proved',
    },
    {
      name: 'attested-camera',
      title: 'camera that its verifier affirms',
      request: camera({ attestation: attestation.affirming }),
      outcome: 'allow',
      reason: 'policy.ok',
      assurance: 'attested',
    },
    {
      name: 'gateway-for-child',
      title: 'gateway speaking for its sensor',
      request: byGateway(devices.gateway, sensorId),
      outcome: 'allow',
      reason: 'policy.ok',
      assurance: 'gateway_asserted',
    },
    {
      name: 'stale-crl-within-grace',
      title: 'stale CRL, within grace',
      request: meter(devices.depotMeter),
      outcome: 'allow',
      reason: 'revocation.stale_within_grace',
      assurance: 'device_proved',
      told: ['age_s', 'usable_until'],
    },
    {
      name: 'offline-within-grace',
      title: 'rig cut off for 3 hours, within grace',
      request: meter(devices.rig, good, { sourceIp: rig.address }),
      outcome: 'allow',
      reason: 'inventory.stale_within_grace',
      assurance: 'device_proved',
      told: ['age_s', 'grace_until'],
      listener: rig.listener,
    },
    {
      name: 'firmware-in-grace',
      title: 'vulnerable firmware, within grace',
      request: meter(devices.vulnerable, { firmwareHash: firmware.meterVulnerable }),
      outcome: 'allow',
      reason: 'firmware.grace_expiring',
      assurance: 'device_proved',
      told: ['advisory', 'until'],
    },
    deny('stale-crl', 'stale CRL, past its grace', 'revocation.crl_stale', meter(devices.annexMeter)),
    deny('expired', 'expired certificate', 'credential.expired', meter(devices.expired)),
    deny('not-yet-valid', 'certificate not yet valid', 'credential.not_yet_valid', meter(devices.early)),
    deny('revoked', 'revoked certificate', 'revocation.revoked', meter(devices.revoked)),
    deny('issuer-revoked', 'issuing CA revoked', 'revocation.issuer_revoked', meter(devices.orphan)),
    deny('held', "operator's hold", 'hold.device', meter(devices.held)),
    deny(
      'foreign-ca',
      'foreign CA, same subject',
      'chain.untrusted_anchor',
      byDevice([devices.foreign.leaf.der, foreign.der, foreignRoot.der], good, {}),
    ),
    deny(
      'server-only',
      'server-only certificate',
      'credential.eku_missing_client_auth',
      meter(devices.serverOnly),
    ),
    deny(
      'name-constraints',
      'name that its CA may not give',
      'chain.name_constraint_violation',
      meter(devices.outsider),
    ),
    deny(
      'too-deep',
      'CA below a CA that may have none',
      'chain.pathlen_exceeded',
      byDevice([devices.tooDeep.leaf.der, overreaching.der], good, {}),
    ),
    deny('weak-key', 'RSA key of 1024 bits', 'credential.weak_key', meter(devices.weak)),
    deny('cloned-key', 'one key under two devices', 'identity.key_shared', meter(devices.cloned)),
    deny('unknown-device', 'unknown device', 'inventory.unknown_device', meter(devices.unknown)),
    deny('disabled-device', 'disabled device', 'inventory.not_active', meter(devices.disabled)),
    deny(
      'not-bound',
      'certificate not bound to the device',
      'inventory.cert_not_bound',
      meter(devices.unbound),
    ),
    deny(
      'superseded',
      'certificate from before the renewal',
      'inventory.superseded_certificate',
      meter(devices.superseded),
    ),
    deny(
      'serial-differs',
      'claimed serial differs',
      'identity.serial_mismatch',
      meter(devices.meter, { ...good, serial: '0badcafe' }),
    ),
    deny(
      'firmware-blocked',
      'blocked firmware',
      'firmware.blocked',
      meter(devices.meter, { firmwareHash: firmware.meterBlocked }),
    ),
    deny(
      'firmware-unknown',
      'unknown firmware',
      'firmware.unknown_hash',
      meter(devices.meter, { firmwareHash: firmware.meterUnknown }),
    ),
    deny(
      'network',
      'source network not allowed',
      'network.source_not_allowed',
      meter(devices.elsewhere, good, { sourceIp: '203.0.113.9' }),
    ),
    deny(
      'gateway-only',
      'gateway speaking for a meter',
      'assurance.device_not_proven',
      byGateway(devices.gateway, meterBehindGateway, good),
    ),
    deny(
      'child-not-enrolled',
      'gateway speaking for a sensor not its own',
      'assurance.child_not_enrolled',
      byGateway(devices.gateway, strangerSensorId),
    ),
    deny(
      'contraindicated-camera',
      'camera that its verifier found against',
      'attestation.contraindicated',
      camera({ attestation: attestation.contraindicated }),
    ),
    deny('no-certificate', 'no certificate at all', 'identity.no_credential', {
      authenticatedBy: 'AUTHENTICATED_BY_NONE',
      claims: { deviceId: devices.meter.id, ...good },
      sourceIp: officeIp,
      protocol: 'mqtt',
    }),
  ];
}

function byDevice(chain: readonly Uint8Array[], claims: object, more: object): DemoRow['request'] {
  return {
    peerChain: chain.map((der) => Buffer.from(der).toString('base64')),
    authenticatedBy: 'AUTHENTICATED_BY_DEVICE_TLS',
    claims,
    sourceIp: officeIp,
    protocol: 'mqtt',
    ...more,
  };
}

function byGateway(gateway: DemoDevice, child: string, claims: object = {}): DemoRow['request'] {
  return {
    peerChain: [Buffer.from(gateway.leaf.der).toString('base64')],
    authenticatedBy: 'AUTHENTICATED_BY_GATEWAY_ASSERTED',
    gateway: gatewayId,
    claims: { deviceId: child, ...claims },
    sourceIp: officeIp,
    protocol: 'mqtt',
  };
}
