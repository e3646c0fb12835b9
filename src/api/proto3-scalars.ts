import { PortreeveError } from '../lib/errors.ts';

/** The error for a value in a JSON request; `path` is where it stands, from `$`. */
export function malformed(path: string, problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `request: ${path} ${problem}`);
}

/** Reads one scalar of proto3 JSON by its descriptor type. Throws PDP_INPUT_MALFORMED. */
export function readScalar(type: string, value: unknown, path: string): unknown {
  switch (type) {
    case 'TYPE_STRING':
      if (typeof value === 'string' && value.isWellFormed()) return value;
      throw malformed(path, 'is not a string');
    case 'TYPE_BYTES':
      return readBytes(value, path);
    case 'TYPE_BOOL':
      if (typeof value === 'boolean') return value;
      throw malformed(path, 'is neither true nor false');
    case 'TYPE_UINT32':
      return readInteger(value, 0n, 0xffff_ffffn, path);
    case 'TYPE_INT32':
      return readInteger(value, -0x8000_0000n, 0x7fff_ffffn, path);
    case 'TYPE_UINT64':
      return readInteger(value, 0n, (1n << 64n) - 1n, path);
    case 'TYPE_INT64':
      return readInteger(value, -(1n << 63n), (1n << 63n) - 1n, path);
    case 'TYPE_DOUBLE':
      if (typeof value === 'number') return value;
      throw malformed(path, 'is not a number');
    default:
      throw malformed(path, `has the type ${type}, which requests do not use`);
  }
}

/** Base64, standard or URL-safe, with or without padding; nothing else, and no bits left over. */
function readBytes(value: unknown, path: string): Buffer {
  if (typeof value === 'string') {
    const standard = value.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
    const bytes = Buffer.from(standard, 'base64');
    if (bytes.toString('base64').replace(/=+$/, '') === standard) return bytes;
  }
  throw malformed(path, 'is not base64');
}

/** A whole number, or its decimal text; answered as text, since 64 bits do not fit a number. */
function readInteger(value: unknown, least: bigint, most: bigint, path: string): string | number {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && /^-?\d{1,20}$/.test(text)) {
    const integer = BigInt(text);
    if (integer >= least && integer <= most) return most > 0xffff_ffffn ? text : Number(text);
  }
  throw malformed(path, `is not a whole number from ${least} to ${most}`);
}
