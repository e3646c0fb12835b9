import { describeThrown } from '../lib/errors.ts';
import { isJsonObject, parseStrictJson } from '../lib/strict-json.ts';
import type { JsonObject, JsonValue } from '../lib/strict-json.ts';
import { readAppraisal } from './appraisal.ts';
import type { Appraisal } from './appraisal.ts';
import { Claims, ClaimsProblem } from './claims.ts';
import { profiles } from './dialects.ts';
import type { Dialect } from './dialects.ts';
import { attestationLimits } from './limits.ts';
import { tierOfStatus } from './tiers.ts';
import type { Tier } from './tiers.ts';

/** An attestation result (draft-ietf-rats-ear), in one form whatever its dialect. Instants in milliseconds. */
export interface Ear {
  readonly profile: string;
  readonly issuedAt: number;
  readonly expiresAt: number | undefined;
  readonly notBefore: number | undefined;
  readonly issuer: string | undefined;
  readonly verifierId: { readonly developer: string; readonly build: string };
  /** What the verifier says of the device as a whole, where it does. */
  readonly status: Tier | undefined;
  /** Nonces of the result, hexadecimal; those of evidence stand with each appraisal. */
  readonly nonces: readonly string[];
  readonly ueid: string | undefined;
  /** By label, in the order of labels. */
  readonly submods: ReadonlyMap<string, Appraisal>;
}

/** What a token's claims are: a result, or why they are none. */
export type EarResult =
  | { readonly ear: Ear }
  | { readonly code: 'attestation.malformed' | 'attestation.profile_unknown'; readonly problem: string };

/**
 * Reads the claims of a token whose signature has been verified. Strict in what is understood (types, integers, sizes,
 * repeated members); what is not understood is ignored, as the draft asks.
 */
export function readEar(payload: Uint8Array): EarResult {
  const value = parseClaims(payload);
  if (typeof value === 'string') return { code: 'attestation.malformed', problem: value };
  const profile = value['eat_profile'];
  const dialect = typeof profile === 'string' ? profiles.get(profile) : undefined;
  if (profile === undefined) return { code: 'attestation.malformed', problem: 'eat_profile is missing' };
  if (dialect === undefined) {
    const told = typeof profile === 'string' ? profile.slice(0, attestationLimits.text) : 'no text';
    return { code: 'attestation.profile_unknown', problem: told };
  }
  try {
    return { ear: build(new Claims(value), profile as string, dialect) };
  } catch (thrown) {
    if (thrown instanceof ClaimsProblem) return { code: 'attestation.malformed', problem: thrown.message };
    throw thrown;
  }
}

function parseClaims(payload: Uint8Array): JsonObject | string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
    const value: JsonValue = parseStrictJson(text, attestationLimits);
    return isJsonObject(value) ? value : 'the claims are no object';
  } catch (thrown) {
    return `the claims cannot be read: the text ${describeThrown(thrown)}`;
  }
}

function build(claims: Claims, profile: string, dialect: Dialect): Ear {
  const issuedAt = claims.seconds('iat');
  if (issuedAt === undefined) throw new ClaimsProblem('iat is missing');
  const expiresAt = claims.seconds('exp');
  if (expiresAt !== undefined && expiresAt <= issuedAt) throw new ClaimsProblem('exp is not after iat');
  const verifier = claims.object(dialect.verifierId);
  if (!verifier) throw new ClaimsProblem(`${dialect.verifierId} is missing`);
  return {
    profile,
    issuedAt,
    expiresAt,
    notBefore: claims.seconds('nbf'),
    issuer: claims.text('iss'),
    verifierId: { developer: verifier.neededText('developer'), build: verifier.neededText('build') },
    status: readTier(claims, dialect.status),
    nonces: claims.nonces('eat_nonce'),
    ueid: claims.text('ueid'),
    submods: readSubmods(claims, dialect),
  };
}

function readTier(claims: Claims, name: string): Tier | undefined {
  const status = claims.value(name);
  if (status === undefined) return undefined;
  const tier = tierOfStatus(status);
  if (tier === undefined) throw new ClaimsProblem(`${claims.pathOf(name)} is no tier`);
  return tier;
}

function readSubmods(claims: Claims, dialect: Dialect): ReadonlyMap<string, Appraisal> {
  const submods = claims.object('submods');
  const labels = submods?.names().sort() ?? [];
  if (!submods || labels.length === 0) throw new ClaimsProblem('submods are missing');
  if (labels.length > attestationLimits.submods) throw new ClaimsProblem('there are too many submods');
  return new Map(
    labels.map((label) => {
      if (label === '' || label.length > attestationLimits.label)
        throw new ClaimsProblem('a submod has a label of a wrong length');
      const appraisal = submods.object(label) as Claims;
      const tier = readTier(appraisal, dialect.status);
      if (tier === undefined) throw new ClaimsProblem(`${appraisal.pathOf(dialect.status)} is missing`);
      return [label, readAppraisal(appraisal, tier, dialect)];
    }),
  );
}
