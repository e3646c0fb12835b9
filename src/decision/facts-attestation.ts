import type { ExaminedToken } from '../attestation/examine.ts';
import { isAuthentic, judgeAttestation, noAttestation } from '../attestation/judge.ts';
import type { AttestationFact, AttestationRules } from '../attestation/types.ts';
import type { ConnectionContext } from '../context/types.ts';
import type { DeviceRecord } from '../inventory/types.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { DecisionDeps } from './deps.ts';
import type { ExaminedCredential } from './facts-credential.ts';
import type { Facts } from './types.ts';

/** The presenting device, as far as it is known. */
export interface Presenting {
  readonly context: ConnectionContext;
  readonly credential: ExaminedCredential | undefined;
  readonly deviceId: string | undefined;
  readonly device: DeviceRecord | undefined;
  readonly now: EpochMs;
}

/** What is asked of a device whose class nobody knows: it is denied for that, and nothing raises its assurance. */
const unknownClass: AttestationRules = {
  required: true,
  submods: [],
  tier: 'affirming',
  vector: {},
  max_age_s: null,
  challenge: false,
};

/**
 * Takes the token of a connection apart and verifies its signature, before any state is read for the decision; undefined
 * without a token. Asynchronous, because signatures are verified off this thread.
 */
export async function examineAttestation(
  context: ConnectionContext,
  now: EpochMs,
  { attestation }: Pick<DecisionDeps, 'attestation'>,
): Promise<ExaminedToken | undefined> {
  const { attestation: token } = context.claims;
  return token === undefined ? undefined : attestation.examiner.examine(token, now);
}

/** Judges what was examined by the state that is open. Call within one `store.snapshot`. */
export function attestationFact(
  examined: ExaminedToken | undefined,
  presenting: Presenting,
  deps: Pick<DecisionDeps, 'attestation' | 'config' | 'inventory'>,
): AttestationFact {
  if (examined === undefined) return noAttestation;
  const { context, credential, deviceId, device, now } = presenting;
  const { classes } = deps.config;
  const rules =
    device && Object.hasOwn(classes, device.class) ? classes[device.class]?.attestation : undefined;
  return judgeAttestation(examined, {
    now,
    rules: rules ?? unknownClass,
    device: {
      key: deviceId === undefined ? null : `${context.tenant}\0${deviceId}`,
      // A handshake proves the key whether or not its certificate has a valid path; that is judged by itself.
      provedKey: context.authenticatedBy === 'device_tls' ? (credential?.facts.key_digest ?? null) : null,
      attestationKeys: device?.attestation_keys ?? [],
      ueid: device?.ueid,
      othersWith: (key) => deps.inventory.holders(context.tenant, key, now).filter((id) => id !== deviceId),
    },
    deviceClass: device?.class,
    challenge: context.challenge,
    ring: deps.attestation.ring,
    uses: deps.attestation.uses,
  });
}

/**
 * What counts against the device whatever its class asks for: its verifier found against it, or it states another
 * firmware than was measured.
 */
export function attestationFindings(fact: AttestationFact, claimed: string | undefined): readonly Finding[] {
  const against = isAuthentic(fact)
    ? fact.findings.filter(({ code }) => code === 'attestation.contraindicated')
    : [];
  const { firmware_hash: measured } = fact;
  if (measured === null || claimed === undefined || claimed === measured) return against;
  return [...against, { code: 'firmware.mismatch_attestation', detail: { claimed, measured } }];
}

/** The firmware that the device runs: as its verifier measured it, else as it says. */
export function firmwareOf({ attestation, connection }: Pick<Facts, 'attestation' | 'connection'>): {
  readonly hash: string | null;
  readonly source: 'attested' | 'claimed' | null;
} {
  if (attestation.firmware_hash !== null) return { hash: attestation.firmware_hash, source: 'attested' };
  const { firmware_hash: claimed } = connection.claims;
  return { hash: claimed, source: claimed === null ? null : 'claimed' };
}
