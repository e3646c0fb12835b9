import { Ajv2020 } from 'ajv/dist/2020.js';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import { recordFormat } from './record.ts';
import type { AuditRecord } from './record.ts';
import schema from './record.schema.json' with { type: 'json' };

const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);

/**
 * Kinds of what a log holds beside decisions: acts, heartbeats, denials that were only counted, and what a policy on trial
 * would have done.
 */
export const otherKinds: ReadonlySet<unknown> = new Set([
  'act',
  'heartbeat',
  'merged',
  'shadow',
  'shadow_summary',
]);

/**
 * Reads the record of a decision, as untrusted as any file. Throws PDP_FORMAT_NEWER for the record of a newer
 * program, PDP_INPUT_MALFORMED with everything that is wrong for what is no record.
 */
export function readRecord(text: string): AuditRecord {
  const value = parse(text);
  refuseNewer(value);
  if (validate(value)) return value as unknown as AuditRecord;
  const problems = (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message}`);
  throw malformed(problems.slice(0, 20).join('; '));
}

/** Whether parsed JSON is a whole record of this program's format. */
export function isWholeRecord(value: unknown): value is AuditRecord {
  return validate(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed(describeThrown(cause), cause);
  }
}

function refuseNewer(value: unknown): void {
  const format = (value as { readonly schema?: unknown } | null)?.schema;
  if (typeof format !== 'number' || format <= recordFormat) return;
  throw new PortreeveError(
    'PDP_FORMAT_NEWER',
    `the record has format ${format} and this program reads up to ${recordFormat}: use the program that ` +
      'the record names under `versions.program`, or a newer one',
  );
}

function malformed(problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `not a decision record: ${problem}`, { cause });
}
