import { nameText } from '../../identity/name-text.ts';
import { toHex } from '../../lib/bytes.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { CrlEntry } from '../../revocation/crl-entries.ts';
import { scopeKey } from '../../revocation/crl-scope.ts';
import { crlLimits } from '../../revocation/limits.ts';
import { reasonName } from '../../revocation/reasons.ts';
import { withCrlFile, type CrlInFile } from '../../revocation/sources/crl-file.ts';
import { crlDer } from '../../revocation/stream/crl-der.ts';
import { streamEntries } from '../../revocation/stream/entries.ts';
import { surveyCrl } from '../../revocation/stream/survey.ts';
import type { Session } from '../session.ts';
import type { ShownCrl, ShownEntry } from './shown.ts';

/** What is wanted of the entries. */
export interface AskedEntries {
  readonly limit: number;
  /** Only those of this serial number, lower-case hex. */
  readonly serial?: string;
}

/** Shows each CRL of a file, which is read as a stream. Throws PDP_CRL_INVALID, PDP_CRL_REFUSED and PDP_LIMIT_EXCEEDED. */
export function showFile(path: string, asked: AskedEntries, session: Session): Promise<ShownCrl[]> {
  const progress = session.progress();
  progress.show(`${path}: reading`);
  return withCrlFile(path, { maxBytes: crlLimits.streamBytes }, async ({ crls }) => {
    const shown: ShownCrl[] = [];
    for (const crl of crls) shown.push(await showOne(crl, asked));
    return shown;
  }).finally(progress.end);
}

async function showOne({ source, open, block }: CrlInFile, asked: AskedEntries): Promise<ShownCrl> {
  const der = (): AsyncIterable<Uint8Array> => crlDer(open, crlLimits.streamBytes, block);
  const survey = await surveyCrl(der(), []);
  const { fields } = survey;
  const entries: ShownEntry[] = [];
  let total = 0;
  for await (const batch of streamEntries(der(), survey)) {
    total += batch.length;
    for (const entry of batch) {
      if (entries.length >= asked.limit && asked.serial === undefined) break;
      if (asked.serial === undefined || entry.serial === asked.serial) entries.push(shownEntry(entry));
    }
  }
  return {
    source,
    issuer: nameText(fields.issuer),
    issuer_key: null,
    version: fields.version,
    number: fields.number ?? null,
    base_number: fields.baseNumber ?? null,
    this_update: formatInstant(fields.thisUpdate),
    next_update: fields.nextUpdate === undefined ? null : formatInstant(fields.nextUpdate),
    digest: survey.digest,
    bytes: survey.bytes,
    signature_algorithm: fields.signatureAlgorithm.oid,
    authority_key_id: fields.authorityKeyId ? toHex(fields.authorityKeyId) : null,
    scope: scopeKey(fields.scope) || null,
    unknown_critical: fields.unknownCritical,
    entries_total: total,
    entries,
  };
}

function shownEntry({ serial, revokedAt, reason, issuers }: CrlEntry): ShownEntry {
  return {
    serial,
    revoked_at: formatInstant(revokedAt),
    reason: reasonName(reason) ?? 'unspecified',
    issuer: issuers?.join(', ') ?? null,
  };
}
