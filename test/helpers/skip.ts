import test from 'ava';
import type { ImplementationFn } from 'ava';

/** A tool that was looked for. */
export interface Tool {
  /** Where it is; empty where it is not. */
  readonly path: string;
  /** What is lacking, in a line that says what to do; undefined where the tool is there. */
  readonly lack: string | undefined;
}

type Register = (title: string, body: ImplementationFn<[]>) => void;

interface Options {
  /** One after the other, as with `test.serial`. */
  readonly serial?: boolean;
  /** For what no tool can mend, such as a mount that a process may not make: skips with CI=true as well. */
  readonly evenInCi?: boolean;
}

/**
 * `test` for what needs something that a machine may lack: `lack` names it, undefined where it is there. Where it
 * lacks, the tests are skipped with the lack in their titles, which the count shows; with CI=true they fail instead.
 * Asked while the file is loaded, since a test that is running cannot be skipped any more.
 */
export function needing(lack: string | undefined, { serial, evenInCi }: Options = {}): Register {
  const register = serial === true ? test.serial : test;
  if (lack === undefined) return (title, body) => register(title, body);
  const line = lack.trim().split('\n').at(-1) ?? '';
  if (process.env.CI === 'true' && evenInCi !== true) {
    return (title) => register(`${title} [${line}]`, (t) => t.fail(line));
  }
  return (title, body) => register.skip(`${title} [${line}]`, body);
}
