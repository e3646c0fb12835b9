import type { MadeDecision } from '../decision/types.ts';
import { buildRecord } from './record.ts';
import type { AuditRecord } from './record.ts';
import type { RecordMode } from './home.ts';

/** The record of what was answered, where another of the same decision may stand before it in the log. */
export interface SupersedingRecord extends AuditRecord {
  readonly supersedes: true;
}

/**
 * Writes the record of what was answered in the place of a decision whose record came too late: the same
 * `decision_id`, and `supersedes`. The last record of an id is what was answered. Pure.
 */
export function buildSupersedingRecord(answered: MadeDecision, mode?: RecordMode): SupersedingRecord {
  return { ...buildRecord(answered, mode), supersedes: true };
}
