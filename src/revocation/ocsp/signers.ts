import { parseCertificate } from '../../identity/parse.ts';
import type { Certificate } from '../../identity/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { Store } from '../../store/types.ts';
import { entryKey } from '../entry-key.ts';
import { reasonNumbers } from '../reasons.ts';
import type { AnswerSigner, OcspAnswer } from './types.ts';

/**
 * Who signed the answers that are kept, by issuer and key, in the table `meta`: for a delegate (RFC 6960 section 4.2.2.2)
 * its certificate, since it may be revoked, or expire, before what it said does. Answers are many and signers are few,
 * so that the row of an answer has its key alone. Written without an epoch: `OcspReader.signer` reads it each time.
 */
const prefix = 'ocsp_signer:';

/** What stands in the place of a certificate that only the configuration makes a signer: that one is asked each time. */
const configured = '-';

/** Which answers, as rows of `ocsp`, somebody signed of whom nothing is noted: a program did that kept no signers. */
export const signerNotNoted = `status IN ('good', 'unknown') AND signer_key <> ocsp.issuer_key AND NOT EXISTS (
  SELECT 1 FROM meta WHERE key = '${prefix}' || ocsp.issuer_key || ':' || ocsp.signer_key)`;

/** How the answers of rows of `ocsp` are forgotten; ?1 is when they are asked for again. */
export const forgetAnswers = `UPDATE ocsp SET status = NULL, this_update = NULL, next_update = NULL,
    produced_at = NULL, revoked_at = NULL, reason = NULL, signer_key = NULL, digest = NULL, fetched_at = NULL,
    next_fetch = ?1
  WHERE issuer_key = ?2 AND status NOT IN ('revoked', 'on_hold')`;

/** An answer together with whoever signed it, where that is known. */
export type SignedAnswer = OcspAnswer & { readonly signer?: AnswerSigner };

/** Notes who signed an answer about an issuer's certificates, and forgets signers that have expired. Within `transact`. */
export function noteSigner(store: Store, issuerKey: string, signer: AnswerSigner, now: EpochMs): void {
  const { role, certificate } = signer;
  if (role === 'issuer' || certificate.keyDigest === issuerKey) return;
  const key = signerName(issuerKey, certificate.keyDigest);
  const der = role === 'delegate' ? Buffer.from(certificate.der).toString('base64') : configured;
  const value = `${certificate.notAfter} ${der}`;
  const before = store.prepare<{ value: string }>('SELECT value FROM meta WHERE key = ?').get(key)?.value;
  // What is configured is a delegate still, if it was one.
  if (before === value || (before !== undefined && role === 'configured')) return;
  store
    .prepare(`DELETE FROM meta WHERE ${ofIssuer} AND CAST(value AS INTEGER) < ?`)
    .run(...range(issuerKey), now);
  store
    .prepare(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
    .run(key, value);
}

function signerName(issuerKey: string, signerKey: string): string {
  return `${prefix}${issuerKey}:${signerKey}`;
}

const ofIssuer = 'key > ? AND key < ?';

function range(issuerKey: string): [string, string] {
  // The character after the colon.
  return [`${prefix}${issuerKey}:`, `${prefix}${issuerKey};`];
}

/** Signers that are remembered; what was parsed is taken again only while the same stands in the store. */
const rememberedSigners = 64;

/** Makes what finds the certificate of a delegate by the keys (SHA-256, hex) of its issuer and its own. */
export function signerFinder(
  store: Pick<Store, 'prepare'>,
): (issuerKey: string, signerKey: string) => Certificate | undefined {
  const find = store.prepare<{ value: string }>('SELECT value FROM meta WHERE key = ?');
  const parsed = new Map<string, { readonly value: string; readonly certificate: Certificate | undefined }>();
  return (issuerKey, signerKey) => {
    const key = signerName(issuerKey, signerKey);
    const value = find.get(key)?.value;
    if (value === undefined) return undefined;
    const known = parsed.get(key);
    if (known?.value === value) return known.certificate;
    if (parsed.size >= rememberedSigners) parsed.clear();
    const certificate = certificateOf(value);
    parsed.set(key, { value, certificate });
    return certificate;
  };
}

function certificateOf(value: string): Certificate | undefined {
  const der = value.slice(value.indexOf(' ') + 1);
  if (der === configured) return undefined;
  try {
    return parseCertificate(Buffer.from(der, 'base64'));
  } catch {
    // A damaged store: the signer counts for nothing, and no import of a CRL fails for it.
    return undefined;
  }
}

/** A CRL that comes into force, and the one that it follows. */
export interface FollowingCrl {
  /** SHA-256 (hex) of the key that signed it. */
  readonly issuerKey: string;
  /** Comparison key of the issuer's name. */
  readonly issuer: string;
  readonly generation: number;
  readonly before: number | undefined;
}

/**
 * Forgets what delegates said that a CRL of their own issuer lists, but what revokes, so that it is asked for again now:
 * no decision counts what a revoked signer said. Of one on hold only where the CRL before did not list it: a delta may
 * have lifted that, and its answers count. Within `transact`.
 */
export function forgetListedSigners(
  store: Store,
  crl: FollowingCrl,
  { now, actor }: { readonly now: EpochMs; readonly actor: string },
): void {
  const { issuerKey, generation, before } = crl;
  const noted = store
    .prepare<{ value: string }>(`SELECT value FROM meta WHERE ${ofIssuer}`)
    .all(...range(issuerKey));
  const find = store.prepare<{ reason: number }>(
    'SELECT reason FROM revoked WHERE generation = ? AND serial = ?',
  );
  const reasonIn = ({ serial }: Certificate, by: number | undefined): number | undefined =>
    by === undefined ? undefined : find.get(by, entryKey(serial))?.reason;
  const isListed = (one: Certificate): boolean => {
    const reason = reasonIn(one, generation);
    if (reason !== reasonNumbers.certificateHold)
      return reason !== undefined && reason !== reasonNumbers.removeFromCRL;
    return reasonIn(one, before) === undefined;
  };
  const keys = noted
    .flatMap(({ value }) => certificateOf(value) ?? [])
    .filter((one) => one.issuer.key === crl.issuer && isListed(one))
    .map(({ keyDigest }) => keyDigest);
  if (keys.length === 0) return;
  const forgotten = store
    .prepare(`${forgetAnswers} AND signer_key IN (SELECT value FROM json_each(?3))`)
    .run(now, issuerKey, JSON.stringify(keys)).changes;
  if (forgotten === 0) return;
  store.change({
    ...{ tenant: 'default', at: now, actor, why: 'a CRL lists whoever signed them' },
    ...{ kind: 'ocsp.forget', selector: issuerKey, detail: { forgotten } },
  });
}
