import { compareDecisions, flipOf } from '../../decision/compare-decisions.ts';
import type { Decision } from '../../decision/types.ts';
import { runCases } from '../cases/run.ts';
import type { CaseOutcome, LoadedCase, RunOptions } from '../cases/types.ts';
import type { Outcome } from './diff-records.ts';
import { FlippedDevices } from './flipped-devices.ts';
import { addCompared, addUndecidable, newTally } from './tally.ts';
import type { Subject } from './tally.ts';

export interface DiffCasesOptions {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly run: Omit<RunOptions, 'bundle' | 'failFast'>;
  readonly mostDevices: number;
  /** Told with each case that was decided by both. */
  readonly onCase?: (done: number) => void;
}

/**
 * Decides cases with both bundles, each with the classes that it brings, whatever the cases expect. One that cannot be
 * decided is undecidable, by what stands in its way; a skipped one is not counted.
 */
export async function diffCases(cases: readonly LoadedCase[], options: DiffCasesOptions): Promise<Outcome> {
  const { run, onCase } = options;
  const outcome = { tally: newTally(), devices: new FlippedDevices(options.mostDevices) };
  const before = runCases(cases, { ...run, bundle: options.before });
  const after = runCases(cases, { ...run, bundle: options.after });
  let done = 0;
  try {
    for await (const old of before) {
      const next = await after.next();
      if (next.done) break;
      take(old, next.value, outcome);
      onCase?.(++done);
    }
  } finally {
    await after.return();
  }
  for (const flip of outcome.tally.flips) outcome.devices.take(flip);
  return outcome;
}

function take(old: CaseOutcome, next: CaseOutcome, { tally }: Outcome): void {
  if (old.status === 'skipped') return;
  const [before, after] = [old.got?.decision, next.got?.decision];
  if (!before || !after) {
    const why = (before ? next : old).problems[0] ?? 'nothing could be made of the case';
    return addUndecidable(tally, `${old.file}:${old.line}: ${why}`, 1);
  }
  const compared = compareDecisions(before, after);
  addCompared(tally, subjectOf(old, before), compared, flipOf(compared));
}

function subjectOf(one: CaseOutcome, decision: Decision): Subject {
  const { facts } = one.got ?? { facts: null };
  return {
    ...{ tenant: decision.tenant, device_id: decision.device_id },
    ...{ class: facts?.device?.class ?? null, site: facts?.device?.site ?? facts?.pep.site ?? null },
    ...{ when: one.title, ref: `${one.file}:${one.line}`, weight: 1 },
  };
}
