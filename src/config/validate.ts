import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { parseInstant } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import { parseHttpUrl } from '../lib/http-url.ts';
import { isCidr, parseAddress } from './formats.ts';
import type { Found, KeyPath } from './problem.ts';
import { configSchema } from './schema.ts';
import { parseWorkerAddresses } from './worker-address.ts';

/** A form of texts that JSON Schema itself does not know, and what is said to who wrote another. */
export interface TextFormat {
  readonly holds: (text: string) => boolean;
  readonly wanted: string;
}

type Formats = Readonly<Record<string, TextFormat>>;

const configFormats: Formats = {
  'time-span': {
    holds: (text) => parseDuration(text) !== undefined,
    wanted: 'must be a length of time such as 150ms, 30s, 12h or 1h30m',
  },
  'date-time': {
    holds: (text) => parseInstant(text) !== undefined,
    wanted: 'must be an RFC 3339 instant such as 2026-11-20T08:00:00Z',
  },
  path: { holds: (text) => !text.includes('\0'), wanted: 'must be a path' },
  address: {
    holds: (text) => parseAddress(text) !== undefined,
    wanted: 'must be host:port, [v6]:port or unix:/path',
  },
  'worker-address': {
    holds: (text) => parseWorkerAddresses(text) !== undefined,
    wanted: 'must be host:port, host:first-last or [v6] with either, or unix:/path',
  },
  'http-url': {
    holds: (text) => parseHttpUrl(text) !== undefined,
    wanted: 'must be an http or https URL without user, password or fragment',
  },
  cidr: { holds: isCidr, wanted: 'must be a network such as 10.20.0.0/16 or 2001:db8::/32' },
};

/** Everything in a parsed file that the schema refuses. */
export const validateSchema: (value: unknown) => Found[] = schemaValidator(configSchema);

/** Compiles a schema (2020-12) to what finds everything in a value that it refuses; formats beside those of the configuration. */
export function schemaValidator(schema: object, further: Formats = {}): (value: unknown) => Found[] {
  const formats = { ...configFormats, ...further };
  const compiled = compile(schema, formats);
  return (value) => {
    if (compiled(value)) return [];
    return (compiled.errors ?? []).flatMap((error) => {
      const found = explain(error, formats);
      return found ? [found] : [];
    });
  };
}

function compile(schema: object, formats: Formats) {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: true, verbose: true });
  for (const [name, { holds }] of Object.entries(formats)) ajv.addFormat(name, holds);
  ajv.addKeyword({ keyword: 'x-becomes' });
  ajv.addKeyword({ keyword: 'x-words' });
  ajv.addKeyword({
    keyword: 'x-range',
    type: 'string',
    errors: false,
    validate: ([least, most]: [string, string], text: string) => {
      const length = parseDuration(text);
      // A malformed text is the format's finding, not this one's.
      return length === undefined || (length >= spanOf(least) && length <= spanOf(most));
    },
  });
  return ajv.compile(schema);
}

function spanOf(text: string): number {
  return parseDuration(text) as number;
}

function explain(error: ErrorObject, formats: Formats): Found | undefined {
  const path = readPointer(error.instancePath);
  const params = error.params as Record<string, unknown>;
  if (error.propertyName !== undefined) {
    return {
      path: [...path, error.propertyName],
      at: 'key',
      message: `is not a name that can stand here (${wantedPattern(params)})`,
    };
  }
  if (error.keyword === 'additionalProperties') {
    const key = String(params.additionalProperty);
    return { path: [...path, key], at: 'key', message: `unknown key${hint(key, error.parentSchema)}` };
  }
  if (error.keyword === 'required') {
    return { path: [...path, String(params.missingProperty)], at: 'value', message: 'is missing' };
  }
  // Comes beside the finding about the name itself.
  if (error.keyword === 'propertyNames') return undefined;
  return { path, at: 'value', message: describe(error.keyword, params, error, formats) };
}

function describe(
  keyword: string,
  params: Record<string, unknown>,
  error: ErrorObject,
  formats: Formats,
): string {
  switch (keyword) {
    case 'format':
      return formats[String(params.format)]?.wanted ?? 'is malformed';
    case 'x-range': {
      const [least, most] = error.schema as [string, string];
      return `must be between ${least} and ${most}`;
    }
    case 'type':
      return formats[error.parentSchema?.format as string]?.wanted ?? `must be ${typeNames(params.type)}`;
    case 'enum':
      return describeChoice(params.allowedValues as string[], error.data);
    case 'const':
      return `must be ${JSON.stringify(params.allowedValue)}`;
    case 'pattern':
      return `is malformed (${wantedPattern(params)})`;
    case 'minItems':
    case 'minLength':
      return params.limit === 1 ? 'must not be empty' : (error.message ?? 'is too short');
    case 'minProperties':
    case 'maxProperties':
      return describeCount(error);
    default:
      return error.message ?? 'is refused';
  }
}

/** What is wrong with a value that is none of these, with the one that was probably meant. */
export function describeChoice(values: readonly string[], given: unknown): string {
  if (values.length <= 12) return `must be one of ${values.join(', ')}`;
  const near = typeof given === 'string' ? values.find((one) => nearly(one, given)) : undefined;
  return `is none of the ${values.length} known ones${near ? `; did you mean ${near}?` : ' (config schema prints them)'}`;
}

function describeCount(error: ErrorObject): string {
  const { minProperties, maxProperties, properties } = error.parentSchema as {
    minProperties?: number;
    maxProperties?: number;
    properties?: object;
  };
  if (minProperties === 1 && maxProperties === 1 && properties) {
    return `must have exactly one of ${Object.keys(properties).join(', ')}`;
  }
  if (error.keyword === 'minProperties' && minProperties === 1) return 'must not be empty';
  return error.message ?? 'has the wrong number of keys';
}

function wantedPattern(params: Record<string, unknown>): string {
  return `pattern ${String(params.pattern)}`;
}

const typeWords: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
  null: 'null',
};

function typeNames(type: unknown): string {
  const types = Array.isArray(type) ? (type as string[]) : String(type).split(',');
  return types.map((one) => typeWords[one] ?? one).join(' or ');
}

/** Names the key that was probably meant: one that differs by case, dashes or few letters. */
function hint(key: string, parent: unknown): string {
  const known = Object.keys((parent as { properties?: object } | undefined)?.properties ?? {});
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '');
  const near =
    known.find((one) => plain(one) === plain(key)) ?? known.find((one) => nearly(plain(one), plain(key)));
  return near ? `; did you mean ${near}?` : known.length > 0 ? `; known here: ${known.join(', ')}` : '';
}

/** Whether two words differ by one letter added, left out, changed, or by two swapped. */
export function nearly(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  if (restA.slice(1) === restB || restA === restB.slice(1) || restA.slice(1) === restB.slice(1)) return true;
  return restA.slice(2) === restB.slice(2) && restA[0] === restB[1] && restA[1] === restB[0];
}

/** RFC 6901: the steps of a JSON pointer; indexes of lists as numbers. */
function readPointer(pointer: string): KeyPath {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^(0|[1-9]\d*)$/.test(step) ? Number(step) : step));
}
