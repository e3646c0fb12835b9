import type { Facts } from '../../decision/types.ts';
import { bindingData } from '../../inventory/binding-fields.ts';
import type { DeviceRecord } from '../../inventory/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { GatewayWords, HoldWords, Words } from '../cases/words.ts';
import type { Names } from './names.ts';

/** Digests of the certificate that was presented, which `self` stands for. */
export interface Presented {
  readonly fingerprint: string | null;
  readonly key_digest: string | null;
}

/** A device's record in words. */
export function deviceWords(record: DeviceRecord, self: Presented, names: Names): Words {
  const { owner, site, serial, hardware_model: model, key_protection: protection } = record;
  const digests = (bound: DeviceRecord['certificates'], own: string | null): readonly unknown[] =>
    bound.map((one) => {
      const data = bindingData(one);
      const named = (sha256: string): string => (sha256 === own ? 'self' : names.of('digest', sha256));
      if (typeof data === 'string') return named(data);
      return { ...data, sha256: named((data as { readonly sha256: string }).sha256) };
    });
  return {
    ...{ status: record.status, class: record.class },
    ...(owner !== undefined && { owner: names.of('owner', owner) }),
    ...(site !== undefined && { site: names.of('site', site) }),
    ...(serial !== undefined && { serial: names.of('serial', serial) }),
    ...list('tags', record.tags),
    ...list('certificates', digests(record.certificates, self.fingerprint)),
    ...list('keys', digests(record.keys, self.key_digest)),
    ...list('firmware', record.firmware),
    ...list('networks', record.networks.map(names.network)),
    ...list(
      'gateways',
      record.gateways.map((one) => names.of('gateway', one)),
    ),
    ...list('entitlements', record.entitlements),
    ...(model !== undefined && { hardware_model: model }),
    ...(protection !== undefined && { key_protection: protection }),
    ...(record.renewal_expected_by !== undefined && {
      renewal_expected_by: formatInstant(record.renewal_expected_by),
    }),
  };
}

function list(name: string, values: readonly unknown[]): Words {
  return values.length === 0 ? {} : { [name]: values };
}

/** Class of the gateway in the case, as its record's class is not told. */
export const gatewayClass = 'recorded-gateway';

/** The gateway that took part; its certificate is said by whoever knows that it was presented. */
export function gatewayWords(
  { gateway, device }: Facts,
  names: Names,
  ownClass: boolean,
): GatewayWords | undefined {
  if (!gateway) return undefined;
  const until = gateway.delegated_until;
  const end = until === null ? {} : { until: formatInstant(until) };
  const by = gateway.delegated_by;
  const window = gateway.bound_until;
  const bound = window === null ? 'self' : { sha256: 'self', until: formatInstant(window) };
  const delegations: readonly Words[] =
    by === 'class' && device
      ? [{ class: device.class, ...end }]
      : by === 'device' && device
        ? [{ device_id: names.of('device', device.device_id), ...end }]
        : [];
  return {
    id: names.of('gateway', gateway.id),
    device: gateway.known
      ? {
          status: gateway.status ?? 'active',
          class: ownClass || !device ? gatewayClass : device.class,
          ...(gateway.proved && { certificates: [bound] }),
        }
      : null,
    ...(delegations.length > 0 && { delegations }),
  };
}

/** Holds that were in force. What the case itself presents is `self`. */
export function holdWords({ holds, credential }: Facts, names: Names): readonly HoldWords[] {
  return holds.map(({ kind, value, until, issued_before: before }): HoldWords => {
    const held: Readonly<Record<typeof kind, () => string>> = {
      certificate: () => 'self',
      key: () => 'self',
      issuer: () => (value === credential?.issuer_key ? 'self' : (credential?.anchor ?? 'self')),
      device: () => names.of('device', value),
      gateway: () => names.of('gateway', value),
      network: () => names.network(value),
      class: () => value,
      firmware: () => value,
    };
    return {
      [kind]: held[kind](),
      ...(until !== null && { until: formatInstant(until) }),
      ...(before !== null && { issued_before: formatInstant(before) }),
    };
  });
}
