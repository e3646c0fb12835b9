import { createHash } from 'node:crypto';
import { derError, DerReader } from '../../lib/der/reader.ts';
import { DerStream, elementBounds } from '../../lib/der/stream.ts';
import { tags } from '../../lib/der/tags.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { entryReader, type CrlEntry } from '../crl-entries.ts';
import { invalid } from '../crl-extensions.ts';
import { crlLimits } from '../limits.ts';
import type { SurveyedCrl } from './survey.ts';

/**
 * Reads the entries of a CRL that was surveyed, from its DER in chunks once more; a batch is what one chunk holds. The
 * last batch comes only after all of it had the digest that the survey found, so that whoever waits for the end has
 * entries of exactly what was verified. Entries are read as `parseCrl` reads them, by the same code. Throws
 * PDP_CRL_INVALID (also where the bytes are others than before), PDP_CRL_REFUSED and PDP_LIMIT_EXCEEDED, and whatever
 * the source throws.
 */
export async function* streamEntries(
  chunks: AsyncIterable<Uint8Array>,
  survey: SurveyedCrl,
): AsyncGenerator<readonly CrlEntry[], void> {
  const digest = createHash('sha256');
  const stream = new DerStream(chunks, (bytes) => void digest.update(bytes));
  const { entries: place, fields } = survey;
  const read = batchReader({
    delta: fields.baseNumber !== undefined,
    indirect: fields.scope?.indirect ?? false,
  });
  try {
    let last: CrlEntry[] = [];
    if (place !== undefined) {
      await stream.skip(place.start);
      const step = (bytes: Uint8Array): number => read(bytes, place.end - stream.offset, last);
      while (await stream.step(place.end, step)) {
        if (stream.offset < place.end && last.length > 0) {
          yield last;
          last = [];
        }
      }
    }
    await stream.skip(survey.bytes);
    await stream.end();
    if (digest.digest('hex') !== survey.digest) throw changed();
    yield last;
  } catch (thrown) {
    const error = asPortreeveError(thrown);
    throw error.code === 'PDP_DER_INVALID' ? changed(error) : thrown;
  } finally {
    await stream.close();
  }
}

/**
 * Answers a function that appends the whole entries at the front of `bytes` and answers how many bytes they are;
 * `left` is where the list ends.
 */
function batchReader(kind: Parameters<typeof entryReader>[0]) {
  const readEntry = entryReader(kind);
  let count = 0;
  return (bytes: Uint8Array, left: number, entries: CrlEntry[]): number => {
    const { end, problem } = wholeEntries(bytes, left);
    const list = new DerReader(bytes.subarray(0, end));
    while (!list.done) {
      const entry = readEntry(list);
      count += 1;
      if (count > crlLimits.entries) throw tooMuch(`more than ${crlLimits.entries} entries`);
      if (entry !== undefined) entries.push(entry);
    }
    if (problem?.code === 'PDP_DER_INVALID') throw invalid(`entry ${count + 1}: ${problem.message}`, problem);
    if (problem !== undefined) throw problem;
    return end;
  };
}

/** How far whole entries go, and what is wrong with the one behind them. */
function wholeEntries(bytes: Uint8Array, left: number): { end: number; problem?: PortreeveError } {
  let at = 0;
  try {
    while (at < bytes.byteLength) {
      const found = elementBounds(bytes, at, left);
      if (bytes[at] !== tags.sequence) throw derError('element 0x30 expected');
      if (found === undefined) break;
      if (found.end - at > crlLimits.entryBytes) throw tooMuch(`an entry of ${found.end - at} bytes`);
      if (found.end > bytes.byteLength) break;
      at = found.end;
    }
    return { end: at };
  } catch (thrown) {
    return { end: at, problem: asPortreeveError(thrown) };
  }
}

function tooMuch(what: string): PortreeveError {
  return new PortreeveError('PDP_LIMIT_EXCEEDED', `CRL with ${what}`);
}

function changed(cause?: unknown): PortreeveError {
  return invalid('its bytes changed while it was read; read it again', cause);
}
