import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { root } from './source-files.ts';

export interface SuiteResult {
  readonly id: string;
  readonly expected: boolean;
  readonly actual: boolean;
  /** What is said for the answer, to be shown where it is not expected. */
  readonly said?: string;
}

interface Exception {
  readonly id: string;
  readonly expected: boolean;
  readonly actual: boolean;
  readonly reason: string;
}

/** Answers that differ from the suite's and are defended, from test/conformance/exceptions. */
function exceptionsOf(name: string): readonly Exception[] {
  const file = join(root, 'test/conformance/exceptions', `${name}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as Exception[];
}

/**
 * Every answer must be the suite's, or stand in the exceptions file as it came out; an exception that does not apply
 * any more, or that gives no reason, fails as well.
 */
export function judgeWithExceptions(
  t: ExecutionContext,
  results: readonly SuiteResult[],
  name: string,
): void {
  const defended = new Map(exceptionsOf(name).map((one) => [one.id, one]));
  const wrong = results.filter(({ expected, actual }) => expected !== actual);
  const falseAccepts = wrong.filter(({ actual }) => actual);
  t.log(
    `${name}: ${results.length - wrong.length}/${results.length} right, ${falseAccepts.length} false accepts, ` +
      `${defended.size} defended`,
  );
  const undefended = wrong.filter(({ id, expected, actual }) => {
    const one = defended.get(id);
    return one?.expected !== expected || one.actual !== actual || one.reason === '';
  });
  t.deepEqual(undefended, [], 'answers that differ from the suite and are not in the exceptions');
  const stale = [...defended.keys()].filter((id) => !wrong.some((one) => one.id === id));
  t.deepEqual(stale, [], 'exceptions that do not apply any more');
}
