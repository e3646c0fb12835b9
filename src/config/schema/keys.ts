/**
 * The few shapes that configuration keys have. Each key says what it is (with its unit), its default and an
 * example; the loader, the checker and the documentation all read the same schema. Beside JSON Schema's own
 * words it uses: formats `time-span`, `date-time`, `path`, `address`, `worker-address`, `cidr`, `http-url`; `x-range` (least and most of a
 * time-span) `x-becomes` (the key and unit of a time-span in the effective configuration) and `x-words` (words that stand for a section).
 */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly format?: 'time-span' | 'date-time' | 'path' | 'address' | 'worker-address' | 'cidr' | 'http-url';
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
  readonly required?: readonly string[];
  readonly 'x-range'?: readonly [string, string];
  readonly 'x-becomes'?: { readonly key?: string; readonly unit: 's' };
  /** Words that stand for a section: each for these keys of it. */
  readonly 'x-words'?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
}

/** What every key tells about itself. A `default` of null also admits null in the file. */
interface Told {
  readonly example: unknown;
  readonly default?: unknown;
}

function told(description: string, { example, ...rest }: Told, type: string): Schema {
  return { type: rest.default === null ? [type, 'null'] : type, description, ...rest, examples: [example] };
}

/** Free text of 1 to `max` characters without control characters. */
export function text(description: string, about: Told, max = 256): Schema {
  return {
    ...told(description, about, 'string'),
    minLength: 1,
    maxLength: max,
    pattern: '^[^\\u0000-\\u001f\\u007f]*$',
  };
}

export const namePattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';

/** A name that other keys, records and metrics refer to. */
export function name(description: string, about: Told): Schema {
  return { ...told(description, about, 'string'), pattern: namePattern };
}

export function flag(description: string, about: Told): Schema {
  return told(description, about, 'boolean');
}

export function integer(description: string, about: Told, minimum: number, maximum: number): Schema {
  return { ...told(description, about, 'integer'), minimum, maximum };
}

export function choice(description: string, about: Told, values: readonly string[]): Schema {
  return { ...told(description, about, 'string'), enum: values };
}

/** A length of time such as `150ms` or `1h30m`; milliseconds in the effective configuration. */
export function span(description: string, about: Told, range: readonly [string, string]): Schema {
  return { ...told(description, about, 'string'), format: 'time-span', 'x-range': range };
}

/** A length of time in whole seconds, under the name `key` in the effective configuration. */
export function seconds(
  description: string,
  about: Told,
  range: readonly [string, string],
  key?: string,
): Schema {
  return { ...span(description, about, range), 'x-becomes': { unit: 's', ...(key && { key }) } };
}

/** An RFC 3339 instant; milliseconds since 1970 in the effective configuration. */
export function instant(description: string, about: Told): Schema {
  return { ...told(description, about, 'string'), format: 'date-time' };
}

/** A file or folder, relative to the configuration file's folder; absolute in the effective configuration. */
export function path(description: string, about: Told): Schema {
  return { ...told(description, about, 'string'), format: 'path', minLength: 1, maxLength: 4096 };
}

/** An absolute http or https URL without user, password or fragment. */
export function url(description: string, about: Told): Schema {
  return { ...told(description, about, 'string'), format: 'http-url' };
}

/** `host:port`, `[v6]:port` or `unix:/path`. */
export function address(description: string, about: Told): Schema {
  return { ...told(description, about, 'string'), format: 'address' };
}

/** An address as above, or one for each worker: `host:first-last`, `unix:/path-{worker}.sock`. */
export function workerAddress(description: string, about: Told): Schema {
  return { ...told(description, about, 'string'), format: 'worker-address' };
}

export function list(
  description: string,
  items: Schema,
  about: Partial<Told> & { readonly min?: number; readonly max?: number } = {},
): Schema {
  const { example, min, max, default: initial = min ? undefined : [] } = about;
  return {
    type: 'array',
    description,
    items,
    ...(initial !== undefined && { default: initial }),
    ...(example !== undefined && { examples: [example] }),
    ...(min !== undefined && { minItems: min }),
    maxItems: max ?? 1000,
  };
}

/** An object with exactly these keys; those without a default that are named in `required` must be there. */
export function section(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  options: { readonly required?: readonly string[]; readonly nullable?: boolean } = {},
): Schema {
  return {
    type: options.nullable ? ['object', 'null'] : 'object',
    description,
    ...(options.nullable && { default: null }),
    properties,
    additionalProperties: false,
    ...(options.required && { required: options.required }),
  };
}

/** CIDR such as `10.20.0.0/16` or `2001:db8::/32`. */
export const cidr: Schema = {
  type: 'string',
  format: 'cidr',
  description: 'A network in CIDR notation.',
  examples: ['10.20.0.0/16'],
};
