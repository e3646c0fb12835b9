import type { ConnectionContext } from '../context/types.ts';
import type { DeviceRecord } from '../inventory/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { HoldFact, HoldQuery } from '../revocation/holds/types.ts';
import type { DecisionDeps } from './deps.ts';
import type { ExaminedCredential } from './facts-credential.ts';

/** What is known of a connection when holds are looked for. */
export interface HoldSubject {
  readonly context: ConnectionContext;
  readonly credential: ExaminedCredential | undefined;
  /** The device that the decision is about, whoever says so. */
  readonly deviceId: string | undefined;
  readonly device: DeviceRecord | undefined;
  /** The gateway that takes part, proved or named. */
  readonly gateway: string | undefined;
  /** By a verified attestation result. */
  readonly measuredFirmware: string | null;
  readonly now: EpochMs;
}

/** Not frozen: a frozen list in a record keeps JSON.stringify off its fast path. */
const none: readonly HoldFact[] = [];

/**
 * The operators' holds that a connection falls under. A hold only denies, so a mere claim suffices for it: whoever
 * claims to be a held device, whatever he proves to be, or to run held firmware, keeps out nobody but himself. A
 * device's hold also bites what that device vouches for as a gateway; a gateway's also what passes through it, what its
 * enforcement point asks, and itself. Call within one `store.snapshot`.
 */
export function holdsOn(
  subject: HoldSubject,
  { holds, inventory }: Pick<DecisionDeps, 'holds' | 'inventory'>,
): readonly HoldFact[] {
  const { context, credential, deviceId, device, gateway, measuredFirmware, now } = subject;
  if (!holds.any(context.tenant)) return none;
  const voucher = context.authenticatedBy === 'gateway_asserted' ? gateway : undefined;
  const vouching = voucher === undefined ? undefined : inventory.device(context.tenant, voucher);
  return holds.matching({
    tenant: context.tenant,
    devices: present(deviceId, context.claims.device_id, voucher),
    ...certificatesOf(credential),
    firmware: present(context.claims.firmware_hash, measuredFirmware ?? undefined),
    classes: present(device?.class, vouching?.class),
    gateways: present(gateway, context.pep.name, deviceId),
    source_ip: context.sourceIp ?? null,
    now,
  });
}

function present(...values: readonly (string | undefined)[]): readonly string[] {
  return values.filter((value) => value !== undefined);
}

/**
 * Whatever certificate was presented counts, of a gateway too, and every one of its path. A CA is a path's from the
 * second place on, or a leaf that is the anchor itself; its word is as old as the oldest certificate below it.
 */
function certificatesOf(
  credential: ExaminedCredential | undefined,
): Pick<HoldQuery, 'certificates' | 'keys' | 'issuers'> {
  const { leaf, path } = credential?.judged ?? {};
  const certificates = path?.certificates ?? (leaf ? [leaf] : []);
  const issuers: { key: string; earliest: EpochMs }[] = [];
  let earliest: EpochMs = leaf?.notBefore ?? 0;
  for (const [place, { keyDigest: key, notBefore }] of (path?.certificates ?? []).entries()) {
    if (place > 0 || certificates.length === 1) issuers.push({ key, earliest });
    earliest = Math.min(earliest, notBefore);
  }
  return {
    certificates: certificates.map(({ fingerprint }) => fingerprint),
    keys: certificates.map(({ keyDigest }) => keyDigest),
    issuers,
  };
}
