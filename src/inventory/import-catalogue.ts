import { PortreeveError } from '../lib/errors.ts';
import type { Store } from '../store/types.ts';
import { catalogueDifference, toldDifference, type CatalogueDifference } from './catalogue-difference.ts';
import { catalogueRows } from './catalogue-rows.ts';
import type { CatalogueImport, CatalogueResult } from './catalogue-types.ts';
import { requireLockout, type Lockout } from './lockout-limit.ts';
import { ProblemList } from './problems.ts';

/** What one kind of catalogue is made of. */
export interface CatalogueKind<Draft> {
  /** `changes.kind` of its imports. */
  readonly change: string;
  /** What it is called where it is empty. */
  readonly what: string;
  readonly fields: readonly string[];
  /** Builds a row strictly; every problem is reported, and the answer is then undefined. */
  readonly read: (
    fields: Readonly<Record<string, unknown>>,
    report: (message: string) => void,
  ) => Draft | undefined;
  /** Which row it is within its tenant. */
  readonly key: (draft: Draft) => string;
  readonly text: (draft: Draft) => string;
  /** Every row of a tenant. */
  readonly present: (store: Store, tenant: string) => readonly Draft[];
  readonly write: (store: Store, tenant: string, draft: Draft, epoch: number, now: number) => void;
  readonly remove: (store: Store, tenant: string, draft: Draft) => void;
  /** Whether a command has taken a row back that is not there. */
  readonly takenBack?: (store: Store, tenant: string, draft: Draft) => boolean;
  /** The active devices that a difference keeps out, where that can be told. */
  readonly lockout?: (
    store: Store,
    difference: CatalogueDifference<Draft>,
    options: CatalogueImport,
  ) => Lockout;
}

/**
 * Imports a catalogue, all or nothing, in one transaction that writes what differs alone; the same content again changes
 * nothing. Throws LockoutRefused (PDP_LOCKOUT) for one that keeps out more active devices than `lockout` says, InventoryInvalid (PDP_INVENTORY_INVALID) with every problem and its line, PDP_INVENTORY_INVALID for a
 * file without rows, PDP_LIMIT_EXCEEDED for one that is too long, PDP_STORE_UNAVAILABLE.
 */
export function importCatalogue<Draft>(
  store: Store,
  kind: CatalogueKind<Draft>,
  options: CatalogueImport,
): CatalogueResult {
  const wanted = readAll(kind, options);
  if (wanted.size === 0 && options.allowEmpty !== true) {
    throw new PortreeveError(
      'PDP_INVENTORY_INVALID',
      `the file has no ${kind.what}; nothing was imported (give --allow-empty where that is meant)`,
    );
  }
  // Counted before the transaction, so that nobody waits for it.
  const lockout = store.snapshot(
    () => kind.lockout?.(store, compare(store, kind, wanted, options).difference, options) ?? null,
  );
  if (options.dryRun === true)
    return store.snapshot(() => ({ ...compare(store, kind, wanted, options).result, lockout }));
  if (lockout !== null && options.lockout) requireLockout(lockout, options.lockout);
  return store.transact(() => {
    const { difference, result: counted } = compare(store, kind, wanted, options);
    const result = { ...counted, lockout };
    const { added, changed, removed } = difference;
    if (added.length + changed.length + removed.length === 0) return result;
    const { tenant, now, actor, why, source } = options;
    const { epoch: _none, lockout: out, ...counts } = result;
    const detail = { ...counts, ...(out !== null && { kept_out: out.kept_out }) };
    const epoch = store.change({
      ...{ tenant, at: now, actor, why, kind: kind.change, selector: source },
      detail,
    });
    for (const draft of removed) kind.remove(store, tenant, draft);
    for (const draft of added) kind.write(store, tenant, draft, epoch, now);
    for (const { after } of changed) kind.write(store, tenant, after, epoch, now);
    return { ...result, epoch };
  });
}

/** The file's rows by their keys. */
function readAll<Draft>(
  kind: CatalogueKind<Draft>,
  { bytes, format, columns }: CatalogueImport,
): ReadonlyMap<string, Draft> {
  const problems = new ProblemList();
  const wanted = new Map<string, Draft>();
  const lines = new Map<string, number>();
  for (const { line, fields } of catalogueRows({ bytes, format, fields: kind.fields, columns }, problems)) {
    const draft = kind.read(fields, (message) => problems.add(line, message));
    if (draft === undefined) continue;
    const key = kind.key(draft);
    const earlier = lines.get(key);
    if (earlier !== undefined) problems.add(line, `${kind.text(draft)} is on line ${earlier} too`);
    lines.set(key, line);
    wanted.set(key, draft);
  }
  if (problems.any) throw problems.toError();
  return wanted;
}

function compare<Draft>(
  store: Store,
  kind: CatalogueKind<Draft>,
  wanted: ReadonlyMap<string, Draft>,
  { tenant, whole = false, keepTakenBack = false }: CatalogueImport,
) {
  const present = new Map(kind.present(store, tenant).map((draft) => [kind.key(draft), draft]));
  const { added: named, ...others } = catalogueDifference(present, wanted, whole);
  const added = named.filter((draft) => !(keepTakenBack && kind.takenBack?.(store, tenant, draft) === true));
  const difference = { ...others, added };
  const result: CatalogueResult = {
    rows: wanted.size,
    added: added.length,
    changed: difference.changed.length,
    removed: difference.removed.length,
    unchanged: difference.unchanged,
    kept_back: named.length - added.length,
    lockout: null,
    differences: toldDifference(difference, kind.text),
    epoch: null,
  };
  return { difference, result };
}
