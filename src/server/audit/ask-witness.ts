import type { SignedCheckpoint } from '../../audit/tlog/checkpoint.ts';
import { writeNote } from '../../audit/tlog/note.ts';
import type { NoteSignature, NoteVerifier } from '../../audit/tlog/note.ts';
import { proveConsistency } from '../../audit/tlog/prove.ts';
import { readConflict, readCosignatures, writeAddCheckpoint } from '../../audit/witness/add-checkpoint.ts';
import type { WitnessConfig } from '../../config/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { withPathEnding } from '../../lib/http-url.ts';
import { refused } from '../sources/failures.ts';
import { Contradiction } from './contradiction.ts';
import { exchange } from './exchange.ts';
import type { Answer } from './exchange.ts';
import { ownNote } from './seen-log.ts';
import type { SeenLog } from './seen-log.ts';

export interface WitnessQuestion {
  readonly witness: WitnessConfig;
  readonly verifier: NoteVerifier;
  readonly log: SeenLog;
  /** The size that it has cosigned, as far as is known; null = it tells. */
  readonly known: number | null;
  readonly now: () => EpochMs;
  readonly signal: AbortSignal;
}

/** A cosignature that was verified. */
export interface Cosigned {
  readonly checkpoint: SignedCheckpoint;
  readonly signature: NoteSignature;
  /** The witness's time. */
  readonly at: EpochMs;
}

/** Another process of ours (a copy, a restart) may cosign in between; then the size is asked for again. */
const mostAttempts = 3;
const mostAnswer = 16 * 1024;

/**
 * Asks a witness to cosign the latest checkpoint (C2SP tlog-witness, add-checkpoint): with the size that it has, or the
 * one that it then tells, and the proof that the checkpoint continues it. Throws Contradiction where the witness has
 * seen another history, PDP_SOURCE_UNAVAILABLE and PDP_SOURCE_REFUSED where it does not cosign, PDP_KEYS_INVALID where
 * the cosignature is wrong, PDP_NOT_FOUND where tiles are gone that the proof needs.
 */
export async function askWitness(o: WitnessQuestion): Promise<Cosigned> {
  let old = o.known ?? 0;
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const checkpoint = o.log.checkpoint();
    if (checkpoint === undefined) throw refused('the log has no checkpoint yet');
    if (old > checkpoint.size)
      throw new Contradiction(
        `${o.verifier.name} has cosigned ${old} entries, and the log has ${checkpoint.size}: is it an older copy?`,
      );
    const proof = await proveConsistency(o.log.files, old, checkpoint.size);
    const bytes = Buffer.from(writeNote(ownNote(checkpoint)));
    const answer = await post(o, writeAddCheckpoint({ old, proof, checkpoint: bytes }));
    if (answer.status === 200) {
      const { signature, cosignature } = readCosignatures(answer.body, checkpoint, o.verifier);
      return { checkpoint, signature, at: cosignature.timeS * 1000 };
    }
    if (answer.status === 422) throw otherHistory(o.verifier, old);
    const size = readConflict(answer.body);
    if (size === old && old === checkpoint.size) throw otherHistory(o.verifier, old);
    old = size;
  }
  throw refused(`${o.verifier.name}: names another size each time; does another log have this name?`);
}

function otherHistory({ name }: NoteVerifier, size: number): Contradiction {
  return new Contradiction(
    `${name} does not cosign: the log does not continue the ${size} entries that it has seen`,
  );
}

function post({ witness, now, signal }: WitnessQuestion, body: Uint8Array): Promise<Answer> {
  return exchange(
    {
      url: withPathEnding(witness.url.replace(/\/$/, ''), '/add-checkpoint'),
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      headersFile: null,
      ...{ ca: witness.ca, timeout: witness.timeout, signal },
      wanted: [200, 409, 422],
      maxBytes: mostAnswer,
    },
    now(),
  );
}
