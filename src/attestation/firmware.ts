import { toHex } from '../lib/bytes.ts';
import { isJsonObject } from '../lib/strict-json.ts';
import type { JsonValue } from '../lib/strict-json.ts';
import { decodeAnyBase64 } from '../lib/base64url.ts';
import type { Ear } from './ear.ts';

/** Where a verifier's results say which firmware was measured. */
export interface FirmwarePlace {
  /** Label of the appraisal; undefined where there is one only. */
  readonly submod: string | undefined;
  /** JSON pointer (RFC 6901) from the appraisal. */
  readonly pointer: string;
}

const digestBytes = new Set([32, 48, 64]);

/**
 * The measured firmware's hash, lower-case hex, from the place that is configured for the verifier: a text of a SHA-256,
 * SHA-384 or SHA-512 in hex or base64. Undefined where there is none in that place.
 */
export function measuredFirmware(ear: Ear, { submod, pointer }: FirmwarePlace): string | undefined {
  const only = ear.submods.size === 1 ? ear.submods.values().next().value : undefined;
  const appraisal = submod === undefined ? only : ear.submods.get(submod);
  const found = appraisal && resolvePointer(appraisal.claims, pointer);
  if (typeof found !== 'string') return undefined;
  const hex = found.toLowerCase();
  if (/^[0-9a-f]+$/.test(hex) && digestBytes.has(hex.length / 2)) return hex;
  const bytes = decodeAnyBase64(found);
  return bytes && digestBytes.has(bytes.byteLength) ? toHex(bytes) : undefined;
}

/** RFC 6901 section 4; undefined where it leads nowhere. */
function resolvePointer(from: JsonValue, pointer: string): JsonValue | undefined {
  const steps = pointer.split('/').slice(1);
  let value: JsonValue | undefined = from;
  for (const step of steps.map((one) => one.replaceAll('~1', '/').replaceAll('~0', '~'))) {
    if (Array.isArray(value)) {
      value = /^(0|[1-9]\d{0,3})$/.test(step) ? (value as readonly JsonValue[])[Number(step)] : undefined;
    } else {
      value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    }
  }
  return value;
}
