import { differencesOf } from '../../decision/differences.ts';
import type { Difference } from '../../decision/differences.ts';
import { isObject } from '../../policy/is-object.ts';
import type { RecordEntry } from '../sources/types.ts';
import type { AnyRecord } from './fields.ts';

/** The last time that a device which was allowed was denied. */
export interface Turn {
  readonly allowed: RecordEntry;
  readonly denied: RecordEntry;
}

/** The newest allow that a denial follows, with the first such denial; decisions are oldest first. */
export function lastTurn(decisions: readonly RecordEntry[]): Turn | undefined {
  for (let place = decisions.length - 2; place >= 0; place -= 1) {
    const [allowed, denied] = [decisions[place], decisions[place + 1]];
    if (allowed?.record['outcome'] === 'allow' && denied?.record['outcome'] === 'deny')
      return { allowed, denied };
  }
  return undefined;
}

/** What is of one decision alone, and what is told twice. */
const passing: ReadonlySet<string> = new Set([
  ...['decision_id', 'time', 'trace_id', 'span_id', 'valid_until', 'connection_id', 'request_id'],
  ...['input', 'verdict', 'outcome', 'reasons', 'obligations', 'document', 'redacted', 'cut', 'supersedes'],
]);
const passingFacts: ReadonlySet<string> = new Set(['now', 'limits', 'findings', 'shared_use']);
/** Instants and ages that move on by themselves. */
const moving = /\.(age_s|last_success|connection_id|request_id|known_since|confirmed|kept|system)$/;

/** What was different in two records of a device: facts, versions, who asked; without what differs every time. */
export function changesBetween({ allowed, denied }: Turn): readonly Difference[] {
  return differencesOf('', standing(allowed.record), standing(denied.record)).filter(
    ({ path }) => !moving.test(path),
  );
}

function standing(record: AnyRecord): object {
  const { facts } = record;
  const kept = without(record, passing);
  return isObject(facts) ? { ...kept, facts: without(facts, passingFacts) } : kept;
}

function without(value: AnyRecord, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.has(name)));
}
