import { sha256Hex } from '../../lib/bytes.ts';
import { parseInstant } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { parseExactJson } from '../../lib/exact-json.ts';
import { orderedJson } from '../../lib/ordered-json.ts';
import { parseBundle } from '../../policy/bundle.ts';
import { createPolicyEngine } from '../../policy/engine.ts';
import { outcomeOf } from '../../policy/self-test.ts';
import type { Classes, SelfTestCase, SelfTestFile } from '../../policy/self-test-file.ts';
import type { PolicyEngine, PolicyInput } from '../../policy/types.ts';
import { loadCases, soundCases } from '../cases/load.ts';
import type { CaseOutcome, CaseResult, LoadedCase } from '../cases/types.ts';
import type { CaseWords } from '../cases/words.ts';
import type { Project } from '../project/types.ts';
import { travellingDocument } from './travelling-document.ts';

/** Runs cases with a bundle through the whole flow. */
export type RunCases = (cases: readonly LoadedCase[], bundle: Uint8Array) => AsyncIterable<CaseOutcome>;

/**
 * Makes the cases that travel in a bundle of the case files that its project names for it: what Rego saw in each, and the
 * whole verdict. Certificates and keys of cases are made anew on every machine, so what derives from them is replaced by
 * a digest of their description: the same sources give the same file. Skipped cases, cases that the policy is not asked
 * about, and those of which the request is too large to be kept, stay behind. Throws PDP_CASES_INVALID for cases that cannot be read and PDP_CASES_FAILED for cases that do
 * not come out as they expect: they would say nothing.
 */
export async function selfTestOf(project: Project, bytes: Uint8Array, run: RunCases): Promise<SelfTestFile> {
  const loaded = soundCases(loadCases(project.selfTestFiles, { folder: project.folder }));
  const bundle = parseBundle(bytes);
  const words = new Map(loaded.map((one) => [one.id, one.words]));
  const classes = new Map<
    string,
    { readonly value: Classes; readonly index: number; readonly engine: PolicyEngine }
  >();
  const cases: SelfTestCase[] = [];
  for await (const outcome of run(loaded, bytes)) {
    refuseFailed(outcome);
    const { got } = outcome;
    if (!got?.input) continue;
    const text = orderedJson(parseExactJson(JSON.stringify(got.classes)));
    const known = classes.get(text) ?? {
      value: got.classes,
      index: classes.size,
      engine: await createPolicyEngine(bundle, { classes: got.classes }),
    };
    classes.set(text, known);
    const own = words.get(outcome.id) ?? {};
    const input = withoutChance(got.input, own);
    const beside = got.document ? besideInput(outcome.id, got, own) : {};
    if (!beside) continue;
    const expect = outcomeOf(known.engine, { input, ...beside });
    cases.push({ title: outcome.id, classes: known.index, input, ...beside, expect });
  }
  return { format: 1, classes: [...classes.values()].map(({ value }) => value), cases };
}

function refuseFailed({ status, file, line, title, problems }: CaseOutcome): void {
  if (status !== 'failed' && status !== 'error') return;
  throw new PortreeveError(
    'PDP_CASES_FAILED',
    `${file}:${line}: ${title}: ${problems.join('; ')}; a bundle carries only cases that pass`,
  );
}

/**
 * What rules for opa-envoy-plugin see beside our input: the request, and time and chance, of an id that is the same
 * wherever the case is run. Undefined where the request is not kept whole.
 */
function besideInput(
  id: string,
  { document: recorded, decision: { time } }: CaseResult,
  words: CaseWords,
): Pick<SelfTestCase, 'moment' | 'document'> | undefined {
  const document = recorded && travellingDocument(recorded, words, id);
  return document && { moment: { now: parseInstant(time) as number, decisionId: sha256Hex(id) }, document };
}

/** What of the input derives from keys and signatures. */
const ofChance = ['certificate_fingerprint', 'key_digest'] as const;

/** Real material is the same everywhere, and a policy may well know its digests. */
function withoutChance(input: PolicyInput, words: CaseWords): Readonly<Record<string, unknown>> {
  const { certificate, gateway, request } = words;
  if (request || certificate?.file !== undefined || gateway?.certificate?.file !== undefined)
    return { ...input };
  const description = JSON.stringify([certificate ?? null, gateway?.certificate ?? null, input.device_id]);
  const replaced = ofChance
    .filter((name) => input[name] !== null)
    .map((name) => [name, sha256Hex(`${name}\0${description}`)] as const);
  return { ...input, ...Object.fromEntries(replaced) };
}
