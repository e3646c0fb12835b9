import type { KeyObject } from 'node:crypto';
import { CompactSign, compactVerify, decodeProtectedHeader } from 'jose';
import { formatInstant } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import { refused } from './failures.ts';
import { statedKinds } from './types.ts';

/** What statements are about: sources, and snapshots of the state (whose manifest is what is signed). */
export const statementKinds = [...statedKinds, 'state'] as const;

export type StatementKind = (typeof statementKinds)[number];

/** What a signer says about the bytes of a source; they stand beside it, and may be of any size. */
export interface SourceStatement {
  /** What the bytes are: one key may sign several kinds, and none may stand in for another. */
  readonly kind: StatementKind;
  /** Name of the source that they are for; undefined = any that this key signs for. */
  readonly name?: string;
  /** Never goes back; equal only for the same bytes. */
  readonly sequence: number;
  /** SHA-256 of the bytes, lower-case hex. */
  readonly sha256: string;
  /** When the statement ends, milliseconds; undefined = it does not. */
  readonly until?: EpochMs;
}

/** The `typ` of a statement, so that no other token of the same key can be taken for one. */
export const statementType = 'portreeve-source';

/** What the statement's place adds to that of the bytes. */
export const statementEnding = '.jws';

/** What a statement has to be. */
export interface WantedStatement {
  readonly kind: StatementKind;
  /** Name of the source; a statement that names another is refused. */
  readonly name?: string;
  /** Whether one that names none is refused. */
  readonly mustName?: boolean;
  readonly now: EpochMs;
  readonly about: string;
}

/** Bytes that a statement may have. */
export const maxStatementBytes = 16_384;

const algorithms = ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'];

/**
 * Reads a statement: a JWS (RFC 7515, compact) with `typ` as above over a JSON object of `kind`, `sequence`, `sha256`,
 * the source's `name` if it is for one only and, if it ends, `exp` (seconds since 1970), signed by one of `keys`. Throws PDP_SOURCE_REFUSED with the reason.
 */
export async function verifyStatement(
  text: string,
  keys: readonly KeyObject[],
  wanted: WantedStatement,
): Promise<SourceStatement> {
  const { kind, now, about } = wanted;
  const statement = readStatement(await verifiedPayload(text.trim(), keys, about), about);
  if (statement.kind !== kind)
    throw refused(`${about}: is a statement about ${statement.kind}, not about ${kind}`);
  refuseOther(statement, wanted);
  if (statement.until !== undefined && now >= statement.until)
    throw refused(`${about}: ended at ${formatInstant(statement.until)}`);
  return statement;
}

/** One key may sign for several sources of a kind, such as the inventories of several tenants. */
function refuseOther({ name }: SourceStatement, { name: own, mustName, about }: WantedStatement): void {
  if (name === undefined && mustName)
    throw refused(`${about}: names no source, and its key signs for several: sign it with --name ${own}`);
  if (name !== undefined && own !== undefined && name !== own)
    throw refused(`${about}: is a statement for the source ${JSON.stringify(name)}, not for ${own}`);
}

async function verifiedPayload(text: string, keys: readonly KeyObject[], about: string): Promise<Uint8Array> {
  const { typ, alg } = headerOf(text, about);
  if (typ !== statementType) throw refused(`${about}: its typ is not ${statementType}`);
  let last: unknown;
  for (const key of keys) {
    try {
      return (await compactVerify(text, key, { algorithms })).payload;
    } catch (thrown) {
      last = thrown;
    }
  }
  const why = keys.length === 1 ? `: ${describeThrown(last)}` : '';
  throw refused(`${about}: none of the configured keys has signed it (alg ${String(alg)})${why}`, last);
}

function headerOf(text: string, about: string) {
  try {
    return decodeProtectedHeader(text);
  } catch (thrown) {
    throw refused(`${about}: is no JWS: ${describeThrown(thrown)}`, thrown);
  }
}

function readStatement(payload: Uint8Array, about: string): SourceStatement {
  const value = readJson(payload, about);
  const { kind, name, sequence, sha256, exp, ...others } = value;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refused(`${about}: says ${JSON.stringify(unknown)}, which is not known`);
  const known = statementKinds.find((one) => one === kind);
  if (known === undefined) throw refused(`${about}: kind must be one of ${statementKinds.join(', ')}`);
  if (name !== undefined && (typeof name !== 'string' || name === ''))
    throw refused(`${about}: name must be the name of a source`);
  if (!Number.isSafeInteger(sequence) || (sequence as number) < 0)
    throw refused(`${about}: sequence must be a whole number of at most ${Number.MAX_SAFE_INTEGER}`);
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
    throw refused(`${about}: sha256 must be 64 lower-case hex digits`);
  if (exp !== undefined && (!Number.isSafeInteger(exp) || (exp as number) < 0 || (exp as number) > 1e12))
    throw refused(`${about}: exp must be whole seconds since 1970`);
  return {
    kind: known,
    ...(name !== undefined && { name }),
    sequence: sequence as number,
    sha256,
    ...(exp !== undefined && { until: (exp as number) * 1000 }),
  };
}

function readJson(payload: Uint8Array, about: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (thrown) {
    throw refused(`${about}: what is signed is no JSON: ${describeThrown(thrown)}`, thrown);
  }
  throw refused(`${about}: what is signed is no JSON object`);
}

/** Signs a statement. `key` is a private key whose kind names the algorithm; throws where it fits none. */
export async function signStatement(statement: SourceStatement, key: KeyObject): Promise<string> {
  const { kind, name, sequence, sha256, until } = statement;
  const named = { kind, ...(name !== undefined && { name }) };
  const claims = {
    ...named,
    sequence,
    sha256,
    ...(until !== undefined && { exp: Math.floor(until / 1000) }),
  };
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: algorithmOf(key), typ: statementType })
    .sign(key);
}

const byCurve: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};
const byType: Readonly<Record<string, string>> = { ed25519: 'EdDSA', rsa: 'PS256', 'rsa-pss': 'PS256' };

function algorithmOf(key: KeyObject): string {
  const type: string = key.asymmetricKeyType ?? 'unknown';
  const curve = key.asymmetricKeyDetails?.namedCurve ?? '';
  const found = type === 'ec' ? byCurve[curve] : byType[type];
  if (found === undefined)
    throw refused(`a key of type ${[type, curve].join(' ').trim()} signs no statements`);
  return found;
}
