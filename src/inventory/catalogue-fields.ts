import { parseInstant, type EpochMs } from '../lib/clock.ts';
import type { TextRule } from './device-fields.ts';

/** Reads the fields of one catalogue row; every problem is reported and remembered. */
export interface FieldReader {
  /** A text by its rule; undefined where it is absent or wrong. */
  text(name: string, rule: TextRule): string | undefined;
  /** As `text`, and its absence is a problem. */
  required(name: string, rule: TextRule): string | undefined;
  /** An RFC 3339 instant. */
  instant(name: string): EpochMs | undefined;
  refuse(message: string): void;
  /** Whether nothing was wrong so far. */
  sound(): boolean;
}

/** Makes a reader of one row. */
export function fieldReader(
  fields: Readonly<Record<string, unknown>>,
  report: (message: string) => void,
): FieldReader {
  let sound = true;
  const refuse = (message: string): void => {
    sound = false;
    report(message);
  };
  const text = (name: string, rule: TextRule): string | undefined => {
    const value = fields[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'string') return void refuse(`${name} must be text`);
    const read = rule(value);
    return typeof read === 'string'
      ? read
      : void refuse(`${name} ${JSON.stringify(value.slice(0, 80))} ${read.problem}`);
  };
  return {
    text,
    refuse,
    sound: () => sound,
    required: (name, rule) => {
      if (fields[name] === undefined) refuse(`${name} is missing`);
      return text(name, rule);
    },
    instant: (name) => {
      const value = fields[name];
      if (value === undefined) return undefined;
      const at = typeof value === 'string' ? parseInstant(value) : undefined;
      if (at === undefined) refuse(`${name} must be an RFC 3339 instant such as 2027-01-01T00:00:00Z`);
      return at;
    },
  };
}
