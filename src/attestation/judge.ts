import { canonicalForm } from '../lib/canonical-json.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import { bindingOf } from './binding.ts';
import type { Holder } from './binding.ts';
import type { Ear } from './ear.ts';
import type { ExaminedToken } from './examine.ts';
import { measuredFirmware } from './firmware.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { judgeNonce } from './nonce.ts';
import type { AttestationUses } from './replay-memory.ts';
import { leastTrusted } from './tiers.ts';
import { judgeTimes, usableUntil } from './times.ts';
import { countedSubmods, judgeTrust, submodFacts } from './trust.ts';
import type { AttestationFact, AttestationRules, Verifier } from './types.ts';

/** Whose result it is said to be, and what is asked of it. */
export interface AttestationCase {
  readonly now: EpochMs;
  readonly rules: AttestationRules;
  readonly device: Holder;
  /** Class of the device; undefined where it is not known. */
  readonly deviceClass: string | undefined;
  /** Nonce that the enforcement point gave to the device, hexadecimal. */
  readonly challenge: string | undefined;
  readonly ring: KeyRing;
  readonly uses: AttestationUses;
}

/** What is known where no token was presented. */
export const noAttestation: AttestationFact = canonicalForm({
  bound_by: null,
  digest: null,
  expires_at: null,
  findings: [],
  firmware_hash: null,
  issued_at: null,
  key: null,
  profile: null,
  statement: null,
  status: 'none',
  submods: [],
  tier: null,
  usable_until: null,
  verifier: null,
});

/** What would be wrong with any token of this verifier for this device. */
const aboutTrust: ReadonlySet<Finding['code']> = new Set<Finding['code']>([
  'attestation.contraindicated',
  'attestation.none_tier',
  'attestation.status_inconsistent',
  'attestation.submod_missing',
  'attestation.warning',
]);

/**
 * Holds a token against what is asked for, in the order of a relying party's checks (RFC 9334 section 10, draft-ietf-rats-ear):
 * signature, verifier, profile, times, verifier's id, parts, trust, nonce, whose it is, replay. Everything that is wrong is
 * told, but nothing that was not signed by a verifier is looked at. Synchronous; within one `store.snapshot`.
 */
export function judgeAttestation(examined: ExaminedToken, about: AttestationCase): AttestationFact {
  const { digest, statement } = examined;
  const failed = { ...noAttestation, digest, statement, status: 'failed' } as const;
  if ('refused' in examined) return { ...failed, findings: [examined.refused] };
  const { verifier, key, ear } = examined;
  const until = about.ring.acceptedUntil(verifier, key, about.now);
  if (until === undefined) {
    const because = 'its key is not accepted any more';
    return { ...failed, findings: [untrusted(verifier, because)] };
  }
  const submods = submodFacts(ear);
  const binding = bindingOf(ear, about.device, about.uses.ownerOf(examined.statement));
  const findings = [
    ...judgeVerifier(verifier, ear, about.deviceClass),
    ...judgeTimes(ear, verifier, about.rules, about.now),
    ...judgeTrust(ear, submods, about.rules),
    ...judgeNonce(ear, about.challenge, about.rules),
    ...binding.findings,
    ...judgeOrder(examined.statement, ear, verifier, about),
  ];
  if (findings.every(({ code }) => aboutTrust.has(code))) noteUse(examined, about);
  const verified = findings.length === 0;
  return {
    bound_by: binding.by,
    digest,
    expires_at: ear.expiresAt ?? null,
    findings,
    firmware_hash: (verified && verifier.firmware && measuredFirmware(ear, verifier.firmware)) || null,
    issued_at: ear.issuedAt,
    key,
    profile: ear.profile,
    statement,
    status: verified ? 'verified' : 'failed',
    submods,
    tier: leastTrusted([
      ...countedSubmods(submods, about.rules).map(({ tier }) => tier),
      ...(ear.status ? [ear.status] : []),
    ]),
    usable_until: verified ? usableUntil(ear, verifier, about.rules, until) : null,
    verifier: verifier.name,
  };
}

/**
 * Whether a result is this device's own, current and signed by who may sign it, whatever it says of the device: then what
 * it says against the device counts.
 */
export function isAuthentic({ findings, verifier }: AttestationFact): boolean {
  return verifier !== null && findings.every(({ code }) => aboutTrust.has(code));
}

function judgeVerifier(verifier: Verifier, ear: Ear, deviceClass: string | undefined): readonly Finding[] {
  const { developer, build } = ear.verifierId;
  const found: Finding[] = [];
  if (!verifier.profiles.has(ear.profile)) {
    found.push({
      code: 'attestation.profile_unknown',
      detail: { verifier: verifier.name, profile: ear.profile },
    });
  }
  if (verifier.developer !== undefined && verifier.developer !== developer)
    found.push(untrusted(verifier, 'it names another developer', { developer }));
  if (verifier.build !== undefined && verifier.build !== build)
    found.push(untrusted(verifier, 'it names another build', { build }));
  if (verifier.issuer !== undefined && verifier.issuer !== ear.issuer)
    found.push(untrusted(verifier, 'it names another issuer', { issuer: ear.issuer ?? '' }));
  if (verifier.classes.length > 0 && !(deviceClass !== undefined && verifier.classes.includes(deviceClass)))
    found.push(untrusted(verifier, 'it does not speak for devices of this class'));
  return found;
}

function untrusted(verifier: Verifier, because: string, more: Finding['detail'] = {}): Finding {
  return { code: 'attestation.verifier_untrusted', detail: { verifier: verifier.name, because, ...more } };
}

/** An older result than the device's newest one could hide what was found since. */
function judgeOrder(
  statement: string,
  ear: Ear,
  verifier: Verifier,
  { device, uses }: AttestationCase,
): readonly Finding[] {
  const newest = device.key === null ? undefined : uses.newestOf(device.key, verifier.name);
  if (newest === undefined || ear.issuedAt >= newest - verifier.tolerance) return [];
  const detail = { because: 'a newer result of this device was seen', statement };
  return [{ code: 'attestation.replayed', detail }];
}

function noteUse(
  { statement, verifier, ear }: Extract<ExaminedToken, { readonly ear: Ear }>,
  { device, uses }: AttestationCase,
): void {
  if (device.key === null) return;
  uses.note({ device: device.key, verifier: verifier.name, statement, issuedAt: ear.issuedAt });
}
