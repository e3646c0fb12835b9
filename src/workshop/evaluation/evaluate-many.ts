import { PortreeveError } from '../../lib/errors.ts';
import { mergeCoverage, readCoverage } from '../coverage/ranges.ts';
import type { CoveredFiles } from '../coverage/ranges.ts';
import { entrypointRef, withSources } from './eval-args.ts';
import type { OpaResult } from '../opa/run.ts';
import type { OpaAnswer, PolicyQuestion, RegoSources, RunOpa } from './types.ts';

export interface Evaluated {
  /** By the ids of the questions. */
  readonly answers: ReadonlyMap<string, OpaAnswer>;
  /** Where it was asked for: what was evaluated for all of them together. */
  readonly coverage: CoveredFiles;
}

interface Output {
  readonly errors?: readonly { readonly code?: string; readonly message: string }[];
  readonly result?: readonly { readonly bindings: { readonly i: number; readonly answer: unknown } }[];
  readonly coverage?: unknown;
}

/**
 * Evaluates the entrypoint for all questions in one process of `opa`. It ends at the first evaluation that fails, of
 * which nobody knows whose it was: then each half is asked alone, until the one is found. Throws PDP_POLICY_INVALID with
 * opa's words where the policy does not compile.
 */
export async function evaluateMany(
  run: RunOpa,
  sources: RegoSources,
  questions: readonly PolicyQuestion[],
  options: { readonly coverage?: boolean } = {},
): Promise<Evaluated> {
  if (questions.length === 0) return { answers: new Map(), coverage: new Map() };
  return withSources(sources, (flags) => {
    const query = `some i; answer := ${entrypointRef(sources.entrypoint)} with input as input.inputs[i]`;
    const ask = async (some: readonly PolicyQuestion[]): Promise<Evaluated> => {
      const classes = some.some((one) => one.classes !== undefined) ? withClasses : '';
      const clock = some.some((one) => one.nowNs !== undefined) ? withClock : '';
      const cover = options.coverage === true ? ['--coverage'] : [];
      const args = [
        'eval',
        '--stdin-input',
        '--format',
        'json',
        ...cover,
        ...flags,
        `${query}${classes}${clock}`,
      ];
      const output = readOutput(await run(args, { cwd: sources.folder, input: inputOf(some) }));
      const coverage = output.coverage === undefined ? new Map() : readCoverage(output.coverage);
      if (!output.errors) return { answers: answersOf(some, output), coverage };
      const [first] = some as readonly [PolicyQuestion];
      const message = output.errors.map((one) => one.message).join('; ');
      if (some.length === 1) return { answers: new Map([[first.id, { kind: 'error', message }]]), coverage };
      const middle = Math.ceil(some.length / 2);
      const [left, right] = [await ask(some.slice(0, middle)), await ask(some.slice(middle))];
      return {
        answers: new Map([...left.answers, ...right.answers]),
        coverage: mergeCoverage([left.coverage, right.coverage]),
      };
    };
    return ask(questions);
  });
}

const withClasses = ' with data.portreeve.classes as input.classes[input.class_of[i]]';
const withClock = ' with time.now_ns as input.now_ns[i]';

/** Most cases have the same classes: each is written once. */
function inputOf(questions: readonly PolicyQuestion[]): string {
  const places = new Map<string, number>();
  const classOf = questions.map(({ classes = {} }) => {
    const text = JSON.stringify(classes);
    const place = places.get(text) ?? places.size;
    places.set(text, place);
    return place;
  });
  const inputs = questions.map(({ input }) => input).join(',');
  const times = questions.map(({ nowNs = '0' }) => nowNs).join(',');
  return (
    `{"inputs":[${inputs}],"classes":[${[...places.keys()].join(',')}],` +
    `"class_of":${JSON.stringify(classOf)},"now_ns":[${times}]}`
  );
}

function answersOf(questions: readonly PolicyQuestion[], { result = [] }: Output): Map<string, OpaAnswer> {
  const answers = new Map<string, OpaAnswer>(questions.map(({ id }) => [id, { kind: 'undefined' }]));
  for (const { bindings } of result) {
    const question = questions[bindings.i];
    if (question) answers.set(question.id, { kind: 'value', value: bindings.answer });
  }
  return answers;
}

/** What `opa eval --format json` printed. Throws PDP_POLICY_INVALID where it never came to evaluate. */
function readOutput({ status, stdout, stderr }: OpaResult): Output {
  const output = parse(stdout);
  const errors = output?.errors ?? [];
  const evaluated = errors.length > 0 ? errors.every(isOfEvaluation) : status === 0;
  if (output && evaluated) return output;
  const words = errors.map((one) => one.message).join('; ') || stderr.trim() || stdout.trim();
  throw new PortreeveError('PDP_POLICY_INVALID', `opa eval: ${words || `exit code ${status}`}`);
}

function isOfEvaluation({ code }: { readonly code?: string }): boolean {
  return code?.startsWith('eval_') === true;
}

function parse(text: string): Output | undefined {
  try {
    return JSON.parse(text) as Output;
  } catch {
    return undefined;
  }
}
