import { asPortreeveError } from '../lib/errors.ts';
import type { ExactJson } from '../lib/exact-json.ts';
import { orderedJson } from '../lib/ordered-json.ts';
import type { Bundle } from './bundle.ts';
import { createPolicyProgram, type PolicyProgram } from './engine.ts';
import { jsonOf, readSelfTest, type Classes, type SelfTestCase } from './self-test-file.ts';
import { readVerdict } from './verdict.ts';

/** A case that did not come out as when the bundle was built. */
export interface SelfTestProblem {
  readonly title: string;
  readonly message: string;
}

export interface SelfTestResult {
  /** How many cases the bundle carries. */
  readonly cases: number;
  readonly problems: readonly SelfTestProblem[];
}

/**
 * Evaluates the cases that a bundle carries, each with the classes that it brings along and not those of this machine's
 * configuration, and holds each verdict as a whole against the one from when the bundle was built. It takes as long as
 * the policy does: run it where it can be killed. Throws PDP_BUNDLE_INVALID where the file is malformed or the policy
 * cannot be loaded, PDP_FORMAT_NEWER where a newer program wrote it.
 */
export async function selfTest(bundle: Bundle): Promise<SelfTestResult> {
  const file = readSelfTest(bundle);
  if (!file) return { cases: 0, problems: [] };
  const programs = new Map<number, PolicyProgram>();
  const problems: SelfTestProblem[] = [];
  for (const one of file.cases) {
    const program = programs.get(one.classes) ?? (await load(bundle, file.classes[one.classes]));
    programs.set(one.classes, program);
    const got = outcomeOf(bundle, program, one);
    const [is, was] = [orderedJson(got), orderedJson(one.expect)];
    if (is !== was) problems.push({ title: one.title, message: `expected ${was}, got ${is}` });
  }
  return { cases: file.cases.length, problems };
}

/** Evaluates one case, to what stands behind `expect`. */
export function outcomeOf(
  bundle: Bundle,
  program: PolicyProgram,
  { input, moment }: Pick<SelfTestCase, 'input' | 'moment'>,
): ExactJson {
  try {
    const output = program.run(JSON.stringify(input), moment);
    return jsonOf(bundle.compat === null ? readVerdict(output, bundle.reasons) : { result: output });
  } catch (thrown) {
    return { fault: asPortreeveError(thrown).code };
  }
}

/** Loads a bundle's policy with the classes of a case. */
export function load(bundle: Bundle, classes: Classes = {}): Promise<PolicyProgram> {
  return createPolicyProgram(bundle, { classes, builtins: bundle.compat === null ? 'none' : 'compat' });
}
