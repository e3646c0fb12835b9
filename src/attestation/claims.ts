import { toHex } from '../lib/bytes.ts';
import { isJsonObject } from '../lib/strict-json.ts';
import type { JsonObject, JsonValue } from '../lib/strict-json.ts';
import { decodeBase64url } from '../lib/base64url.ts';
import { attestationLimits } from './limits.ts';

/** What is wrong with a token's claims; caught by whoever reads them. */
export class ClaimsProblem extends Error {}

/** Seconds since 1970 up to the year 9999. */
const latest = 253_402_300_799;

/** A set of claims, read by type. Absent is undefined; another type, or what is over a limit, is a `ClaimsProblem`. */
export class Claims {
  readonly #members: JsonObject;
  readonly #path: string;

  constructor(members: JsonObject, path = '') {
    this.#members = members;
    this.#path = path;
  }

  get members(): JsonObject {
    return this.#members;
  }

  names(): string[] {
    return Object.keys(this.#members);
  }

  value(name: string): JsonValue | undefined {
    return this.#members[name];
  }

  /** As text, for messages. */
  pathOf(name: string): string {
    return `${this.#path}${name.slice(0, attestationLimits.label)}`;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value !== '' && value.length <= attestationLimits.text) return value;
    throw new ClaimsProblem(`${this.pathOf(name)} is no text of 1 to ${attestationLimits.text} characters`);
  }

  neededText(name: string): string {
    const text = this.text(name);
    if (text === undefined) throw new ClaimsProblem(`${this.pathOf(name)} is missing`);
    return text;
  }

  /** A NumericDate that is an integer, as RFC 9711 section 4.3.1 asks; in milliseconds. */
  seconds(name: string): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && value >= 0 && value <= latest) return value * 1000;
    throw new ClaimsProblem(`${this.pathOf(name)} is no whole number of seconds`);
  }

  object(name: string): Claims | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (isJsonObject(value)) return new Claims(value, `${this.pathOf(name)}.`);
    throw new ClaimsProblem(`${this.pathOf(name)} is no object`);
  }

  /** One nonce or a list of them (RFC 9711 section 4.1): 8 to 64 bytes each as base64url; hexadecimal here. */
  nonces(name: string): readonly string[] {
    const value = this.value(name);
    if (value === undefined) return [];
    const given = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
    if (given.length === 0 || given.length > attestationLimits.nonces)
      throw new ClaimsProblem(`${this.pathOf(name)} has a wrong number of nonces`);
    return given.map((one) => {
      const nonce = readNonce(one);
      if (nonce === undefined) throw new ClaimsProblem(`${this.pathOf(name)} is no nonce of 8 to 64 bytes`);
      return nonce;
    });
  }
}

/** The bytes of a nonce, hexadecimal; undefined where it is none. */
function readNonce(value: unknown): string | undefined {
  const bytes = typeof value === 'string' ? decodeBase64url(value.replace(/={1,2}$/, '')) : undefined;
  return bytes && bytes.byteLength >= 8 && bytes.byteLength <= 64 ? toHex(bytes) : undefined;
}
