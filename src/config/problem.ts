import { PortreeveError } from '../lib/errors.ts';

/** A place in the configuration as its keys and indexes. */
export type KeyPath = readonly (string | number)[];

/** Something found out about a place, before it is known where in the file that is. */
export interface Found {
  readonly path: KeyPath;
  /** Whether the key itself is at fault, or what stands behind it. */
  readonly at: 'key' | 'value';
  readonly message: string;
}

/** A problem as it is told; line and column begin at 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  /** `server.listeners[0].address`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** A configuration that cannot be used, with every problem at once. */
export class ConfigError extends PortreeveError {
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[], options?: { cause?: unknown }) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    const first = problems[0];
    super('PDP_CONFIG_INVALID', `${first ? formatProblem(file, first) : file}${more}`, options);
    this.file = file;
    this.problems = problems;
  }
}

/** `file:line:column: path: message`, the form that editors jump to. */
export function formatProblem(file: string, { line, column, path, message }: Problem): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}

/** Writes a path for people: dots before keys, brackets around indexes and around keys with other characters. */
export function formatPath(path: KeyPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}
