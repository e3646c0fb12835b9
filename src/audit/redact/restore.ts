import { commitmentOf, commits, readCommitment, saltOf } from './commitment.ts';
import { valueAt, withValues } from './pointer.ts';
import type { Opening, Redacted } from './redact-record.ts';

/** What proves to whoever has the record that one of its commitments is that of a text. */
export interface Revealed {
  readonly decision_id: string;
  /** JSON pointer. */
  readonly field: string;
  readonly value: string;
  /** Key of the HMAC, lower-case hex. */
  readonly salt: string;
  /** HMAC-SHA-256 of the value (UTF-8) under the salt, as it stands in the record; lower-case hex. */
  readonly commitment: string;
}

/** What proves one field; undefined where the opening does not have it. */
export function reveal(opening: Opening, field: string): Revealed | undefined {
  const { decision_id, linkable, secret, values } = opening;
  const value = Object.hasOwn(values, field) ? values[field] : undefined;
  if (value === undefined) return undefined;
  const salt = saltOf(Buffer.from(secret, 'hex'), value, linkable ? null : field);
  return { decision_id, field, value, salt: salt.toString('hex'), commitment: commitmentOf(salt, value) };
}

/** Whether what is said to prove a field does, by the record itself. */
export function proves(record: object, revealed: Revealed): boolean {
  const { decision_id: decision, redacted } = record as { decision_id?: unknown; redacted?: unknown };
  const id = decision ?? (record as { act_id?: unknown }).act_id;
  if (id !== revealed.decision_id || !Array.isArray(redacted) || !redacted.includes(revealed.field))
    return false;
  const commitment = readCommitment(valueAt(record, revealed.field));
  if (commitment === undefined || commitment !== revealed.commitment) return false;
  return commits(commitment, Buffer.from(revealed.salt, 'hex'), revealed.value);
}

/**
 * The record with the texts that its opening has and its commitments are of; what stays hidden is still named in
 * `redacted`, which is absent once nothing does. A record without commitments is answered as it is.
 */
export function restore<T extends object>(record: Redacted<T>, opening: Opening | undefined): Redacted<T> {
  const { redacted } = record;
  if (!redacted || !opening) return record;
  const found = new Map<string, string>();
  for (const pointer of redacted) {
    const revealed = reveal(opening, pointer);
    if (revealed && proves(record, revealed)) found.set(pointer, revealed.value);
  }
  const hidden = redacted.filter((pointer) => !found.has(pointer));
  const { redacted: _all, ...rest } = withValues(record, found);
  return (hidden.length === 0 ? rest : { ...rest, redacted: hidden }) as Redacted<T>;
}

/** JSON pointers of what stays hidden in a record, as untrusted as any file. */
export function hiddenIn(record: object): readonly string[] {
  const { redacted } = record as { redacted?: unknown };
  return Array.isArray(redacted) ? redacted.filter((one) => typeof one === 'string') : [];
}
