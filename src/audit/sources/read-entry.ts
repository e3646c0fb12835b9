import { parseInstant } from '../../lib/clock.ts';
import { isObject } from '../../policy/is-object.ts';
import { isGroupless } from '../query/parts.ts';
import type { RecordEntry } from './types.ts';

/**
 * Reads the bytes of an entry or a line; undefined for what is no record: cut off, damaged, without a time, or of merged
 * denials without their groups.
 */
export function readEntry(origin: string, index: number, bytes: Uint8Array): RecordEntry | undefined {
  let record: unknown;
  try {
    record = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isObject(record) || typeof record['time'] !== 'string' || isGroupless(record)) return undefined;
  const time = parseInstant(record['time']);
  return time === undefined ? undefined : { origin, index, time, record, bytes };
}
