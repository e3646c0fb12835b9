import { ocsfEvent, ocsfStub } from '../../audit/ocsf.ts';
import type { SinkConfig } from '../../config/types.ts';
import { aboutOf, recordIn } from './about.ts';
import type { SinkEntry } from './types.ts';

/**
 * The JSON text that an entry is sent as: the record's own bytes within its place in the log, or the OCSF event that it
 * maps to.
 */
export function messageOf(entry: SinkEntry, format: SinkConfig['format']): string {
  const { log, index, hash, bytes } = entry;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const record = format === 'ocsf' ? recordIn(bytes) : undefined;
  if (format === 'ocsf') return JSON.stringify(ocsfEvent({ log, index, hash, text }, record ?? {}));
  return `{"hash":"${hash}","index":${index},"log":${JSON.stringify(log)},"record":${text}}`;
}

/**
 * What is sent of an entry that a receiver does not take whole: its place, its kind and its length; as an OCSF event where
 * such are sent, with what else it says where that fits into `most` bytes.
 */
export function stubOf(
  { log, index, hash, bytes }: SinkEntry,
  format: SinkConfig['format'],
  most: number,
): string {
  const length = bytes.byteLength;
  if (format === 'record') {
    const { kind } = aboutOf(bytes);
    return JSON.stringify({ hash, index, kind, log, record: null, record_bytes: length });
  }
  const stub = (record: Readonly<Record<string, unknown>>): string =>
    JSON.stringify(ocsfStub({ log, index, hash }, record, length));
  const record = recordIn(bytes) ?? {};
  const told = stub(record);
  return Buffer.byteLength(told) <= most ? told : stub({ time: record['time'] });
}
