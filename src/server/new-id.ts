import { randomFillSync } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';

/** Random bytes are drawn for many ids at once: one call to the system costs more than filling them all. */
const idsPerDraw = 128;
const bytesPerId = 10;

/**
 * Makes UUIDs of version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits, so that records sort
 * by time and ids cannot be guessed.
 */
export function createIds(clock: Clock): () => string {
  const pool = Buffer.alloc(idsPerDraw * bytesPerId);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    const random = pool.subarray(at, at + bytesPerId);
    at += bytesPerId;
    random[0] = 0x70 | ((random[0] as number) & 0x0f);
    random[2] = 0x80 | ((random[2] as number) & 0x3f);
    const time = Math.floor(clock.now()).toString(16).padStart(12, '0');
    const rest = random.toString('hex');
    return `${time.slice(0, 8)}-${time.slice(8)}-${rest.slice(0, 4)}-${rest.slice(4, 8)}-${rest.slice(8)}`;
  };
}
