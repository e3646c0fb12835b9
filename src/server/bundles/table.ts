import type { EpochMs } from '../../lib/clock.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { SqlValue, Store } from '../../store/types.ts';

/** A bundle that is kept, without its bytes. */
export interface KeptBundle {
  /** SHA-256 of its bytes, lower-case hex. */
  readonly digest: string;
  readonly revision: string;
  /** Name of the source that brought it last, `bundle` for that of `policy.bundle`. */
  readonly source: string;
  /** Where the source stood. */
  readonly location: string;
  readonly broughtAt: EpochMs;
  /** Whose signature was verified; null where none need be. */
  readonly keyId: string | null;
  /** What its self-test was passed under. */
  readonly tested: string;
  /** How many cases that had. */
  readonly cases: number;
  /** Grows each time that a bundle comes into force; null where it never was. */
  readonly turn: number | null;
  readonly inForceAt: EpochMs | null;
}

/** What an operator has put in force until it is unpinned. */
export interface BundlePin {
  readonly digest: string;
  readonly at: EpochMs;
  readonly actor: string;
  readonly why: string;
}

interface Row extends Record<string, SqlValue> {
  readonly digest: string;
  readonly revision: string;
  readonly source: string;
  readonly location: string;
  readonly brought_at: number;
  readonly key_id: string | null;
  readonly tested: string;
  readonly cases: number;
  readonly turn: number | null;
  readonly in_force_at: number | null;
}

const columns = 'digest, revision, source, location, brought_at, key_id, tested, cases, turn, in_force_at';

/** All kept bundles, the one that came into force last first. Throws PDP_STORE_UNAVAILABLE. */
export function keptBundles(store: Store): readonly KeptBundle[] {
  return store
    .prepare<Row>(`SELECT ${columns} FROM bundles ORDER BY turn DESC NULLS LAST, brought_at DESC, digest`)
    .all()
    .map(fromRow);
}

/** The kept bundle of a digest; undefined where it is not kept. Throws PDP_STORE_UNAVAILABLE. */
export function keptBundle(store: Store, digest: string): KeptBundle | undefined {
  const row = store.prepare<Row>(`SELECT ${columns} FROM bundles WHERE digest = ?`).get(digest);
  return row && fromRow(row);
}

/** The bundle that came into force last; undefined where none is kept that ever was. Throws PDP_STORE_UNAVAILABLE. */
export function lastInForce(store: Store): KeptBundle | undefined {
  const row = store
    .prepare<Row>(`SELECT ${columns} FROM bundles WHERE turn IS NOT NULL ORDER BY turn DESC LIMIT 1`)
    .get();
  return row && fromRow(row);
}

/**
 * A kept bundle's bytes; undefined where it is not kept. Throws PDP_STORE_UNAVAILABLE, and PDP_BUNDLE_INVALID where they
 * are not those that were kept: another bundle must not come into force under this one's name.
 */
export function keptBytes(store: Store, digest: string): Uint8Array | undefined {
  const bytes = store
    .prepare<{ bytes: Uint8Array }>('SELECT bytes FROM bundles WHERE digest = ?')
    .get(digest)?.bytes;
  if (bytes && sha256Hex(bytes) !== digest)
    throw new PortreeveError('PDP_BUNDLE_INVALID', `the kept bundle ${digest} is damaged`);
  return bytes;
}

/** What is kept of a bundle beside what its coming into force adds. */
export type NewBundle = Omit<KeptBundle, 'turn' | 'inForceAt'> & { readonly bytes: Uint8Array };

/**
 * Keeps a bundle that has passed, as what its source has brought last, and forgets those beyond `keep` as `cameIntoForce`
 * does: a source whose bundles never come into force must not fill the disk. Throws PDP_STORE_UNAVAILABLE.
 */
