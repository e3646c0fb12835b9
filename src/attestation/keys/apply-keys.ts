import type { EpochMs } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import { attestationLimits } from '../limits.ts';
import { readKeySet } from './key-set.ts';
import type { VerifierKey } from './key-set.ts';

export interface ApplyKeysOptions {
  /** Configured name of the verifier. */
  readonly verifier: string;
  /** The file or URL that the set was read from. */
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly now: EpochMs;
  readonly actor: string;
  readonly why: string;
}

export interface AppliedKeys {
  readonly changed: boolean;
  /** Thumbprints of keys that are new, that came back, and that vanished. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Keys in the set. */
  readonly keys: number;
}

interface KeptRow {
  readonly thumbprint: string;
  readonly kid: string | null;
  readonly alone: number;
  readonly gone_at: number | null;
}

/**
 * Makes a verifier's published set the one in force, in one transaction. What vanished from it is marked with `now`;
 * for how long it is still accepted is for the configuration to say. A set that cannot be read or has no key of use
 * changes nothing: throws PDP_KEYS_INVALID, and the last good one stays. PDP_LIMIT_EXCEEDED where a verifier changes
 * its keys so often that more would have to be kept than is sensible.
 */
export async function applyKeys(store: Store, options: ApplyKeysOptions): Promise<AppliedKeys> {
  const { keys } = await readKeySet(options.bytes);
  return store.transact(() => replaceKeys(store, options, keys));
}

function replaceKeys(store: Store, options: ApplyKeysOptions, keys: readonly VerifierKey[]): AppliedKeys {
  const { verifier, source, now, actor, why } = options;
  const kept = keptRows(store, verifier, source);
  const published = new Set(keys.map(({ thumbprint }) => thumbprint));
  const added = keys.filter(({ thumbprint, kid, alone }) => {
    const row = kept.get(thumbprint);
    return !row || row.gone_at !== null || row.kid !== kid || row.alone !== Number(alone);
  });
  const removed = [...kept.values()].filter((row) => row.gone_at === null && !published.has(row.thumbprint));
  const changed = added.length > 0 || removed.length > 0;
  refuseFlood(verifier, kept.size + added.filter(({ thumbprint }) => !kept.has(thumbprint)).length);
  for (const key of added) writeKey(store, options, key);
  for (const { thumbprint } of removed) markGone(store, options, thumbprint);
  if (changed) forgetLongGone(store, options);
  const told = {
    added: added.map(({ thumbprint }) => thumbprint),
    removed: removed.map(({ thumbprint }) => thumbprint),
  };
  if (changed) {
    const detail = { source, keys: keys.length, ...told };
    store.change({
      tenant: 'default',
      at: now,
      actor,
      why,
      kind: 'attestation.keys',
      selector: verifier,
      detail,
    });
  }
  return { changed, ...told, keys: keys.length };
}

/** Longest overlap that can be configured; what vanished before that is of no more use. */
const longestOverlapMs = 90 * 86_400_000;

function keptRows(store: Store, verifier: string, source: string): ReadonlyMap<string, KeptRow> {
  const rows = store
    .prepare<{ thumbprint: string; kid: string | null; alone: number; gone_at: number | null }>(
      'SELECT thumbprint, kid, alone, gone_at FROM attestation_keys WHERE verifier = ? AND source = ?',
    )
    .all(verifier, source);
  return new Map(rows.map((row) => [row.thumbprint, row]));
}

function writeKey(store: Store, { verifier, source, now }: ApplyKeysOptions, key: VerifierKey): void {
  store
    .prepare(
      `INSERT INTO attestation_keys (verifier, source, thumbprint, kid, alone, algorithm, jwk, first_seen, gone_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)
       ON CONFLICT (verifier, source, thumbprint)
         DO UPDATE SET kid = excluded.kid, alone = excluded.alone, gone_at = NULL`,
    )
    .run(verifier, source, key.thumbprint, key.kid, Number(key.alone), key.algorithm, key.jwk, now);
}

function markGone(store: Store, { verifier, source, now }: ApplyKeysOptions, thumbprint: string): void {
  store
    .prepare('UPDATE attestation_keys SET gone_at = ? WHERE verifier = ? AND source = ? AND thumbprint = ?')
    .run(now, verifier, source, thumbprint);
}

function forgetLongGone(store: Store, { verifier, source, now }: ApplyKeysOptions): void {
  store
    .prepare('DELETE FROM attestation_keys WHERE verifier = ? AND source = ? AND gone_at < ?')
    .run(verifier, source, now - longestOverlapMs);
}

function refuseFlood(verifier: string, keys: number): void {
  if (keys <= attestationLimits.keptKeys) return;
  throw new PortreeveError(
    'PDP_LIMIT_EXCEEDED',
    `verifier ${verifier} would have ${keys} keys with those that vanished of late, more than ${attestationLimits.keptKeys}: ` +
      'find out why it changes its keys so often',
  );
}
