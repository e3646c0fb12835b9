import { readDocument } from '../../config/document.ts';
import type { Found, Problem } from '../../config/problem.ts';
import { schemaValidator } from '../../config/validate.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { readText } from '../document/read.ts';
import schema from './case.schema.json' with { type: 'json' };
import type { KeptFiles } from './kept-files.ts';
import { readMoment } from './moment.ts';
import type { Words } from './words.ts';

/** A file of cases as it was written; it fits the schema. */
export interface CaseDocument {
  readonly at?: string;
  readonly use?: readonly string[];
  readonly fixtures?: Readonly<Record<string, Words>>;
  readonly cases?: readonly Words[];
}

/** A document, and where in its text each place stands. */
export interface ReadCases {
  readonly value: CaseDocument;
  /** Lines on which its cases begin. */
  readonly lines: readonly number[];
  readonly locate: (found: Found) => Problem;
}

/** Files that generate cases by aliases expand many of them. */
const parsing = { aliases: 100_000, merge: true };

/** SHA-256 (hex) of the schema: what another one let stand is looked at again. */
export const schemaDigest = sha256Hex(JSON.stringify(schema));

/** Format of what is kept of a file that was read. */
const keptAs = `case-document-1 ${schemaDigest}`;

const crlWords = ['fresh', 'stale', 'missing'];

let validator: ((value: unknown) => Found[]) | undefined;

/** Compiled where it is needed: a file that is known needs it no more. */
function validate(value: unknown): Found[] {
  validator ??= schemaValidator(schema, {
    moment: {
      holds: (text) => readMoment(text, 0) !== undefined,
      wanted: 'must be an RFC 3339 instant such as 2026-11-20T08:00:00Z, or an offset such as -1h or +90d',
    },
    crl: { holds: (text) => text !== '', wanted: `must be ${crlWords.join(', ')}, or a mapping` },
  });
  return validator(value);
}

/** What the schema refuses of a case that was put together: `path` begins in the case. */
export function validateCase(words: Words): readonly Found[] {
  return validate({ cases: [{ title: 'a case', ...words }] }).map((one) => ({
    ...one,
    path: one.path.slice(2),
  }));
}

/**
 * Reads a file of cases strictly; a text that was read before is taken as it was found then. Answers the problems where
 * there are any. Throws PDP_CASES_INVALID for a file that cannot be read at all.
 */
export function readCaseDocument(
  file: string,
  kept?: KeptFiles,
): ReadCases | { readonly problems: readonly Problem[] } {
  const text = readText(file, 'PDP_CASES_INVALID');
  const key = sha256Hex(`${keptAs}\0${text}`);
  const known = kept?.read(key);
  if (known) {
    const { value, lines } = JSON.parse(known.toString()) as Pick<ReadCases, 'value' | 'lines'>;
    return { value, lines, locate: (found) => locateIn(text, found) };
  }
  const read = parse(text);
  if (!('problems' in read)) kept?.write(key, JSON.stringify({ value: read.value, lines: read.lines }));
  return read;
}

function parse(text: string): ReadCases | { readonly problems: readonly Problem[] } {
  const document = readDocument(text, parsing);
  if ('problems' in document) return document;
  const { locate } = document;
  const found = validate(document.value);
  if (found.length > 0) return { problems: found.map(locate).sort(byPlace) };
  const value = document.value as CaseDocument;
  const lines = (value.cases ?? []).map(
    (_, index) => locate({ path: ['cases', index], at: 'value', message: '' }).line,
  );
  return { value, lines, locate };
}

function locateIn(text: string, found: Found): Problem {
  const document = readDocument(text, parsing);
  if ('problems' in document) return { line: 1, column: 1, path: '', message: found.message };
  return document.locate(found);
}

function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}
