import type { Config } from '../config/types.ts';
import { compareVersions } from '../inventory/firmware/version.ts';
import type { SeenFirmware } from '../inventory/observed/types.ts';
import type { DeviceRecord } from '../inventory/types.ts';
import { formatInstant, type EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { DecisionDeps } from './deps.ts';
import { firmwareOf } from './facts-attestation.ts';
import type { Facts, FirmwareFact } from './types.ts';

/** What is known of the connection when its firmware is looked up. */
export type RunsFirmware = Pick<Facts, 'attestation' | 'connection' | 'tenant'> & {
  readonly deviceId: string | undefined;
  readonly device: DeviceRecord | undefined;
};

/**
 * What the catalogue has of the firmware that the device runs, and what it is held against: its class's least version and
 * the highest version that it was seen with. Null where no hash is known or the catalogue does not have it. Call within
 * one `store.snapshot`.
 */
export function firmwareFact(
  runs: RunsFirmware,
  { firmware, observed, config }: Pick<DecisionDeps, 'firmware' | 'observed' | 'config'>,
): FirmwareFact | null {
  const { hash, source } = firmwareOf(runs);
  const record = hash === null ? undefined : firmware.firmware(runs.tenant, hash);
  if (record === undefined || source === null) return null;
  const { product, version } = record;
  const seen = runs.deviceId === undefined ? [] : observed.highestFirmware(runs.tenant, runs.deviceId);
  return {
    advisory: record.advisory ?? null,
    epoch: record.epoch,
    firmware_hash: record.firmware_hash,
    grace_until: record.grace_until ?? null,
    highest: highestOf(seen.filter((one) => one.product === product && counts(one, source))),
    minimum: minimumOf(runs.device, product, config.classes),
    product,
    source,
    status: record.status,
    version,
  };
}

/**
 * A device that once claimed a version that it did not run would never come in again with what is measured of it: what
 * was claimed is held against claims alone, what was measured against both.
 */
function counts({ attested }: SeenFirmware, source: 'attested' | 'claimed'): boolean {
  return attested || source === 'claimed';
}

function highestOf(seen: readonly SeenFirmware[]): string | null {
  let highest: string | null = null;
  for (const { version } of seen)
    if (highest === null || (compareVersions(version, highest) ?? 0) > 0) highest = version;
  return highest;
}

function minimumOf(
  device: DeviceRecord | undefined,
  product: string,
  classes: Config['classes'],
): string | null {
  if (device === undefined || !Object.hasOwn(classes, device.class)) return null;
  const minimum = classes[device.class]?.firmware.minimum ?? {};
  return Object.hasOwn(minimum, product) ? (minimum[product] ?? null) : null;
}

/**
 * What speaks against catalogued firmware, for the policy to weigh: blocked; vulnerable or below the minimum, which its
 * grace turns into a warning; lower than what the device ran before. A version that cannot be compared counts as lower.
 */
export function firmwareFindings(fact: FirmwareFact | null, now: EpochMs): readonly Finding[] {
  if (fact === null) return none;
  const { product, version, highest, status, grace_until: grace } = fact;
  const about = {
    ...{ firmware_hash: fact.firmware_hash, source: fact.source, product, version },
    ...(fact.advisory !== null && { advisory: fact.advisory }),
  };
  const findings: Finding[] = [];
  if (status === 'blocked')
    findings.push({ code: 'firmware.blocked', detail: { ...about, by: 'catalogue' } });
  const wants = upgradeReasons(fact);
  if (wants.length > 0 && inGrace(fact, now)) {
    const because = wants.map(({ code }) => code.slice('firmware.'.length)).join(', ');
    const until = formatInstant(grace as EpochMs);
    findings.push({ code: 'firmware.grace_expiring', detail: { ...about, because, until } });
  } else {
    for (const { code, detail } of wants) findings.push({ code, detail: { ...about, ...detail } });
  }
  if (highest !== null && isLower(version, highest))
    findings.push({ code: 'firmware.rollback', detail: { ...about, highest } });
  return findings;
}

const none: readonly Finding[] = [];

/** Why a device has to be given other firmware. */
function upgradeReasons({ status, minimum, version, grace_until: grace }: FirmwareFact): readonly Finding[] {
  const ended: Finding['detail'] = grace === null ? {} : { grace_until: formatInstant(grace) };
  return [
    ...(status === 'known_vulnerable' ? [{ code: 'firmware.known_vulnerable', detail: ended } as const] : []),
    ...(minimum !== null && isLower(version, minimum)
      ? [{ code: 'firmware.below_minimum', detail: { ...ended, minimum } } as const]
      : []),
  ];
}

function isLower(version: string, than: string): boolean {
  return (compareVersions(version, than) ?? -1) < 0;
}

function inGrace({ grace_until: until, status }: FirmwareFact, now: EpochMs): boolean {
  return until !== null && now < until && status !== 'blocked';
}

/** The end of the grace, where an allow relies on it. */
export function firmwareLimits(fact: FirmwareFact | null, now: EpochMs): Facts['limits'] {
  if (fact === null || !inGrace(fact, now) || upgradeReasons(fact).length === 0) return [];
  return [{ because: 'grace of the firmware: until', until: fact.grace_until as EpochMs }];
}
