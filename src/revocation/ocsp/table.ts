import type { EpochMs } from '../../lib/clock.ts';
import type { SqlValue, Store } from '../../store/types.ts';
import { forgetAnswers, noteSigner, signerNotNoted, type SignedAnswer } from './signers.ts';
import type { OcspAnswer } from './types.ts';

/** A certificate that a responder is asked about. */
export interface OcspKey {
  /** SHA-256 (hex) of its issuer's SubjectPublicKeyInfo. */
  readonly issuerKey: string;
  /** Lower-case hex without leading zero octets. */
  readonly serial: string;
}

/** A certificate that is to be asked about now. */
export interface OcspDue extends OcspKey {
  /** Failed attempts since the last answer. */
  readonly failures: number;
}

export interface AnswerRow extends Record<string, SqlValue> {
  readonly status: OcspAnswer['status'] | null;
  readonly this_update: number | null;
  readonly next_update: number | null;
  readonly produced_at: number | null;
  readonly revoked_at: number | null;
  readonly reason: string | null;
  readonly signer_key: string | null;
  readonly digest: string | null;
}

export const answerColumns =
  'status, this_update, next_update, produced_at, revoked_at, reason, signer_key, digest';

/** When a certificate is asked about that is not in use: not before it is used again. */
const never = 8_640_000_000_000_000;

/** The serial number as the table's key has it. */
export function serialKey(serial: string): Uint8Array {
  return Buffer.from(serial, 'hex');
}

/** The answer of a row; null where none was ever given. */
export function answerOfRow(row: AnswerRow | undefined): OcspAnswer | null {
  if (!row || row.status === null) return null;
  return {
    digest: row.digest as string,
    next_update: row.next_update,
    produced_at: row.produced_at as number,
    reason: row.reason,
    revoked_at: row.revoked_at,
    signer_key: row.signer_key as string,
    status: row.status,
    this_update: row.this_update as number,
  };
}

/** No certificate that is in use waits longer: a later time was noted by a clock that has since been put back (ms). */
const longestWait = 30 * 24 * 3_600_000;

/**
 * Notes that certificates were used in connections; one that is new, or was put off until then, is asked about at once,
 * and so is one whose answer does not count because nobody knows any more who signed it.
 * Only within `transact`.
 */
export function noteUses(store: Store, keys: readonly OcspKey[], now: EpochMs): void {
  const note = store.prepare(
    `INSERT INTO ocsp (issuer_key, serial, used_at, next_fetch, failures) VALUES (?, ?, ?, ?, 0)
       ON CONFLICT (issuer_key, serial) DO UPDATE SET used_at = excluded.used_at,
         next_fetch = iif(next_fetch > excluded.next_fetch + ${longestWait} OR (failures = 0 AND ${signerNotNoted}),
           min(excluded.next_fetch, next_fetch), next_fetch)`,
  );
  for (const { issuerKey, serial } of keys) note.run(issuerKey, serialKey(serial), now, now);
}

/**
 * Certificates of an issuer that are due and in use, those first that have waited longest. Those that are not are put off
 * until they are used again. Throws PDP_STORE_UNAVAILABLE.
 */
export function readDue(
  store: Store,
  o: {
    readonly issuerKey: string;
    readonly now: EpochMs;
    readonly usedSince: EpochMs;
    readonly limit: number;
  },
): readonly OcspDue[] {
  const { issuerKey, now, usedSince, limit } = o;
  const due = store
    .prepare<{ serial: Uint8Array; failures: number; used_at: number }>(
      `SELECT serial, failures, used_at FROM ocsp
         WHERE issuer_key = ? AND next_fetch <= ? ORDER BY next_fetch LIMIT ?`,
    )
    .all(issuerKey, now, limit);
  const unused = due.filter(({ used_at: at }) => at < usedSince);
  if (unused.length > 0) {
    const putOff = store.prepare('UPDATE ocsp SET next_fetch = ? WHERE issuer_key = ? AND serial = ?');
    store.transact(() => unused.forEach(({ serial }) => void putOff.run(never, issuerKey, serial)));
  }
  return due
    .filter(({ used_at: at }) => at >= usedSince)
    .map(({ serial, failures }) => ({ issuerKey, serial: Buffer.from(serial).toString('hex'), failures }));
}

