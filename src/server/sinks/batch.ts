import { setImmediate } from 'node:timers/promises';
import { leafHash } from '../../audit/tlog/hash.ts';
import { readEntries } from '../../audit/tlog/log-files.ts';
import { tileWidth, widthAt } from '../../audit/tlog/tile-path.ts';
import type { BatchLimits, SentLog, SinkEntry } from './types.ts';

/** Entries that are worked on in one go, between what the process has to do for decisions. */
const slice = 32;

/**
 * The entries from `from` on that are under the checkpoint, as many as the limits let; none where there is nothing new.
 * Throws PDP_NOT_FOUND for what retention has removed, PDP_INPUT_MALFORMED, PDP_AUDIT_UNAVAILABLE.
 */
export async function readBatch(log: SentLog, from: number, most: BatchLimits): Promise<SinkEntry[]> {
  const checkpoint = log.checkpoint();
  const batch: SinkEntry[] = [];
  if (checkpoint === undefined) return batch;
  const { size, origin } = checkpoint;
  for (let [index, bytes] = [from, 0]; index < size;) {
    const bundle = Math.floor(index / tileWidth);
    const entries = await readEntries(log.files, bundle, widthAt('entries', bundle, size));
    for await (const entry of inSlices(entries.slice(index % tileWidth), (one) => one)) {
      if (batch.length > 0 && (batch.length >= most.entries || bytes + entry.byteLength > most.bytes))
        return batch;
      const hash = Buffer.from(leafHash(entry)).toString('hex');
      batch.push({ log: origin, index, hash, bytes: entry });
      index += 1;
      bytes += entry.byteLength;
    }
  }
  return batch;
}

/** Works on one after the other, and lets others in now and then. */
export async function* inSlices<In, Out>(all: readonly In[], work: (one: In) => Out): AsyncGenerator<Out> {
  for (const [place, one] of all.entries()) {
    if (place > 0 && place % slice === 0) await setImmediate();
    yield work(one);
  }
}
