import { compactVerify, errors } from 'jose';
import type { CryptoKey } from 'jose';
import { LRUCache } from 'lru-cache';
import { sha256Hex } from '../lib/bytes.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { KeptStats } from '../lib/kept.ts';
import type { Finding } from '../lib/reason-code.ts';
import { readEar } from './ear.ts';
import type { Ear, EarResult } from './ear.ts';
import { importKey } from './keys/key-set.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { readToken } from './token.ts';
import type { TokenParts } from './token.ts';
import type { AcceptedKey, Verifier } from './types.ts';

/** What a token is, apart from time and state: whose signature it has, and what it says. */
export type ExaminedToken =
  | { readonly digest: string; readonly statement: string | null; readonly refused: Finding }
  | {
      readonly digest: string;
      readonly statement: string;
      readonly verifier: Verifier;
      /** Thumbprint of the key that verifies it. */
      readonly key: string;
      readonly ear: Ear;
    };

export interface Examiner {
  /** Takes the token apart and verifies its signature. Never throws for what is wrong with a token. */
  examine(token: string, now: EpochMs): Promise<ExaminedToken>;
  /** How the memory of tokens stands; bytes are the characters of those whose claims it holds. */
  stats(): KeptStats;
}

type Detail = NonNullable<Finding['detail']>;

/** Bounds of what is remembered. */
export interface ExaminerLimits {
  readonly tokens: number;
  /** Characters of tokens in all. */
  readonly characters: number;
}

const usualLimits: ExaminerLimits = { tokens: 10_000, characters: 16 * 1024 * 1024 };

/** What is remembered of a token: that a key verifies it, and what it says. */
interface Verified {
  readonly statement: string;
  readonly key: string;
  readonly verifier: Verifier;
  readonly result: EarResult;
}

/**
 * Makes an examiner with a bounded memory by the token's SHA-256. Remembered is only what holds whenever and whatever the
 * state is: that this key verifies this token, and its claims. Whether the key still counts is looked up each time, and
 * a token is forgotten once it has expired.
 */
export function createExaminer(ring: KeyRing, limits: ExaminerLimits = usualLimits): Examiner {
  const counts = { hits: 0, misses: 0, evictions: 0 };
  const memory = new LRUCache<string, Verified>({
    ...{ max: limits.tokens, maxSize: limits.characters },
    dispose: (_verified, _digest, reason) => {
      if (reason === 'evict' || reason === 'delete') counts.evictions += 1;
    },
  });
  const ready = new Map<string, Promise<CryptoKey>>();
  const cryptoKey = ({ key }: AcceptedKey): Promise<CryptoKey> => {
    const known = ready.get(key.thumbprint) ?? importKey(key);
    if (ready.size > 1000) ready.clear();
    ready.set(key.thumbprint, known);
    return known;
  };
  return {
    examine: async (token, now) => {
      const digest = sha256Hex(token);
      const known = memory.get(digest);
      counts[known ? 'hits' : 'misses'] += 1;
      if (known) {
        if (isExpired(known.result, now)) memory.delete(digest);
        return told(digest, known);
      }
      const parts = readToken(token);
      if ('problem' in parts)
        return refuse(digest, null, 'attestation.malformed', { problem: parts.problem });
      const candidates = ring.candidates(parts, now);
      const fitting = candidates.filter((candidate) => fits(candidate, parts));
      const signer = await firstThatVerifies(token, parts, fitting, cryptoKey);
      if (!signer) return notSigned(digest, parts, candidates);
      const { verifier, key } = signer;
      const result = readEar(parts.payload);
      const verified = { statement: parts.statement, key: key.thumbprint, verifier, result };
      memory.set(digest, verified, { size: token.length });
      return told(digest, verified);
    },
    stats: () => ({
      ...{ name: 'attestation_tokens', entries: memory.size, bound: memory.max },
      bytes: { held: memory.calculatedSize, bound: memory.maxSize },
      ...counts,
    }),
  };
}

/** A key verifies the one algorithm that it is for, and only where its verifier may use that. */
function fits({ key, verifier }: AcceptedKey, { algorithm }: TokenParts): boolean {
  return key.algorithm === algorithm && verifier.algorithms.has(algorithm);
}

async function firstThatVerifies(
  token: string,
  { spelling }: TokenParts,
  candidates: readonly AcceptedKey[],
  cryptoKey: (candidate: AcceptedKey) => Promise<CryptoKey>,
): Promise<AcceptedKey | undefined> {
  for (const candidate of candidates) {
    try {
      await compactVerify(token, await cryptoKey(candidate), { algorithms: [spelling] });
      return candidate;
    } catch (thrown) {
      // Another key of the same name may be the one; what is no matter of the token is a fault of ours.
      if (!(thrown instanceof errors.JOSEError)) throw thrown;
    }
  }
  return undefined;
}

function notSigned(digest: string, parts: TokenParts, candidates: readonly AcceptedKey[]): ExaminedToken {
  const named: Detail = parts.kid === undefined ? {} : { kid: parts.kid };
  if (candidates.length === 0) {
    const because = 'no verifier has the key that it names';
    return refuse(digest, parts.statement, 'attestation.verifier_untrusted', { because, ...named });
  }
  const detail = { algorithm: parts.spelling, ...named };
  return refuse(digest, parts.statement, 'attestation.signature_invalid', detail);
}

function told(digest: string, { statement, key, verifier, result }: Verified): ExaminedToken {
  if ('ear' in result) return { digest, statement, key, verifier, ear: result.ear };
  const { code, problem } = result;
  const what: Detail = code === 'attestation.profile_unknown' ? { profile: problem } : { problem };
  return refuse(digest, statement, code, { verifier: verifier.name, ...what });
}

function refuse(
  digest: string,
  statement: string | null,
  code: Finding['code'],
  detail: Detail,
): ExaminedToken {
  return { digest, statement, refused: { code, detail } };
}

function isExpired(result: EarResult, now: EpochMs): boolean {
  return 'ear' in result && result.ear.expiresAt !== undefined && result.ear.expiresAt <= now;
}
