import { CommanderError } from 'commander';
import { formatProblem, type Problem } from '../config/problem.ts';
import type { PortreeveError } from '../lib/errors.ts';
import { asPortreeveError } from '../lib/errors.ts';
import { exitCodes } from './exit-codes.ts';
import { plain } from './output.ts';
import type { Session } from './session.ts';

/** A failed command as both forms of output and its exit code. */
export interface Failure {
  readonly exit: number;
  readonly data: {
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly problems?: unknown;
      readonly lockout?: unknown;
      readonly going_back?: unknown;
    };
  };
  readonly text: string;
}

/** How a thrown error is told. Stacks only with PORTREEVE_DEBUG, and never on stdout. */
export function describeFailure(thrown: unknown, session: Session): Failure {
  if (thrown instanceof CommanderError) {
    const message = thrown.message.replace(/^error: /, '');
    return failure('PDP_USAGE', message, undefined, `portreeve: ${message}\nTry portreeve --help.\n`);
  }
  const error = asPortreeveError(thrown);
  const problems = problemsOf(error);
  const lines = problems.length > 0 ? problems.map((one) => problemLine(error, one)) : messageLines(error);
  const stack = session.around.environment.debug ? `${stackOf(error)}\n` : '';
  const head = problems.length > 1 ? [`portreeve: ${error.code}: ${problems.length} problems`] : [];
  const [first, ...rest] =
    head.length > 0
      ? [...head, ...lines]
      : [`portreeve: ${error.code}: ${lines[0] ?? ''}`, ...lines.slice(1)];
  const text = `${[first ?? '', ...rest].map(plain).join('\n')}\n${stack}`;
  const told = failure(error.code, error.message, problems.length > 0 ? problems : undefined, text);
  const { lockout, going_back } = error as { lockout?: unknown; going_back?: unknown };
  const more = { ...(lockout !== undefined && { lockout }), ...(going_back !== undefined && { going_back }) };
  return { ...told, data: { error: { ...told.data.error, ...more } } };
}

/** Of which the message has a problem a line, or the compiler's words as it laid them out. */
const inLines: ReadonlySet<string> = new Set(['PDP_CASES_INVALID', 'PDP_POLICY_INVALID']);

function messageLines({ code, message }: PortreeveError): readonly string[] {
  return inLines.has(code) ? message.replaceAll('\t', '    ').split('\n') : [message];
}

function failure(
  code: string,
  message: string,
  problems: readonly object[] | undefined,
  text: string,
): Failure {
  return { exit: exitOf(code), data: { error: { code, message, ...(problems && { problems }) } }, text };
}

/** What was asked for is sound, and what was looked at is not there or does not hold. */
const failedChecks: ReadonlySet<string> = new Set(['PDP_NOT_FOUND', 'PDP_LOCKOUT', 'PDP_CASES_FAILED']);

function exitOf(code: string): number {
  if (code === 'PDP_POLICY_INVALID') return exitCodes.notCompiled;
  return failedChecks.has(code) ? exitCodes.failed : exitCodes.refused;
}

type AnyProblem = Partial<Problem> & { readonly line: number; readonly message: string };

/** Problems with their places, of errors that carry them (configuration, inventory). */
function problemsOf(error: PortreeveError): readonly AnyProblem[] {
  const { problems } = error as { problems?: unknown };
  return Array.isArray(problems) ? (problems as AnyProblem[]) : [];
}

function problemLine(error: PortreeveError, { line, column, path, message }: AnyProblem): string {
  const { file } = error as { file?: unknown };
  if (typeof file === 'string' && column !== undefined) {
    return formatProblem(file, { line, column, path: path ?? '', message });
  }
  return `line ${line}: ${message}`;
}

function stackOf(error: PortreeveError): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack ?? error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
