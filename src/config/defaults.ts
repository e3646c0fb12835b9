import { resolve } from 'node:path';
import { parseInstant } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import { configSchema } from './schema.ts';
import type { Schema } from './schema/keys.ts';
import type { Config } from './types.ts';

/**
 * Makes the effective configuration of a value that the schema has accepted: defaults filled in, lengths of time in
 * milliseconds (or seconds where the schema says so), instants in milliseconds since 1970, paths absolute from
 * `folder`. The schema drives it, so that a new key needs no code here.
 */
export function effectiveConfig(value: unknown, file: string, folder: string): Config {
  return { ...(fill(configSchema, value, folder) as Omit<Config, 'file'>), file };
}

function fill(schema: Schema, given: unknown, folder: string): unknown {
  const value = unabridged(schema, given === undefined ? initial(schema) : given);
  if (value === undefined || value === null) return value;
  if (schema.properties) return fillSection(schema, value as Record<string, unknown>, folder);
  if (typeof schema.additionalProperties === 'object') {
    const rules = schema.additionalProperties;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(rules, one, folder)]));
  }
  if (schema.items) {
    const items = schema.items;
    return (value as unknown[]).map((one) => fill(items, one, folder));
  }
  return convert(schema, value, folder);
}

/** The section that a word stands for; any other value as it is. */
function unabridged(schema: Schema, value: unknown): unknown {
  return typeof value === 'string' ? (schema['x-words']?.[value] ?? value) : value;
}

function fillSection(
  schema: Schema,
  value: Record<string, unknown>,
  folder: string,
): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(schema.properties ?? {})) {
    const result = fill(one, value[key], folder);
    if (result !== undefined) filled[one['x-becomes']?.key ?? key] = result;
  }
  return filled;
}

/** What stands for a key that is not there: its default, an empty section to be filled, or nothing. */
function initial(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default;
  return schema.properties ? {} : undefined;
}

function convert(schema: Schema, value: unknown, folder: string): unknown {
  if (schema.format === 'path') return resolve(folder, value as string);
  if (schema.format === 'date-time') return parseInstant(value as string);
  if (schema.format !== 'time-span') return value;
  const length = parseDuration(value as string) as number;
  return schema['x-becomes']?.unit === 's' ? Math.floor(length / 1000) : length;
}
