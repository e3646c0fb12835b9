import type { RequestDocument } from '../../context/types.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Bundle } from '../../policy/bundle.ts';
import { dialectOf } from '../../policy/dialect.ts';
import { createPolicyProgram } from '../../policy/engine.ts';
import type { EngineOptions, PolicyProgram } from '../../policy/engine.ts';
import type { PolicyInput } from '../../policy/types.ts';
import type { BenchInput, CaseTime } from './types.ts';

export interface TimeOptions {
  readonly clock: Clock;
  /** Milliseconds that each case is run for, after it was run to be warm. */
  readonly milliseconds: number;
  readonly onCase?: (done: number) => void;
}

/** Evaluations before the first that counts, and the least and most that count. */
const runs = { warm: 50, least: 20, most: 5000 };

/**
 * Times each input in the module that ships, warm: writing the input, evaluating, reading the result; nothing is remembered.
 * Throws PDP_BUNDLE_INVALID where the bundle does not load. An evaluation that traps is timed like any other.
 */
export async function timeCases(
  bundle: Bundle,
  inputs: readonly BenchInput[],
  { clock, milliseconds, onCase }: TimeOptions,
): Promise<readonly CaseTime[]> {
  const { entrypoint, builtins, textOf } = dialectOf(bundle);
  const programs = new Map<string, PolicyProgram>();
  const programOf = async (classes: unknown): Promise<PolicyProgram> => {
    const key = sha256Hex(canonicalJson(classes));
    const options = { classes: classes as EngineOptions['classes'], builtins, entrypoint };
    const program = programs.get(key) ?? (await createPolicyProgram(bundle, options));
    programs.set(key, program);
    return program;
  };
  const times: CaseTime[] = [];
  for (const { id, input, classes } of inputs) {
    const program = await programOf(classes);
    const run = (): void => evaluate(program, textOf(input as PolicyInput, noDocument));
    for (let count = 0; count < runs.warm; count += 1) run();
    times.push({ id, ...measured(run, clock, milliseconds) });
    onCase?.(times.length);
  }
  return times;
}

const noDocument: RequestDocument | undefined = undefined;

function evaluate(program: PolicyProgram, text: string): void {
  try {
    program.run(text);
  } catch {
    // What is undefined or wrong is for the cases to say; here it only takes its time.
    return;
  }
}

function measured(run: () => void, clock: Clock, milliseconds: number): Omit<CaseTime, 'id'> {
  const took: number[] = [];
  const end = clock.monotonic() + milliseconds;
  while (took.length < runs.least || (took.length < runs.most && clock.monotonic() < end)) {
    const started = clock.monotonic();
    run();
    took.push((clock.monotonic() - started) * 1000);
  }
  took.sort((a, b) => a - b);
  return { median_us: rank(took, 0.5), p95_us: rank(took, 0.95), runs: took.length };
}

/** The value that a share of all are at most, by the nearest rank, to a tenth of a microsecond. */
export function rank(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return Math.round(value * 10) / 10;
}
