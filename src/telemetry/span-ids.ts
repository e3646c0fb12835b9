import { randomFillSync } from 'node:crypto';

/** Random bytes are drawn for many ids at once: one call to the system costs more than filling them all. */
const bytesPerDraw = 4096;

const pool = Buffer.alloc(bytesPerDraw);
let digits = '';
let at = 0;

/** A new trace's id: 16 random bytes in lower-case hex, not all of them zero (W3C Trace Context section 3.2.2.3). */
export function newTraceId(): string {
  return draw(32);
}

/** A new span's id: 8 random bytes in lower-case hex, not all of them zero. */
export function newSpanId(): string {
  return draw(16);
}

function draw(length: number): string {
  if (at + length > digits.length) {
    digits = randomFillSync(pool).toString('hex');
    at = 0;
  }
  const id = digits.slice(at, at + length);
  at += length;
  return /[^0]/.test(id) ? id : draw(length);
}
