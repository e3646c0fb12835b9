import { parseHttpDate } from '../../lib/clock.ts';
import type { EpochMs } from '../../lib/clock.ts';

/** Milliseconds until the time that a `Retry-After` header names (RFC 9110 section 10.2.3); undefined where it names none. */
export function readRetryAfter(value: string | undefined, now: EpochMs): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = parseHttpDate(text);
  return at === undefined ? undefined : Math.max(0, at - now);
}
