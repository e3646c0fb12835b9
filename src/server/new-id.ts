import { randomFillSync } from 'node:crypto';
import type { Clock, EpochMs } from '../lib/clock.ts';

/** Random bytes are drawn for many ids at once: one call to the system costs more than filling them all. */
const idsPerDraw = 128;
const bytesPerId = 10;
const digitsPerId = 2 * bytesPerId;

/**
 * Makes UUIDs of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits, so that records sort
 * by time and ids cannot be guessed.
 */
export function createIds(clock: Clock): () => string {
  const pool = Buffer.alloc(idsPerDraw * bytesPerId);
  let digits = '';
  let at = 0;
  let last: { readonly ms: EpochMs; readonly text: string } = { ms: NaN, text: '' };
  return () => {
    if (at === digits.length) {
      digits = drawn(pool);
      at = 0;
    }
    const ms = Math.floor(clock.now());
    if (ms !== last.ms) last = { ms, text: timeText(ms) };
    const from = at;
    at += digitsPerId;
    // Joined and not added up: the id is one piece of text, which JSON is written of several times faster.
    return [
      last.text,
      digits.slice(from, from + 4),
      digits.slice(from + 4, from + 8),
      digits.slice(from + 8, from + digitsPerId),
    ].join('-');
  };
}

/** Fresh random bytes in hex, version and variant set in each id's part. */
function drawn(pool: Buffer): string {
  randomFillSync(pool);
  for (let at = 0; at < pool.length; at += bytesPerId) {
    pool[at] = 0x70 | ((pool[at] as number) & 0x0f);
    pool[at + 2] = 0x80 | ((pool[at + 2] as number) & 0x3f);
  }
  return pool.toString('hex');
}

/** A time that 48 bits cannot hold, such as one of 1900 that is asked about, is the nearest that they can. */
function timeText(ms: EpochMs): string {
  const time = Math.min(Math.max(ms, 0), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}
