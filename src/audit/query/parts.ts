import { isObject } from '../../policy/is-object.ts';
import type { AnyRecord } from './fields.ts';

/** What a record says of decisions: itself, or one of the groups that a record of merged denials has. */
export interface Part {
  readonly record: AnyRecord;
  /** Decisions that it stands for. */
  readonly count: number;
}

/** Kinds of records that stand for decisions. */
export const decidedKinds: readonly string[] = ['decision', 'merged'];

/** Whether a record says that it counts denials, and has no list of them: nobody can tell of how many it is. */
export function isGroupless({ kind, groups }: AnyRecord): boolean {
  return kind === 'merged' && !Array.isArray(groups);
}

/** The parts of a record; one for every kind but merged denials, which have one for each group and reason (of count 0 where none can be read). */
export function partsOf(record: AnyRecord): readonly Part[] {
  const { kind, groups, reasons: own, ...about } = record;
  if (kind !== 'merged' || !Array.isArray(groups)) return [{ record, count: 1 }];
  const parts = groups.flatMap((group: unknown) => {
    if (!isObject(group) || !isObject(group['reasons'])) return [];
    const common = { ...about, ...group, kind, outcome: 'deny' };
    return Object.entries(group['reasons']).flatMap(([code, count]) =>
      Number.isSafeInteger(count) && (count as number) > 0
        ? [{ record: { ...common, reasons: [code] }, count: count as number }]
        : [],
    );
  });
  // Of no decision that anybody could count, and still a record that stands in the log.
  return parts.length === 0 ? [{ record: { ...about, kind }, count: 0 }] : parts;
}
