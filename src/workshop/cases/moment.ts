import { parseInstant, type EpochMs } from '../../lib/clock.ts';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The instant that a text names: RFC 3339, or an offset (`-1h`, `+90d`) from `from`; undefined where it is neither. */
export function readMoment(text: string, from: EpochMs): EpochMs | undefined {
  const [, length, unit] = /^([+-]\d{1,6})([smhd])$/.exec(text) ?? [];
  if (length === undefined || unit === undefined) return parseInstant(text);
  return from + Number(length) * (units[unit] as number);
}

/** As `readMoment`, of a text that the schema has accepted; `otherwise` where there is none. */
export function moment(text: string | undefined, from: EpochMs, otherwise: EpochMs): EpochMs {
  return text === undefined ? otherwise : (readMoment(text, from) as EpochMs);
}
