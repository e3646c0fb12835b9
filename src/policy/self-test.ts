import { asPortreeveError } from '../lib/errors.ts';
import type { ExactJson } from '../lib/exact-json.ts';
import { orderedJson } from '../lib/ordered-json.ts';
import type { Bundle } from './bundle.ts';
import { createPolicyEngine } from './engine.ts';
import { jsonOf, readSelfTest, type SelfTestCase } from './self-test-file.ts';
import type { PolicyEngine, PolicyInput } from './types.ts';

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
  const engines = new Map<number, PolicyEngine>();
  const problems: SelfTestProblem[] = [];
  for (const one of file.cases) {
    const classes = file.classes[one.classes] ?? {};
    const engine = engines.get(one.classes) ?? (await createPolicyEngine(bundle, { classes }));
    engines.set(one.classes, engine);
    const got = outcomeOf(engine, one);
    const [is, was] = [orderedJson(got), orderedJson(one.expect)];
    if (is !== was) problems.push({ title: one.title, message: `expected ${was}, got ${is}` });
  }
  return { cases: file.cases.length, problems };
}

/** Evaluates one case, to what stands behind `expect`. */
export function outcomeOf(
  engine: PolicyEngine,
  { input, moment, document }: Pick<SelfTestCase, 'input' | 'moment' | 'document'>,
): ExactJson {
  try {
    return jsonOf(engine.evaluate(input as unknown as PolicyInput, moment, document));
  } catch (thrown) {
    return { fault: asPortreeveError(thrown).code };
  }
}
