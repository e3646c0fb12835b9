const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A thousand years: from any time of today on its end can be written as RFC 3339, and held as an integer. */
const longest = 365_000 * 86_400_000;

/**
 * Reads `150ms`, `30s`, `5m`, `12h`, `90d` or sums of them (`1h30m`) as milliseconds; undefined for all else, and for what
 * is longer than a thousand years.
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,9}(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) {
    total += Number(count) * (unitMs[unit as string] as number);
  }
  return total <= longest ? total : undefined;
}

/** Writes milliseconds as the two largest units that matter, for people: `3d 4h`, `12m 5s`, `250ms`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const parts: string[] = [];
  let rest = ms;
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = unitMs[unit] as number;
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}
