import { parseInstant } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import type { KeyPath } from './problem.ts';

/**
 * A place in a configuration that may still be malformed. Asking for what is not there, or not of that kind, gives
 * nothing instead of throwing: the schema has told of it already, and the further checks go on around it.
 */
export class Place {
  readonly value: unknown;
  readonly path: KeyPath;

  constructor(value: unknown, path: KeyPath = []) {
    this.value = value;
    this.path = path;
  }

  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** The place under a chain of keys. */
  get(...keys: string[]): Place {
    let value = this.value;
    for (const key of keys) value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    return new Place(value, [...this.path, ...keys]);
  }

  /** The entries of a list. */
  items(): Place[] {
    return Array.isArray(this.value)
      ? this.value.map((one, index) => new Place(one, [...this.path, index]))
      : [];
  }

  /** Keys and places of a mapping. */
  entries(): [string, Place][] {
    return isRecord(this.value) ? Object.keys(this.value).map((key) => [key, this.get(key)]) : [];
  }

  get text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined;
  }

  get isTrue(): boolean {
    return this.value === true;
  }

  /** Milliseconds. */
  get span(): number | undefined {
    return this.text === undefined ? undefined : parseDuration(this.text);
  }

  /** Milliseconds since 1970. */
  get instant(): number | undefined {
    return this.text === undefined ? undefined : parseInstant(this.text);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
