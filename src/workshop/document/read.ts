import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { readDocument } from '../../config/document.ts';
import { formatProblem, type Found, type Problem } from '../../config/problem.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { ErrorCode } from '../../lib/errors.ts';
import { schemaProblems } from './schema-problems.ts';

/** Most bytes of one document of a policy project. */
const maxBytes = 8 * 1024 * 1024;

/** Documents that cannot be used, with every problem at once; `problems` are those of `file`. */
export class DocumentError extends PortreeveError {
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, file: string, problems: readonly Problem[]) {
    const [first] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    super(code, `${first ? formatProblem(file, first) : file}${more}`);
    this.file = file;
    this.problems = problems;
  }
}

/** A document that fits its schema, and where in the text each place stands. */
export interface ReadDocument<Value> {
  readonly value: Value;
  readonly locate: (found: Found) => Problem;
}

/**
 * Parses YAML 1.2 (and so JSON) strictly and holds it against a JSON Schema that was compiled with `allErrors`. `file` names
 * it in messages. Throws a `DocumentError` with `code` and all problems, each with line and column.
 */
export function parseDocument<Value>(
  text: string,
  file: string,
  fits: ValidateFunction<Value>,
  code: ErrorCode,
): ReadDocument<Value> {
  const document = readDocument(text);
  if ('problems' in document) throw new DocumentError(code, file, document.problems);
  const { value, locate } = document;
  if (!fits(value)) {
    const problems = schemaProblems(fits.errors ?? []).map(locate);
    throw new DocumentError(code, file, problems.toSorted(byPlace));
  }
  return { value, locate };
}

/** The text of a file of a project, at most 8 MiB of UTF-8. Throws `code`, naming the file. */
export function readText(file: string, code: ErrorCode): string {
  try {
    const descriptor = openSync(file, 'r');
    try {
      if (fstatSync(descriptor).size > maxBytes) throw new Error(`larger than ${maxBytes / 1024 / 1024} MiB`);
      return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(descriptor));
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw new PortreeveError(code, `${file}: ${describeThrown(cause)}`, { cause });
  }
}

function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}
