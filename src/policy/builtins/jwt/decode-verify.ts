import { compareNumbers } from '../number.ts';
import { OperandError } from '../operands.ts';
import { bytesOf, textOf } from '../text.ts';
import type { PolicyMoment } from '../types.ts';
import { RegoNumber, RegoObject, isArray } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { readKeys } from './keys.ts';
import type { VerificationKey } from './keys.ts';
import { decodeBase64Url, jsonObject, readHeader, readToken } from './token.ts';
import type { Token, TokenHeader } from './token.ts';
import { hmacHolds, verifies } from './verify.ts';

/** What a token must fulfil; empty texts ask for nothing. */
interface Constraints {
  readonly keys: readonly VerificationKey[] | undefined;
  readonly secret: string;
  readonly alg: string;
  readonly iss: string;
  readonly aud: string;
  /** Nanoseconds since 1970. */
  readonly time: number;
}

/** Levels of tokens within tokens. */
const mostNested = 16;

const unverified: RegoValue = [false, new RegoObject([]), new RegoObject([])];

/** `io.jwt.decode_verify`: `[valid, header, payload]`, empty where it is not valid. */
export function decodeVerify(text: string, given: RegoObject, moment: PolicyMoment): RegoValue {
  const constraints = readConstraints(given, moment);
  const token = innermost(text, constraints);
  if (!token) return unverified;
  const payload = jsonObject(decodeBase64Url(token.payload));
  return claimsHold(payload, constraints) ? [true, token.header, payload] : unverified;
}

function readConstraints(given: RegoObject, { now }: PolicyMoment): Constraints {
  const names = new Set(['cert', 'secret', 'alg', 'iss', 'aud', 'time']);
  if (given.entries.some(([name]) => typeof name !== 'string' || !names.has(name))) {
    throw new OperandError('an unknown constraint');
  }
  const cert = given.get('cert');
  const constraints = {
    keys: cert === undefined ? undefined : readKeys(text(cert)),
    secret: text(given.get('secret') ?? ''),
    alg: text(given.get('alg') ?? ''),
    iss: text(given.get('iss') ?? ''),
    aud: text(given.get('aud') ?? ''),
    time: timeOf(given.get('time') ?? new RegoNumber(`${Math.trunc(now)}000000`)),
  };
  if ((constraints.keys !== undefined) === (constraints.secret !== ''))
    throw new OperandError('not one kind of key');
  return constraints;
}

function text(value: RegoValue): string {
  if (typeof value !== 'string') throw new OperandError('a constraint that is no string');
  return value;
}

function timeOf(value: RegoValue): number {
  const time = value instanceof RegoNumber ? Number(value.text) : NaN;
  if (!Number.isFinite(time) || time < 0) throw new OperandError('no time');
  return time;
}

/** The token whose payload is no token; undefined where a signature or a header does not hold. */
function innermost(text: string, constraints: Constraints): Token | undefined {
  let token = readToken(text);
  for (let nested = 0; nested < mostNested; nested += 1) {
    const header = readHeader(token.header);
    if (header.alg === '' || header.critical) return undefined;
    if (constraints.alg !== '' && constraints.alg !== header.alg) return undefined;
    if (!signatureHolds(token, header, constraints)) return undefined;
    if (header.cty.toUpperCase() !== 'JWT') return token;
    token = readToken(textOf(decodeBase64Url(token.payload)));
  }
  throw new OperandError('tokens nested too deeply');
}

function signatureHolds(token: Token, { alg, kid }: TokenHeader, { keys, secret }: Constraints): boolean {
  const signature = decodeBase64Url(token.signature);
  if (!keys) {
    const hash = /^HS(256|384|512)$/.exec(alg)?.[1];
    return (
      hash !== undefined && hmacHolds(`sha${hash}`, bytesOf(secret), Buffer.from(token.signed), signature)
    );
  }
  const named = kid === '' ? undefined : keys.find((key) => key.kid === kid);
  if (named) return verifies(named, alg, token.signed, signature, false);
  return keys.some(
    (key) => (key.alg === '' || key.alg === alg) && verifies(key, alg, token.signed, signature, false),
  );
}

function claimsHold(payload: RegoObject, { iss, aud, time }: Constraints): boolean {
  if (iss !== '' && payload.get('iss') !== iss) return false;
  const audience = payload.get('aud');
  if (audience === undefined ? aud !== '' : !isFor(audience, aud)) return false;
  const seconds = new RegoNumber(String(time / 1e9));
  const [expires, starts] = [instant(payload.get('exp')), instant(payload.get('nbf'))];
  if (expires && compareNumbers(seconds, expires) !== -1) return false;
  return !starts || compareNumbers(seconds, starts) !== -1;
}

function isFor(audience: RegoValue, wanted: string): boolean {
  return isArray(audience) ? audience.some((one) => one === wanted) : audience === wanted;
}

function instant(value: RegoValue | undefined): RegoNumber | undefined {
  if (value !== undefined && !(value instanceof RegoNumber))
    throw new OperandError('a time that is no number');
  return value;
}
