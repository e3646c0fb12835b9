import { readJson } from '../read-json.ts';
import { OperandError } from '../operands.ts';
import { textOf } from '../text.ts';
import { RegoObject, isArray } from '../value.ts';
import type { RegoValue } from '../value.ts';

/** A JWS in compact form (RFC 7515 section 7.1): its parts as they are, and its header read. */
export interface Token {
  /** What is signed: header and payload as they are written. */
  readonly signed: string;
  readonly payload: string;
  readonly signature: string;
  readonly header: RegoObject;
}

/** What of a header is acted upon. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string;
  readonly cty: string;
  /** It names an extension that must be understood and is not (RFC 7515 section 4.1.11). */
  readonly critical: boolean;
}

/** Takes a token apart. Throws OperandError where it has no three parts, or its header is no JSON object or a JWE's. */
export function readToken(text: string): Token {
  const parts = text.split('.');
  const [header = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3) throw new OperandError('a token of other than three parts');
  const read = jsonObject(decodeBase64Url(header));
  if (read.get('enc') !== undefined) throw new OperandError('an encrypted token');
  return { signed: `${header}.${payload}`, payload, signature, header: read };
}

const acted = new Set(['alg', 'kid', 'typ', 'cty', 'crit']);

/** Reads what is acted upon. Throws OperandError where one of these is of the wrong type. */
export function readHeader(header: RegoObject): TokenHeader {
  const critical = criticalNames(header.get('crit'));
  text(header, 'typ');
  return {
    alg: text(header, 'alg'),
    kid: text(header, 'kid'),
    cty: text(header, 'cty'),
    critical: header.entries.some(
      ([name]) => typeof name === 'string' && !acted.has(name) && critical.has(name),
    ),
  };
}

function text(header: RegoObject, name: string): string {
  const value = header.get(name) ?? '';
  if (typeof value !== 'string') throw new OperandError(`${name} is no string`);
  return value;
}

function criticalNames(value: RegoValue | undefined): ReadonlySet<string> {
  if (value === undefined) return new Set();
  const names = isArray(value) ? value.filter((name) => typeof name === 'string') : [];
  if (names.length === 0) throw new OperandError('crit is no list of names');
  return new Set(names);
}

/** Reads a JSON object. Throws OperandError where the bytes are none. */
export function jsonObject(bytes: Buffer): RegoObject {
  const value = readJson(textOf(bytes));
  if (!(value instanceof RegoObject)) throw new OperandError('no JSON object');
  return value;
}

/** Base64url with its padding or without, as OPA reads it: line ends in it do not count. Throws OperandError. */
export function decodeBase64Url(text: string): Buffer {
  const whole = text.endsWith('=') ? text : text + ['', undefined, '==', '='][text.length % 4];
  const plain = whole.replace(/[\r\n]/g, '');
  if (plain.length % 4 !== 0 || !/^[A-Za-z0-9_-]*={0,2}$/.test(plain)) throw new OperandError('no base64url');
  return Buffer.from(plain, 'base64url');
}
