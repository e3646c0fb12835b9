import type { EpochMs } from '../lib/clock.ts';
import type { Store } from '../store/types.ts';
import { bindingKey } from './binding-fields.ts';
import { currentRow, encodeDevice, type DeviceContent, type DeviceRow } from './device-rows.ts';

import { forbiddenChange } from './lifecycle.ts';
import type { LockoutTally } from './lockout-tally.ts';
import type { ImportRow } from './ndjson-rows.ts';
import type { ProblemList } from './problems.ts';

/** Where one import stages: its tenant, its generation, and the epoch that it started from. */
export interface Staging {
  readonly tenant: string;
  readonly generation: number;
  readonly baseEpoch: number;
  readonly now: EpochMs;
}

/** What an import did or would do; the first few device ids of each kind for people. */
export interface Tally {
  added: number;
  changed: number;
  unchanged: number;
  readonly firstAdded: string[];
  readonly firstChanged: string[];
  /** Active devices that the import keeps out. */
  readonly keptOut: LockoutTally;
}

const shownIds = 5;

/**
 * Answers a function that stages one row within a transaction: notes its device id (a second row of the same
 * device is a problem that names both lines), compares it with what is visible, and stores it where it differs. An
 * active device that would be none any more, or of a class that is not among the configured `classes`, is kept out.
 */
export function createStager(
  store: Store,
  staging: Staging,
  problems: ProblemList,
  tally: Tally,
  classes?: ReadonlySet<string>,
): (row: ImportRow) => void {
  const { tenant, generation, baseEpoch, now } = staging;
  const read = currentRow(store);
  const note = store.prepare(
    'INSERT INTO staged_devices (generation, device_id, tenant, line) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const noted = store.prepare<{ line: number }>(
    'SELECT line FROM staged_devices WHERE generation = ? AND device_id = ?',
  );
  const put = store.prepare(
    `INSERT INTO devices (tenant, device_id, generation, updated_at, status, class, body) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const bind = store.prepare(
    'INSERT INTO device_keys (tenant, key, device_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  return ({ line, draft }) => {
    const id = draft.device_id;
    if (note.run(generation, id, tenant, line).changes === 0) {
      const first = noted.get(generation, id)?.line ?? 0;
      return problems.add(line, `device_id ${JSON.stringify(id)} is on line ${first} already`);
    }
    const current = read(tenant, id);
    const wanted = withEditedStatus(encodeDevice(draft), current, baseEpoch);
    if (current !== undefined && forbiddenChange(current.status, wanted.status, { why: true })) {
      return problems.add(
        line,
        `device ${JSON.stringify(id)} is decommissioned, which is final: it cannot become ${wanted.status}`,
      );
    }
    if (current !== undefined && keepsOut(current, wanted, classes)) {
      tally.keptOut.add(current.class, siteOf(current));
    }
    // After the first problem nothing will become visible: the rest is read only to tell what else is wrong.
    if (count(tally, id, current, wanted) && !problems.any) {
      put.run(tenant, id, generation, now, wanted.status, wanted.class, wanted.body);
      for (const key of draft.keys) bind.run(tenant, Buffer.from(bindingKey(key), 'hex'), id);
    }
  };
}

/** An active device loses its status, or its class becomes one that the configuration does not know. */
function keepsOut(current: DeviceRow, wanted: DeviceContent, classes?: ReadonlySet<string>): boolean {
  if (current.status !== 'active') return false;
  if (wanted.status !== 'active') return true;
  return classes !== undefined && classes.has(current.class) && !classes.has(wanted.class);
}

function siteOf(row: DeviceContent): string | null {
  return (JSON.parse(row.body) as { readonly site?: string }).site ?? null;
}

/** An edit since the import began wins over the import's status: an urgent disable is not undone by a file from before. */
function withEditedStatus(
  wanted: DeviceContent,
  current: DeviceRow | undefined,
  baseEpoch: number,
): DeviceContent {
  const edited = current !== undefined && current.epoch !== null && current.epoch > baseEpoch;
  return edited ? { ...wanted, status: current.status } : wanted;
}

/** Counts a row as added, changed or unchanged; true where it has to be stored. */
function count(tally: Tally, id: string, current: DeviceRow | undefined, wanted: DeviceContent): boolean {
  if (current === undefined) {
    tally.added += 1;
    if (tally.firstAdded.length < shownIds) tally.firstAdded.push(id);
    return true;
  }
  if (sameContent(current, wanted)) {
    tally.unchanged += 1;
    return false;
  }
  tally.changed += 1;
  if (tally.firstChanged.length < shownIds) tally.firstChanged.push(id);
  return true;
}

function sameContent(a: DeviceContent, b: DeviceContent): boolean {
  return a.status === b.status && a.class === b.class && a.body === b.body;
}
