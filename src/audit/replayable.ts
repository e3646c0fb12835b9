import type { Difference } from '../decision/differences.ts';
import type { AuditRecord } from './record.ts';
import { namesOf } from './redact/pointer.ts';
import { hiddenIn } from './redact/restore.ts';

/** What a replay came to, as far as the record has what it was made from. */
export interface JudgedReplay {
  readonly differences: readonly Difference[];
  readonly missing: readonly string[];
  /** JSON pointers of what is not revealed: at these places nothing was compared. */
  readonly hidden: readonly string[];
}

/**
 * Judges what came of replaying a record that may lack parts. What was cut off a long record leaves nothing to replay.
 * What stands as a commitment is not compared; where something else differs, that may be because of it, so that nothing can
 * be said.
 */
export function judgeReplay(
  record: AuditRecord,
  { differences, missing }: Pick<JudgedReplay, 'differences' | 'missing'>,
): JudgedReplay {
  const hidden = hiddenIn(record);
  const cut = (record.cut ?? []).map(({ path }) => `${path}, which was cut`);
  const places = new Set(hidden.map((pointer) => placeOf(record, pointer)));
  const left = differences.filter(({ path }) => !places.has(path));
  const undecidable = left.length > 0 ? hidden.map((pointer) => `${pointer}, which is redacted`) : [];
  const lost = [...new Set([...missing, ...cut, ...undecidable])];
  return { differences: undecidable.length > 0 ? [] : left, missing: lost, hidden };
}

/** A pointer as differences have it: `reasons[0].message`. */
function placeOf(record: object, pointer: string): string {
  let value: unknown = record;
  let place = '';
  for (const name of namesOf(pointer) ?? []) {
    place += Array.isArray(value) ? `[${name}]` : place === '' ? name : `.${name}`;
    value = (value as Record<string, unknown> | null | undefined)?.[name];
  }
  return place;
}