export interface SavedAnswer extends OcspKey {
  readonly answer: SignedAnswer;
  readonly responder: string;
  readonly now: EpochMs;
  readonly nextFetch: EpochMs;
}

/**
 * Keeps a verified answer, unless a newer one is known already, or one that revokes where this one knows nothing. What changes a known status, or revokes, is a change of
 * state with an epoch; a first or renewed good is not, since nobody remembers that there was none (`createOcspReader`).
 * Answers whether it was kept. Only within `transact`.
 */
export function saveAnswer(store: Store, saved: SavedAnswer): boolean {
  const { issuerKey, serial, answer, now } = saved;
  const key = serialKey(serial);
  const before = answerOfRow(
    store
      .prepare<AnswerRow>(`SELECT ${answerColumns} FROM ocsp WHERE issuer_key = ? AND serial = ?`)
      .get(issuerKey, key),
  );
  if (before !== null && (isOlder(answer, before) || forgets(answer, before))) return false;
  if (answer.signer) noteSigner(store, issuerKey, answer.signer, now);
  store
    .prepare(
      `INSERT INTO ocsp (issuer_key, serial, status, this_update, next_update, produced_at, revoked_at, reason,
          signer_key, digest, fetched_at, used_at, next_fetch, failures)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
        ON CONFLICT (issuer_key, serial) DO UPDATE SET status = excluded.status, this_update = excluded.this_update,
          next_update = excluded.next_update, produced_at = excluded.produced_at, revoked_at = excluded.revoked_at,
          reason = excluded.reason, signer_key = excluded.signer_key, digest = excluded.digest,
          fetched_at = excluded.fetched_at, next_fetch = excluded.next_fetch, failures = 0`,
    )
    .run(
      ...[issuerKey, key, answer.status, answer.this_update, answer.next_update, answer.produced_at],
      ...[answer.revoked_at, answer.reason, answer.signer_key, answer.digest, now, now, whileSigned(saved)],
    );
  if (isChange(before, answer)) recordChange(store, saved, before);
  return true;
}

/** A certificate is not asked about more often than that because its answer's signer expires (ms). */
const leastWait = 60_000;

/** An answer ends with its signer's certificate, if that is sooner: it is renewed at half of the time until then. */
function whileSigned({ answer, now, nextFetch }: SavedAnswer): EpochMs {
  const { signer } = answer;
  if (!signer || signer.role === 'issuer' || isRevoking(answer)) return nextFetch;
  return Math.min(nextFetch, now + Math.max(leastWait, Math.floor((signer.certificate.notAfter - now) / 2)));
}

/** Of two of the same time the one counts that revokes. */
function isOlder(answer: OcspAnswer, before: OcspAnswer): boolean {
  if (answer.this_update !== before.this_update) return answer.this_update < before.this_update;
  return isRevoking(before) && !isRevoking(answer);
}

/** A responder that does not know a certificate any more, as after a loss of its data, takes no revocation back. */
function forgets(answer: OcspAnswer, before: OcspAnswer): boolean {
  return answer.status === 'unknown' && isRevoking(before);
}

function isRevoking({ status }: OcspAnswer): boolean {
  return status === 'revoked' || status === 'on_hold';
}

function isChange(before: OcspAnswer | null, answer: OcspAnswer): boolean {
  return before === null ? isRevoking(answer) : before.status !== answer.status;
}

function recordChange(store: Store, saved: SavedAnswer, before: OcspAnswer | null): void {
  const { issuerKey, serial, answer, responder, now } = saved;
  store.change({
    tenant: 'default',
    at: now,
    actor: 'server',
    why: 'background source',
    kind: 'ocsp.answer',
    selector: `${issuerKey}:${serial}`,
    detail: {
      status: answer.status,
      before: before?.status ?? null,
      reason: answer.reason,
      responder,
      digest: answer.digest,
    },
  });
}

