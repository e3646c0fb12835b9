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

/**
 * The newest allow that a denial follows, with the first such denial; decisions are oldest first. Both are of one tenant,
 * and of one log where any log has such a pair: what two sites decide of the same device need not be what changed. Only
 * where none has, as of servers that share the work, the two are of different logs. `logOf` names the log of a record.
 */
export function lastTurn(
  decisions: readonly RecordEntry[],
  logOf: (entry: RecordEntry) => string = ({ origin }) => origin,
): Turn | undefined {
  const tenantOf = ({ record }: RecordEntry): string => JSON.stringify(record['tenant'] ?? null);
  return (
    newestTurn(decisions, (entry) => `${tenantOf(entry)} ${logOf(entry)}`) ?? newestTurn(decisions, tenantOf)
  );
}

/** Of the last turns among decisions of one kind each, the one whose denial is the last. */
function newestTurn(
  decisions: readonly RecordEntry[],
  kindOf: (entry: RecordEntry) => string,
): Turn | undefined {
  const before = new Map<string, RecordEntry>();
  let turn: Turn | undefined;
  for (const entry of decisions) {
    const kind = kindOf(entry);
    const allowed = before.get(kind);
    if (allowed?.record['outcome'] === 'allow' && entry.record['outcome'] === 'deny')
      turn = { allowed, denied: entry };
    before.set(kind, entry);
  }
  return turn;
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
