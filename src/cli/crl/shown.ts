import { fields, table, type Paint } from '../output.ts';

/** A CRL as `crl show` gives it; instants RFC 3339, numbers and digests lower-case hex. */
export interface ShownCrl {
  readonly source: string;
  readonly issuer: string;
  /** Key that it is signed with; null for a file, whose signature is not verified. */
  readonly issuer_key: string | null;
  readonly version: 1 | 2;
  readonly number: string | null;
  /** Of a delta, the number that it starts from. */
  readonly base_number: string | null;
  readonly this_update: string;
  readonly next_update: string | null;
  readonly digest: string;
  /** Bytes of its DER; null where only what is in force is known. */
  readonly bytes: number | null;
  readonly signature_algorithm: string | null;
  readonly authority_key_id: string | null;
  /** What it is restricted to; null for nothing. */
  readonly scope: string | null;
  /** Critical extensions that are not processed, for which it would be refused. */
  readonly unknown_critical: readonly string[];
  /** Entries that it has in all. */
  readonly entries_total: number;
  readonly entries: readonly ShownEntry[];
}

export interface ShownEntry {
  readonly serial: string;
  readonly revoked_at: string;
  readonly reason: string;
  /** In an indirect CRL: the issuer that it names, or that it is another one. */
  readonly issuer: string | null;
}

/** A CRL in lines, then its entries. */
export function shownText(crl: ShownCrl, serial: string | undefined, paint: Paint): string {
  const { number, base_number: base, scope, bytes } = crl;
  const known: (readonly [string, string | null])[] = [
    ['from', crl.source],
    ['issuer', crl.issuer],
    ['issuer key', crl.issuer_key],
    ['kind', `version ${crl.version}${base === null ? '' : `, delta from ${base}`}`],
    ['number', number],
    ['this update', crl.this_update],
    ['next update', crl.next_update],
    ['restricted to', scope],
    ['signature', crl.signature_algorithm],
    ['authority key', crl.authority_key_id],
    ['unknown critical', crl.unknown_critical.join(', ') || null],
    ['digest', crl.digest],
    ['bytes', bytes === null ? null : String(bytes)],
    ['entries', String(crl.entries_total)],
  ];
  const head = fields(
    known.filter((pair): pair is readonly [string, string] => pair[1] !== null),
    paint,
  );
  if (serial !== undefined && crl.entries.length === 0) return `${head}${serial} is not listed\n`;
  if (crl.entries.length === 0) return head;
  const rows = crl.entries.map((one) => [one.serial, one.revoked_at, one.reason, one.issuer]);
  return `${head}\n${table(['serial', 'revoked at', 'reason', 'other issuer'], rows, paint)}`;
}
