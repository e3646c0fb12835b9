import { createHash } from 'node:crypto';
import { parseHttpUrl } from '../../lib/http-url.ts';
import type { Place } from '../place.ts';
import { refuseDuplicates, type Report } from './report.ts';

/** Who sees the log from outside: keys that are whole, each anchor of one kind, and a log that has checkpoints. */
export function checkOutsiders(root: Place, report: Report): void {
  const audit = root.get('audit');
  const [witnesses, anchors] = [audit.get('witnesses').items(), audit.get('anchors').items()];
  for (const witness of witnesses) checkWitness(witness, report);
  refuseDuplicates(
    report,
    witnesses.map((one) => one.get('key')),
    'the witness',
  );
  for (const anchor of anchors) checkAnchor(anchor, report);
  refuseDuplicates(
    report,
    anchors.map((one) => one.get('name')),
    'an anchor called',
  );
  if (witnesses.length + anchors.length > 0 && audit.get('path').text?.endsWith('.ndjson'))
    report.refuse(audit.get('path'), 'is a plain file: it has no checkpoints that others could see');
}

function checkWitness(witness: Place, report: Report): void {
  const key = witness.get('key');
  const problem = key.text === undefined ? undefined : problemOfKey(key.text);
  if (problem !== undefined) report.refuse(key, problem);
}

/** What is wrong with a witness's key (C2SP signed-note, tlog-cosignature). */
function problemOfKey(text: string): string | undefined {
  const [, name, id, base64] = /^([^\s+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text) ?? [];
  if (name === undefined || base64 === undefined)
    return 'is no key of a witness, which is written as name+id+base64';
  const bytes = Buffer.from(base64, 'base64');
  if (bytes[0] !== 4) return 'is no key for cosignatures (type 4): is it the key of a log?';
  const digest = createHash('sha256').update(`${name}\n`).update(bytes).digest('hex');
  return digest.slice(0, 8) === id ? undefined : 'is damaged: the id in it is not the one of name and key';
}

function checkAnchor(anchor: Place, report: Report): void {
  const [put, stamp, cas] = [anchor.get('put'), anchor.get('timestamp'), anchor.get('timestamp_cas')];
  if (put.present === stamp.present) report.refuse(anchor, 'must have exactly one of put and timestamp');
  if (stamp.present && !cas.present)
    report.refuse(stamp, 'needs timestamp_cas: a time-stamp proves what its authority is trusted for');
  for (const key of [cas, anchor.get('timestamp_policy')])
    if (key.present && !stamp.present) report.refuse(key, 'is for anchors with timestamp');
  const folder = put.text === undefined ? undefined : parseHttpUrl(put.text);
  if (folder && !folder.pathname.endsWith('/'))
    report.refuse(put, 'must be a folder: its path ends at a slash');
  const policy = anchor.get('timestamp_policy');
  if (policy.text !== undefined && !/^[0-2](\.(0|[1-9]\d{0,15})){1,32}$/.test(policy.text))
    report.refuse(policy, 'is no OID in dotted form');
  const headers = anchor.get('headers_file');
  if (headers.present && (put.text ?? stamp.text)?.startsWith('http:'))
    report.refuse(headers, 'would be sent in the clear: the url must be https');
}
