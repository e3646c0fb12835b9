import { parseInstant } from '../lib/clock.ts';
import type { WireStruct, WireValue } from './ext-authz/wire.ts';
import { malformed } from './proto3-scalars.ts';

/** Nesting of a Struct that is followed. */
const maxDepth = 32;

/**
 * Reads a value of those well-known types whose JSON is not that of a message; undefined where the type is none of
 * them. Throws PDP_INPUT_MALFORMED.
 */
export function readWellKnown(typeName: string, value: unknown, path: string): object | undefined {
  switch (typeName) {
    case 'google.protobuf.Timestamp':
      return readTimestamp(value, path);
    case 'google.protobuf.Struct':
      return readStruct(value, path, 0);
    case 'google.protobuf.Value':
      return readValue(value, path, 0);
    case 'google.protobuf.BoolValue':
      if (typeof value === 'boolean') return { value };
      throw malformed(path, 'is neither true nor false');
    default:
      return undefined;
  }
}

/** RFC 3339; fractions finer than milliseconds are read and dropped, since nothing decides by them. */
function readTimestamp(value: unknown, path: string): object {
  const at = typeof value === 'string' ? parseInstant(value) : undefined;
  if (at === undefined) throw malformed(path, 'is not an RFC 3339 time');
  const seconds = Math.floor(at / 1000);
  return { seconds: String(seconds), nanos: (at - seconds * 1000) * 1_000_000 };
}

function readStruct(value: unknown, path: string, depth: number): WireStruct {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(path, 'is not an object');
  }
  const fields = Object.entries(value).map(
    ([key, item]: [string, unknown]) => [key, readValue(item, `${path}.${key}`, depth + 1)] as const,
  );
  return { fields: Object.fromEntries(fields) };
}

function readValue(value: unknown, path: string, depth: number): WireValue {
  if (depth > maxDepth) throw malformed(path, 'is nested too deeply');
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'string' && value.isWellFormed()) return { stringValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) {
    const values = value.map((item: unknown, index) => readValue(item, `${path}[${index}]`, depth + 1));
    return { listValue: { values } };
  }
  if (typeof value === 'object') return { structValue: readStruct(value, path, depth) };
  throw malformed(path, 'is no JSON value');
}
