import type { EpochMs } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import { currentRow, decodeDraft, encodeDevice, removedStatus } from './device-rows.ts';
import type { DeviceContent, DeviceRow } from './device-rows.ts';
import { deviceDifference, type DeviceDifference } from './difference.ts';
import { editsSince, isSetByEdit, keepingEdits } from './edited.ts';
import { keepingEnds } from './kept-ends.ts';
import { forbiddenChange } from './lifecycle.ts';
import type { ImportRow } from './ndjson-rows.ts';
import type { ProblemList } from './problems.ts';
import type { DeviceDraft } from './record.ts';
import { createWriter } from './staged-rows.ts';
import { count, type Tally } from './tally.ts';
import { createUnboundCheck, type BoundClasses } from './unbound.ts';

/** Where one import stages: its tenant, its generation, and the epoch that it started from. */
export interface Staging {
  readonly tenant: string;
  readonly generation: number;
  readonly baseEpoch: number;
  readonly now: EpochMs;
  /** The tenant has never had a device: there is nothing to compare with. */
  readonly first: boolean;
}

export interface StagerOptions {
  /** Classes that the configuration knows. */
  readonly classes?: ReadonlySet<string> | undefined;
  /** Those of them that ask for more than the right CA. */
  readonly bound?: BoundClasses | undefined;
  /** Somebody said why: what the lifecycle forbids else. */
  readonly why: boolean;
  /**
   * What becomes of a row whose status may not follow the present one: it is a problem, or keeps the present one. Where
   * it is kept nobody looks on, and what an operator keeps out is not let in either.
   */
  readonly forbidden: 'refuse' | 'keep';
  /** Whether to note what changes about each device. */
  readonly history: boolean;
  readonly onDifference?: ((difference: DeviceDifference) => void) | undefined;
}

/** What stages within a transaction. */
export interface Stager {
  /**
   * Notes a row's device id (a second row of the same device is a problem), compares it with what is visible, and stores
   * it where it differs.
   */
  readonly stage: (row: ImportRow) => void;
  /** Stores that a device that the file does not name is taken away. */
  readonly remove: (row: DeviceRow) => void;
}

/**
 * Makes the stager of one import. An active device that would be none any more, of a class that is not among the
 * configured ones, or without the certificate that it comes with, is kept out.
 */
export function createStager(
  store: Store,
  staging: Staging,
  problems: ProblemList,
  tally: Tally,
  options: StagerOptions,
): Stager {
  const { tenant, now, first } = staging;
  const { history, onDifference } = options;
  const read = currentRow(store);
  const write = createWriter(store, staging);
  const unbinds = createUnboundCheck(store, { tenant, now, classes: options.bound ?? new Map() });
  const tell = (id: string, before: DeviceDraft | undefined, after: DeviceDraft | undefined): void => {
    if (!history && !onDifference) return;
    const difference = deviceDifference(id, before, after);
    onDifference?.(difference);
    if (history && !problems.any) write.history(difference);
  };

  const stageFirst = ({ line, draft }: ImportRow): void => {
    const id = draft.device_id;
    const { status, class: className, body } = encodeDevice(draft);
    if (!write.put(id, now, status, className, body)) {
      return problems.add(line, `device_id ${JSON.stringify(id)} is on an earlier line already`);
    }
    count(tally, 'added', id);
    onDifference?.(deviceDifference(id, undefined, draft));
    for (const key of draft.keys) write.key(key, id);
  };

  const stage = ({ line, draft }: ImportRow): void => {
    const id = draft.device_id;
    const before = write.note(id, line);
    if (before !== undefined) {
      return problems.add(line, `device_id ${JSON.stringify(id)} is on line ${before} already`);
    }
    const current = read(tenant, id);
    const wanted = lawful(
      current,
      line,
      id,
      withEnds(withEdits(encodeDevice(draft), current, id), current, id),
    );
    if (wanted === undefined) return;
    if (current !== undefined && sameContent(current, wanted)) return count(tally, 'unchanged', id);
    count(tally, current === undefined ? 'added' : 'changed', id);
    if (
      current?.status === 'active' &&
      (keepsOut(current, wanted, options.classes) || unbinds(id, current, wanted))
    )
      tally.keptOut.add(current.class, siteOf(current));
    tell(id, current && decodeDraft(current), decodeDraft({ ...wanted, device_id: id }));
    // After the first problem nothing will become visible: the rest is read only to tell what else is wrong.
    if (problems.any) return;
    write.put(id, now, wanted.status, wanted.class, wanted.body);
    for (const key of draft.keys) write.key(key, id);
  };

  /** What was edited since the import began stays as it is. */
  const withEdits = (wanted: DeviceContent, current: DeviceRow | undefined, id: string): DeviceContent => {
    const edited = current !== undefined && current.epoch !== null && current.epoch > staging.baseEpoch;
    return edited
      ? keepingEdits(id, wanted, current, editsSince(store, tenant, id, staging.baseEpoch))
      : wanted;
  };

  /** Where nobody looks on, what a command has ended stays ended. */
  const withEnds = (wanted: DeviceContent, current: DeviceRow | undefined, id: string): DeviceContent => {
    if (current === undefined || options.forbidden !== 'keep') return wanted;
    const kept = keepingEnds(store, tenant, id, current, wanted);
    if (kept !== wanted) count(tally, 'kept_ended', id);
    return kept;
  };

  /** The row with a status that may follow the present one; undefined where it is a problem. */
  const lawful = (
    current: DeviceRow | undefined,
    line: number,
    id: string,
    wanted: DeviceContent,
  ): DeviceContent | undefined => {
    if (current === undefined) return wanted;
    const forbidden = forbiddenChange(current.status, wanted.status, { why: options.why });
    if (options.forbidden === 'keep' && (forbidden !== undefined || reopens(current, wanted, id))) {
      count(tally, 'kept_status', id);
      return { ...wanted, status: current.status };
    }
    if (forbidden === undefined) return wanted;
    return void problems.add(line, `device ${JSON.stringify(id)} ${forbidden}`);
  };

  /** A list that goes on saying what it always said would let in again whom an operator has just shut out. */
  const reopens = (current: DeviceRow, wanted: DeviceContent, id: string): boolean =>
    current.status !== 'active' &&
    wanted.status === 'active' &&
    isSetByEdit(store, tenant, id, current.status);

  const remove = (row: DeviceRow): void => {
    const id = row.device_id;
    count(tally, 'removed', id);
    if (row.status === 'active') tally.keptOut.add(row.class, siteOf(row));
    tell(id, decodeDraft(row), undefined);
    write.note(id, 0);
    write.put(id, now, removedStatus, row.class, '{}');
  };

  return { stage: first ? stageFirst : stage, remove };
}

/** An active device loses its status, or its class becomes one that the configuration does not know. */
function keepsOut(current: DeviceRow, wanted: DeviceContent, classes?: ReadonlySet<string>): boolean {
  if (wanted.status !== 'active') return true;
  return classes !== undefined && classes.has(current.class) && !classes.has(wanted.class);
}

function siteOf(row: DeviceContent): string | null {
  return (JSON.parse(row.body) as { readonly site?: string }).site ?? null;
}

function sameContent(a: DeviceContent, b: DeviceContent): boolean {
  return a.status === b.status && a.class === b.class && a.body === b.body;
}