/**
 * Forgets what of an issuer was answered with other keys than these, but what revokes: it is asked for again. Keys as
 * SHA-256 (hex) of SubjectPublicKeyInfo. Answers how many, in one transaction with its change.
 */
export function forgetOtherSigners(
  store: Store,
  o: { readonly issuerKey: string; readonly keys: readonly string[]; readonly now: EpochMs },
): number {
  const { issuerKey, keys, now } = o;
  return store.transact(() => {
    const forgotten = store
      .prepare(`${forgetAnswers} AND signer_key NOT IN (SELECT value FROM json_each(?3))`)
      .run(now, issuerKey, JSON.stringify(keys)).changes;
    if (forgotten > 0)
      store.change({
        ...{ tenant: 'default', at: now, actor: 'server', why: 'other signers are configured' },
        ...{ kind: 'ocsp.forget', selector: issuerKey, detail: { forgotten } },
      });
    return forgotten;
  });
}

/** Notes that there was no answer that can be used. Only within `transact`. */
export function saveFailure(
  store: Store,
  { issuerKey, serial, failures }: OcspDue,
  nextFetch: EpochMs,
): void {
  store
    .prepare('UPDATE ocsp SET failures = ?, next_fetch = ? WHERE issuer_key = ? AND serial = ?')
    .run(failures, nextFetch, issuerKey, serialKey(serial));
}

/** Makes at most `limit` certificates due that were used since. */
export function makeDue(store: Store, now: EpochMs, usedSince: EpochMs, limit: number): void {
  store.transact(() => {
    store
      .prepare(
        `UPDATE ocsp SET next_fetch = ?1 WHERE (issuer_key, serial) IN (SELECT issuer_key, serial FROM ocsp
           WHERE next_fetch > ?1 AND used_at >= ?2 LIMIT ?3)`,
      )
      .run(now, usedSince, limit);
  });
}

/** Forgets at most `limit` certificates that were not used since; what revokes stays. Answers how many. */
export function pruneAnswers(store: Store, usedBefore: EpochMs, limit: number): number {
  return store.transact(
    () =>
      store
        .prepare(
          `DELETE FROM ocsp WHERE (issuer_key, serial) IN (SELECT issuer_key, serial FROM ocsp
             WHERE used_at < ? AND coalesce(status, '') NOT IN ('revoked', 'on_hold') LIMIT ?)`,
        )
        .run(usedBefore, limit).changes,
  );
}

/** What is kept of one issuer's certificates. */
export interface OcspCounts {
  readonly good: number;
  readonly revoked: number;
  readonly unknown: number;
  /** Of certificates that were used, and about which nothing is known. */
  readonly unanswered: number;
  /** thisUpdate of the oldest answer about a certificate in use. */
  readonly oldest: EpochMs | null;
  readonly nextFetch: EpochMs | null;
}

/** Counts what is kept of an issuer; `usedSince` says which certificates are in use. Throws PDP_STORE_UNAVAILABLE. */
export function countAnswers(store: Store, issuerKey: string, usedSince: EpochMs): OcspCounts {
  const row = store
    .prepare<Record<'good' | 'revoked' | 'unknown' | 'unanswered' | 'oldest' | 'next_fetch', number | null>>(
      `SELECT sum(status = 'good') AS good, sum(status IN ('revoked', 'on_hold')) AS revoked,
          sum(status = 'unknown') AS unknown, sum(status IS NULL) AS unanswered,
          min(CASE WHEN used_at >= ?1 THEN this_update END) AS oldest,
          min(CASE WHEN used_at >= ?1 THEN next_fetch END) AS next_fetch
        FROM ocsp WHERE issuer_key = ?2`,
    )
    .get(usedSince, issuerKey);
  return {
    good: row?.good ?? 0,
    revoked: row?.revoked ?? 0,
    unknown: row?.unknown ?? 0,
    unanswered: row?.unanswered ?? 0,
    oldest: row?.oldest ?? null,
    nextFetch: row?.next_fetch ?? null,
  };
}
