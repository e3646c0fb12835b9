import { createPublicKey } from 'node:crypto';
import { sha256Hex } from '../lib/bytes.ts';
import type { JsonObject, JsonValue } from '../lib/strict-json.ts';
import { decodeAnyBase64 } from '../lib/base64url.ts';
import { ClaimsProblem } from './claims.ts';
import type { Claims } from './claims.ts';
import type { Dialect } from './dialects.ts';
import { attestationLimits } from './limits.ts';
import { vectorClaims } from './tiers.ts';
import type { Tier, VectorClaim } from './tiers.ts';

/** What a verifier says of one part of a device. */
export interface Appraisal {
  readonly status: Tier;
  /** AR4SI claims, -128 to 127, in the order of their names; those that were not made are absent. */
  readonly vector: Readonly<Partial<Record<VectorClaim, number>>>;
  readonly policies: readonly string[];
  /** SHA-256 (hex) of the SubjectPublicKeyInfo of the key that the appraisal is about. */
  readonly key: string | undefined;
  readonly ueid: string | undefined;
  /** Nonces of the evidence, hexadecimal. */
  readonly nonces: readonly string[];
  /** All claims, for what the configuration points at. */
  readonly claims: JsonObject;
}

/** Reads one appraisal, whose status is read already. Throws `ClaimsProblem`. */
export function readAppraisal(claims: Claims, status: Tier, dialect: Dialect): Appraisal {
  return {
    status,
    vector: readVector(claims, dialect),
    policies: readPolicies(claims, dialect),
    key: readKey(claims, dialect),
    ueid: claims.text('ueid') ?? claims.object('ear_attester_claims')?.text('ueid'),
    nonces: claims.nonces('eat_nonce'),
    claims: claims.members,
  };
}

/** A claim that AR4SI does not know is refused: it could be the one that warns. */
function readVector(claims: Claims, dialect: Dialect): Appraisal['vector'] {
  const vector = claims.object(dialect.vector);
  if (!vector) return {};
  const unknown = vector.names().find((name) => !vectorClaims.some((known) => known === name));
  if (unknown !== undefined) throw new ClaimsProblem(`${vector.pathOf(unknown)} is no claim of the vector`);
  const made = vectorClaims.flatMap((name) => {
    const value = vector.value(name);
    if (value === undefined) return [];
    if (typeof value === 'number' && value >= -128 && value <= 127) return [[name, value] as const];
    throw new ClaimsProblem(`${vector.pathOf(name)} is no integer from -128 to 127`);
  });
  return Object.fromEntries(made);
}

/** A list in the current dialect, one text in the older one; either is taken in both. */
function readPolicies(claims: Claims, dialect: Dialect): readonly string[] {
  const value = claims.value(dialect.policy);
  if (value === undefined) return [];
  const ids = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
  if (ids.length > attestationLimits.policies) throw new ClaimsProblem(`${dialect.policy} has too many ids`);
  return ids.map((id) => {
    if (typeof id === 'string' && id.length <= attestationLimits.text) return id;
    throw new ClaimsProblem(`${claims.pathOf(dialect.policy)} is no id`);
  });
}

/** `akpub` as DER SubjectPublicKeyInfo, or the confirmation key (`cnf`, RFC 7800) as a JWK. */
function readKey(claims: Claims, dialect: Dialect): string | undefined {
  const attested = claims.object(dialect.keyAttestation);
  const akpub = attested?.value('akpub');
  if (attested && akpub !== undefined) {
    const der = typeof akpub === 'string' ? decodeAnyBase64(akpub) : undefined;
    if (!der || der.byteLength === 0 || der.byteLength > attestationLimits.key)
      throw new ClaimsProblem(`${attested.pathOf('akpub')} is no key`);
    return sha256Hex(der);
  }
  const confirmed = claims.object('cnf')?.object('jwk');
  return confirmed && confirmationKey(confirmed);
}

function confirmationKey(jwk: Claims): string {
  const names = ['kty', 'crv', 'x', 'y', 'n', 'e'];
  const members = names.flatMap((name) => {
    const value = jwk.value(name);
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  try {
    const key = createPublicKey({ key: Object.fromEntries(members), format: 'jwk' });
    return sha256Hex(key.export({ type: 'spki', format: 'der' }));
  } catch {
    throw new ClaimsProblem('cnf.jwk is no public key');
  }
}