export function keepBundle(store: Store, bundle: NewBundle, keep: number): void {
  const { digest, revision, bytes, source, location, broughtAt, keyId, tested, cases } = bundle;
  store.transact(() => {
    const known = store
      .prepare(
        `UPDATE bundles SET source = ?, location = ?, brought_at = ?, key_id = ?, tested = ?, cases = ?
        WHERE digest = ?`,
      )
      .run(source, location, broughtAt, keyId, tested, cases, digest);
    // Many bytes are not written again for a row that has them.
    if (known.changes === 0) {
      store
        .prepare(
          `INSERT INTO bundles (digest, revision, bytes, source, location, brought_at, key_id, tested, cases)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(digest, revision, bytes, source, location, broughtAt, keyId, tested, cases);
    }
    store
      .prepare('INSERT OR REPLACE INTO bundle_offers (source, location, digest) VALUES (?, ?, ?)')
      .run(source, location, digest);
    forget(store, keep);
  });
}

/** Forgets bundles beyond `keep`, longest out of force first; never what is pinned, nor what a source has brought last. */
function forget(store: Store, keep: number): void {
  store
    .prepare(
      `DELETE FROM bundles WHERE digest NOT IN (
        SELECT digest FROM bundles ORDER BY turn DESC NULLS LAST, brought_at DESC LIMIT ?)
      AND digest NOT IN (SELECT digest FROM bundle_offers) AND digest NOT IN (SELECT digest FROM bundle_pin)`,
    )
    .run(keep);
}

/** What each source has brought last: digest by source and location. Throws PDP_STORE_UNAVAILABLE. */
export function offeredBundles(
  store: Store,
): readonly { readonly source: string; readonly location: string; readonly digest: string }[] {
  return store
    .prepare<{
      source: string;
      location: string;
      digest: string;
    }>('SELECT source, location, digest FROM bundle_offers ORDER BY source')
    .all();
}

/**
 * Notes that a bundle came into force, and forgets those beyond `keep` that were longest out of it; never what is
 * pinned, nor what a configured source has brought last. Throws PDP_STORE_UNAVAILABLE.
 */
export function cameIntoForce(
  store: Store,
  digest: string,
  at: EpochMs,
  { keep, sources }: { readonly keep: number; readonly sources: readonly string[] },
): void {
  store.transact(() => {
    const [last, pin] = [lastInForce(store), bundlePin(store)];
    // What is pinned comes into force once more: whoever pinned it waits for that.
    const pinned = pin?.digest === digest ? pin.at : undefined;
    if (last?.digest !== digest || (last.inForceAt ?? 0) < (pinned ?? 0)) {
      store
        .prepare(
          `UPDATE bundles SET turn = (SELECT coalesce(max(turn), 0) + 1 FROM bundles), in_force_at = ?
          WHERE digest = ?`,
        )
        .run(Math.max(at, pinned ?? at), digest);
    }
    const configured = JSON.stringify(sources);
    store
      .prepare('DELETE FROM bundle_offers WHERE source NOT IN (SELECT value FROM json_each(?))')
      .run(configured);
    forget(store, keep);
  });
}

/** The pin; undefined where there is none. Throws PDP_STORE_UNAVAILABLE. */
export function bundlePin(store: Store): BundlePin | undefined {
  return store
    .prepare<{
      digest: string;
      at: number;
      actor: string;
      why: string;
    }>('SELECT digest, at, actor, why FROM bundle_pin')
    .get();
}

/** Pins a kept bundle, recorded as a change. Throws PDP_NOT_FOUND where it is not kept, PDP_STORE_UNAVAILABLE. */
export function pinBundle(
  store: Store,
  pin: BundlePin,
  kind: 'policy.rollback' | 'policy.promote' = 'policy.rollback',
): number {
  const { digest, at, actor, why } = pin;
  return store.transact(() => {
    const bundle = keptBundle(store, digest);
    if (!bundle) throw new PortreeveError('PDP_NOT_FOUND', `bundle ${digest} is not kept any more`);
    const before = bundlePin(store)?.digest ?? lastInForce(store)?.digest ?? null;
    store
      .prepare('INSERT OR REPLACE INTO bundle_pin (one, digest, at, actor, why) VALUES (1, ?, ?, ?, ?)')
      .run(digest, at, actor, why);
    const detail = { before, after: digest, revision: bundle.revision };
    return store.change({
      ...{ tenant: 'default', at, actor, why, kind, selector: digest },
      detail,
    });
  });
}

/** Takes the pin away, recorded as a change; undefined where there was none. Throws PDP_STORE_UNAVAILABLE. */
export function unpinBundle(
  store: Store,
  by: Omit<BundlePin, 'digest'>,
): { readonly pin: BundlePin; readonly epoch: number } | undefined {
  return store.transact(() => {
    const pin = bundlePin(store);
    if (!pin) return undefined;
    store.prepare('DELETE FROM bundle_pin').run();
    const detail = { pinned_by: pin.actor, pinned_for: pin.why };
    const epoch = store.change({
      ...{ tenant: 'default', at: by.at, actor: by.actor, why: by.why },
      ...{ kind: 'policy.unpin', selector: pin.digest, detail },
    });
    return { pin, epoch };
  });
}

function fromRow(row: Row): KeptBundle {
  const { digest, revision, source, location, tested, cases, turn } = row;
  return {
    ...{ digest, revision, source, location, tested, cases, turn },
    broughtAt: row.brought_at,
    keyId: row.key_id,
    inForceAt: row.in_force_at,
  };
}
