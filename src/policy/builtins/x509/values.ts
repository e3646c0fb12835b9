import { objectOf } from '../compare.ts';
import { numberOf } from '../number.ts';
import type { RegoObject, RegoValue } from '../value.ts';

/** Bytes as Go's encoding/json writes them. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** An OID as the list of its arcs. */
export function oidValue(oid: string): RegoValue {
  return oid.split('.').map((arc) => numberOf(BigInt(arc)));
}

export function objectFrom(fields: Readonly<Record<string, RegoValue>>): RegoObject {
  return objectOf(Object.entries(fields));
}

/** A list as Go prints one that was never begun: null where it is empty. */
export function listOrNull(list: readonly RegoValue[]): RegoValue {
  return list.length === 0 ? null : list;
}
