import { ocsfEvent } from '../../audit/ocsf.ts';
import type { SinkConfig } from '../../config/types.ts';
import { recordIn } from './about.ts';
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

/** What is sent of an entry that is too long for a receiver: its place, and that it is not whole. */
export function stubOf({ log, index, hash, bytes }: SinkEntry, kind: string): string {
  return JSON.stringify({ hash, index, kind, log, record: null, record_bytes: bytes.byteLength });
}
