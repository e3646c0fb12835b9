import { isWholeRecord, otherKinds } from '../../audit/read-record.ts';
import { recordFormat } from '../../audit/record.ts';
import type { AuditRecord } from '../../audit/record.ts';
import { isObject } from '../../policy/is-object.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';

/** A decision's record as it was found in a file: of a log, or in a line of a sample. */
export interface FoundRecord {
  /** Everything that a record has is there, and has its form. Else only what was looked at is to be relied upon. */
  readonly whole: boolean;
  readonly record: AuditRecord;
  /** It is of a sample, in which other values may stand for real ones. */
  readonly sampled: boolean;
  /** How many decisions it stands for; 1 but in a sample. */
  readonly weight: number;
  /** Keys of the policy's input whose values were left out of a sample. */
  readonly redacted: readonly string[];
}

export type RecordLine =
  | ({ readonly is: 'record' } & FoundRecord)
  | { readonly is: 'sample'; readonly header: Readonly<Record<string, unknown>> }
  /** The record of a newer program: what it says is not known. */
  | { readonly is: 'newer'; readonly format: number }
  /** Cut off by a crash, or damaged; told only to whoever wants to pass over it. */
  | { readonly is: 'damaged' }
  /** Records of acts, heartbeats, of denials that were only counted, and of a policy on trial: nothing to decide again. */
  | { readonly is: 'other' };

const none: readonly string[] = [];

/**
 * Reads a line of a file of records or of a sample of them. Throws PDP_INPUT_MALFORMED naming file and line for what is
 * neither: a line that was cut off, or something else. A record that lacks members is found, and not whole.
 */
export function readLine(text: string, file: string, line: number): RecordLine {
  const value = parse(text, file, line);
  switch (value['kind']) {
    case 'decision':
      return found(value, { sampled: false, weight: 1, redacted: none }, file, line);
    case 'sample':
      return { is: 'sample', header: value };
    case 'sampled':
      return sampled(value, file, line);
    default:
      if (otherKinds.has(value['kind'])) return { is: 'other' };
      throw malformed(file, line, 'neither the record of a decision nor a line of a sample of them');
  }
}

function parse(text: string, file: string, line: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(file, line, `not JSON: ${describeThrown(cause)}`, cause);
  }
  if (!isObject(value)) throw malformed(file, line, 'not a JSON object');
  return value;
}

function sampled(value: Record<string, unknown>, file: string, line: number): RecordLine {
  const { weight, record, redacted = none } = value;
  if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 1)
    throw malformed(file, line, 'weight is not a number from 1 up');
  if (!isObject(record) || record['kind'] !== 'decision')
    throw malformed(file, line, 'record is not the record of a decision');
  if (!Array.isArray(redacted) || !redacted.every((key): key is string => typeof key === 'string'))
    throw malformed(file, line, 'redacted is not a list of names');
  return found(record, { sampled: true, weight, redacted }, file, line);
}

function found(
  value: Record<string, unknown>,
  about: Pick<FoundRecord, 'sampled' | 'weight' | 'redacted'>,
  file: string,
  line: number,
): RecordLine {
  const { schema: format } = value;
  if (typeof format !== 'number') throw malformed(file, line, 'the record has no format (schema)');
  if (format > recordFormat) return { is: 'newer', format };
  if (isWholeRecord(value)) return { is: 'record', whole: true, record: value, ...about };
  return { is: 'record', whole: false, record: value as unknown as AuditRecord, ...about };
}

/** Reads a line as `readLine`; with `skipDamaged` what is no record is `damaged` and nothing is thrown for it. */
export function lineReader(skipDamaged: boolean): typeof readLine {
  if (!skipDamaged) return readLine;
  return (text, file, line) => {
    try {
      return readLine(text, file, line);
    } catch {
      return { is: 'damaged' };
    }
  };
}

/** What is wrong with a line of a file. */
export function malformed(file: string, line: number, problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `${file}:${line}: ${problem}`, { cause });
}
