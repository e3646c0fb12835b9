import type { PresentedCredential } from '../context/types.ts';
import { judgeCredential } from '../identity/judge.ts';
import { nameText } from '../identity/name-text.ts';
import type {
  CertificationPath,
  JudgedCredential,
  ResolvedCredential,
  TrustAnchor,
  TrustSet,
} from '../identity/types.ts';
import { canonicalForm } from '../lib/canonical-json.ts';
import type { EpochMs } from '../lib/clock.ts';
import { inOnePiece } from '../lib/text.ts';
import type { DecisionDeps } from './deps.ts';
import { denies } from './reasons.ts';
import type { CredentialFacts } from './types.ts';

/** A presented certificate, resolved and judged at one instant; reads no state. */
export interface ExaminedCredential {
  readonly judged: JudgedCredential;
  readonly facts: CredentialFacts;
}

/** Resolves (behind the cache) and judges what was presented. A bad certificate is facts with findings, never a throw. */
export function examineCredential(
  presented: PresentedCredential,
  now: EpochMs,
  deps: Pick<DecisionDeps, 'identity' | 'trust'>,
): ExaminedCredential {
  const resolved = deps.identity.resolve(presented);
  const judged = judgeCredential(resolved, now);
  return { judged, facts: rememberedFacts(resolved, presented, judged, deps.trust) };
}

/** What facts were made of, beside the resolved credential that they are remembered with. */
interface Remembered {
  readonly facts: CredentialFacts;
  readonly trust: TrustSet;
  readonly path: CertificationPath | undefined;
  readonly identity: JudgedCredential['identity'];
}

const remembered = new WeakMap<ResolvedCredential, Remembered>();

/** The facts are the same for as long as the resolved credential is judged the same. */
function rememberedFacts(
  resolved: ResolvedCredential,
  presented: PresentedCredential,
  judged: JudgedCredential,
  trust: TrustSet,
): CredentialFacts {
  const { path, identity } = judged;
  const valid = path !== undefined && !judged.findings.some(denies);
  const known = remembered.get(resolved);
  if (
    known?.path === path &&
    known?.identity === identity &&
    known?.trust === trust &&
    known.facts.valid === valid &&
    known.facts.key === presented.key &&
    known.facts.source === presented.source
  ) {
    return known.facts;
  }
  const facts = canonicalForm(credentialFacts(presented, judged, valid, trust));
  remembered.set(resolved, { facts, trust, path, identity });
  return facts;
}

function credentialFacts(
  presented: PresentedCredential,
  judged: JudgedCredential,
  valid: boolean,
  trust: TrustSet,
): CredentialFacts {
  const { leaf, path, identity } = judged;
  return {
    anchor: path?.anchor.name ?? null,
    fingerprint: leaf?.fingerprint ?? null,
    identity: identity
      ? { hardware_serial: identity.hardwareSerial ?? null, id: identity.id, scheme: identity.scheme }
      : null,
    issuer: path?.certificates[1] ? issuerName(path.certificates[1].fingerprint, path.anchor, trust) : null,
    issuer_key: path?.certificates[1]?.keyDigest ?? null,
    issuer_name: leaf ? nameText(leaf.issuer) : null,
    key: presented.key,
    key_algorithm: leaf ? keyAlgorithm(leaf.key) : null,
    key_digest: leaf?.keyDigest ?? null,
    lint: judged.lint ?? [],
    not_after: leaf?.notAfter ?? null,
    not_before: leaf?.notBefore ?? null,
    path: path?.certificates.map((certificate) => certificate.fingerprint) ?? [],
    profile: path?.anchor.profile.kind ?? null,
    serial: leaf?.serial ?? null,
    source: presented.source,
    valid,
  };
}

/** `ec-prime256v1`, `rsa-2048`, `ed25519`: kind and size in one word. */
function keyAlgorithm(key: NonNullable<JudgedCredential['leaf']>['key']): string {
  const size = key.curve ?? key.bits;
  return size === undefined ? key.algorithm : inOnePiece(key.algorithm, '-', String(size));
}

/**
 * The name that the configuration gives to the CA with this fingerprint, which issued a leaf under `anchor`; null where
 * it came with the sent chain only.
 */
export function issuerName(fingerprint: string, anchor: TrustAnchor, trust: TrustSet): string | null {
  if (fingerprint === anchor.certificate.fingerprint) return anchor.name;
  return trust.intermediates.find((it) => it.certificate.fingerprint === fingerprint)?.name ?? null;
}
