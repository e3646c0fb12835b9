import { describeThrown } from '../../lib/errors.ts';
import { strictBase64 } from '../tlog/note.ts';
import { asAnchorLine } from './kept-lines.ts';
import { invalid, keptCheckpoint, textOf, unknown, whoseFault } from './look.ts';
import type { Looked, ProblemFound } from './look.ts';
import { parseTimestampResponse } from './timestamp-response.ts';
import type { TimestampResponse } from './timestamp-response.ts';
import type { OutsiderTrust, PutLine, TimestampLine } from './types.ts';
import { verifyTimestamp } from './verify-timestamp.ts';

/** What a line of `anchors/` proves. Rejects with what reading an object back throws, never for what the line says. */
export async function lookAtAnchor(line: unknown, trust: OutsiderTrust): Promise<Looked> {
  const kept = asAnchorLine(line);
  if (kept === undefined) return invalid('is no line of an anchor');
  return kept.kind === 'timestamp' ? lookAtTimestamp(kept, trust) : lookAtObject(kept, trust);
}

function lookAtTimestamp(
  { anchor, checkpoint: text, response }: TimestampLine,
  trust: OutsiderTrust,
): Looked {
  const checkpoint = keptCheckpoint(text, trust.log);
  if ('problem' in checkpoint) return checkpoint;
  const der = strictBase64(response);
  if (der === undefined) return invalid(`the time-stamp of ${anchor} is no base64`);
  const read = readResponse(der);
  if (typeof read === 'string') return invalid(`the time-stamp of ${anchor}: ${read}`);
  if (read.token === undefined) return invalid(`the time-stamp of ${anchor} is a refusal: ${read.refusal}`);
  if (trust.timestampAnchors.length === 0)
    return unknown(`no authority was given for the time-stamps of ${anchor}`);
  const verdict = verifyTimestamp(read.token, { data: checkpoint.bytes, anchors: trust.timestampAnchors });
  if (verdict.problem !== undefined) return invalid(`the time-stamp of ${anchor}: ${verdict.problem}`);
  const name = `${anchor} (${verdict.authority})`;
  return { checkpoint, sightings: [{ by: 'timestamp', name, size: checkpoint.size, at: verdict.at }] };
}

function readResponse(der: Uint8Array): TimestampResponse | string {
  try {
    return parseTimestampResponse(der);
  } catch (thrown) {
    return describeThrown(thrown);
  }
}

/** What counts is what the store holds; what is kept here only says where to look. */
async function lookAtObject(
  { anchor, checkpoint: text, url }: PutLine,
  trust: OutsiderTrust,
): Promise<Looked> {
  if (trust.readObject === undefined)
    return unknown(`what ${anchor} holds was not read back, and what the log says of it proves nothing`);
  const object = await trust.readObject(url);
  if (object === undefined) return unknown(`${anchor} has nothing at ${url}`);
  if ('unread' in object) return unknown(`what ${anchor} holds was not read back: ${object.unread}`);
  const checkpoint = keptCheckpoint(object.bytes, trust.log);
  if ('problem' in checkpoint)
    return { problem: { ...checkpoint.problem, message: `${url}: ${checkpoint.problem.message}` } };
  if (checkpoint.note.text !== textOf(text))
    return { problem: whoseFault(otherThanKept(url), checkpoint, trust.log) };
  return { checkpoint, sightings: [{ by: 'put', name: anchor, size: checkpoint.size, at: object.at }] };
}

function otherThanKept(url: string): ProblemFound {
  return { kind: 'contradicts', message: `${url} holds another checkpoint than is kept here` };
}
