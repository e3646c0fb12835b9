import { readFile } from 'node:fs/promises';
import type { EpochMs } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import type { SourceState } from '../../store/source-states.ts';
import { refused } from './failures.ts';
import type { Validators } from './fetch-options.ts';
import { locationText, openLocation, readStatementText } from './read-location.ts';
import { appliedAs } from './source-book.ts';
import { spool } from './spool.ts';
import { readVerifyKeys } from './statement-keys.ts';
import { verifyStatement } from './statement.ts';
import type { SourceStatement } from './statement.ts';
import type { Applied, SourceSpec } from './types.ts';

/** What one attempt came to; what went wrong is thrown. */
export interface Outcome {
  readonly changed: boolean;
  /** Undefined where the source said that nothing has changed. */
  readonly applied?: Applied;
  readonly digest: string | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export interface RunOptions {
  readonly spec: SourceSpec;
  readonly state: SourceState;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly now: EpochMs;
  /** Notes a higher sequence number for good, before anything under it is applied; what it throws stops the attempt. */
  readonly raise: (statement: SourceStatement) => void;
}

/**
 * Asks a source once: the statement of its signer first, where one must sign, then its bytes, which are kept in a file,
 * checked whole and handed to `apply`. What is applied already is not applied again. Throws PDP_SOURCE_UNAVAILABLE,
 * PDP_SOURCE_REFUSED, PDP_STORE_UNAVAILABLE, and what `apply` throws.
 */
export async function runSource(o: RunOptions): Promise<Outcome> {
  const { spec, state } = o;
  const statement = spec.signed_by === null ? undefined : await wantedStatement(o, spec.signed_by);
  if (statement && appliedAs(statement.sha256, spec) === state.digest) {
    o.raise(statement);
    return unchanged(state);
  }
  // What a statement names anew is asked for without conditions: the answer must be those very bytes.
  const known = statement ? { etag: null, lastModified: null } : state;
  const fetched = await openLocation(spec, known, o.signal, o.now);
  if (fetched.status === 'unchanged') return { ...unchanged(state), ...renewed(state, fetched) };
  const brought = await spool(fetched.body, o.folder, spec.max_bytes, locationText(spec));
  try {
    if (statement && brought.digest !== statement.sha256)
      throw refused(`${locationText(spec)}: is not what its statement ${statement.sequence} was signed for`);
    if (statement) o.raise(statement);
    const validators = { etag: fetched.etag ?? null, lastModified: fetched.lastModified ?? null };
    const digest = appliedAs(brought.digest, spec);
    if (digest === state.digest) return { changed: false, digest, ...validators };
    const { path, size, open } = brought;
    const applied = await spec.apply({
      open,
      path,
      size,
      digest: brought.digest,
      from: locationText(spec),
      now: o.now,
      ...(statement && { statement }),
    });
    const kept = applied.again ? { digest: null, etag: null, lastModified: null } : { digest, ...validators };
    return { changed: applied.changed, applied, ...kept };
  } finally {
    await brought.remove();
  }
}

/** The signer's statement, whose number may not go back, nor stand for other bytes than before. */
async function wantedStatement(o: RunOptions, keyFile: string): Promise<SourceStatement> {
  const keys = readVerifyKeys(await readKeys(keyFile), keyFile);
  const { text, from } = await readStatementText(o.spec, o.signal, o.now);
  const { kind, name, must_name: mustName = false } = o.spec;
  if (kind === 'policy') throw refused(`${from}: bundles carry their signatures themselves`);
  const statement = await verifyStatement(text, keys, { kind, name, mustName, now: o.now, about: from });
  const { sequence, sequenceDigest } = o.state;
  if (sequence !== null && statement.sequence < sequence)
    throw refused(`${from}: sequence ${statement.sequence} goes back behind ${sequence}`);
  if (statement.sequence === sequence && statement.sha256 !== sequenceDigest)
    throw refused(`${from}: sequence ${statement.sequence} was other bytes before`);
  return statement;
}

async function readKeys(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw refused(`key file ${file}: ${describeThrown(thrown)}`, thrown);
  }
}

function unchanged({ digest, etag, lastModified }: SourceState): Outcome {
  return { changed: false, digest, etag, lastModified };
}

/** A server may tell newer validators with its word that nothing has changed. */
function renewed(state: SourceState, told: Validators): Pick<Outcome, 'etag' | 'lastModified'> {
  return { etag: told.etag ?? state.etag, lastModified: told.lastModified ?? state.lastModified };
}
