import { PortreeveError } from '../../lib/errors.ts';
import { parseCheckpoint } from '../tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { cosignatureOf } from '../tlog/cosignature.ts';
import type { Cosignature } from '../tlog/cosignature.ts';
import { hashBytes } from '../tlog/hash.ts';
import type { Hash } from '../tlog/hash.ts';
import { isOf, parseSignature, strictBase64 } from '../tlog/note.ts';
import type { NoteSignature, NoteVerifier } from '../tlog/note.ts';

/** Most hashes that a request may have (C2SP tlog-witness). */
const mostProof = 63;
/** Most lines of an answer that are looked at; a witness has few keys. */
const mostSignatures = 100;

/** What is sent to a witness: the size that it has cosigned, and why the checkpoint continues it. */
export interface AddCheckpoint {
  readonly old: number;
  readonly proof: readonly Hash[];
  readonly checkpoint: Uint8Array;
}

/** The body of `add-checkpoint`. */
export function writeAddCheckpoint({ old, proof, checkpoint }: AddCheckpoint): Uint8Array {
  const lines = [`old ${old}`, ...proof.map((hash) => Buffer.from(hash).toString('base64')), ''];
  return Buffer.concat([Buffer.from(lines.map((line) => `${line}\n`).join('')), checkpoint]);
}

/** Reads the body of `add-checkpoint` strictly, as a witness does. Throws PDP_INPUT_MALFORMED, saying what is wrong. */
export function parseAddCheckpoint(body: Uint8Array): {
  readonly old: number;
  readonly proof: readonly Hash[];
  readonly checkpoint: SignedCheckpoint;
} {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const end = bytes.indexOf('\n\n');
  if (end < 0) throw malformed('has no empty line before the checkpoint');
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\n');
  const [, old = ''] = /^old (0|[1-9]\d{0,15})$/.exec(first) ?? [];
  if (old === '' || !Number.isSafeInteger(Number(old))) throw malformed('has no old size');
  if (lines.length > mostProof) throw malformed(`has more than ${mostProof} lines of proof`);
  const proof = lines.map((line) => {
    const hash = strictBase64(line);
    if (hash?.byteLength !== hashBytes) throw malformed('has a line of proof that is no hash');
    return hash;
  });
  return { old: Number(old), proof, checkpoint: parseCheckpoint(bytes.subarray(end + 2)) };
}

/**
 * The witness's own signatures in the answer to a request that it accepted; those of unknown keys are left out, as
 * the protocol demands. Throws PDP_INPUT_MALFORMED for what is no list of signatures, PDP_KEYS_INVALID where none of
 * them is a right cosignature of this checkpoint by this witness.
 */
export function readCosignatures(
  body: Uint8Array,
  { note }: SignedCheckpoint,
  witness: NoteVerifier,
): { readonly signature: NoteSignature; readonly cosignature: Cosignature } {
  const lines = Buffer.from(body).toString('utf8').split('\n');
  if (lines.pop() !== '' || lines.length === 0) throw malformed('is answered without a line of signature');
  if (lines.length > mostSignatures) throw malformed(`is answered with more than ${mostSignatures} lines`);
  for (const signature of lines.map(parseSignature).filter((one) => isOf(one, witness))) {
    const cosignature = cosignatureOf({ text: note.text, signatures: [signature] }, witness);
    if (cosignature !== undefined) return { signature, cosignature };
  }
  throw new PortreeveError('PDP_KEYS_INVALID', `the answer has no right cosignature of ${witness.name}`);
}

/** The size in the answer of a witness that has cosigned another one (409). Throws PDP_INPUT_MALFORMED. */
export function readConflict(body: Uint8Array): number {
  const [, size = ''] = /^(0|[1-9]\d{0,15})\n$/.exec(Buffer.from(body).toString('latin1')) ?? [];
  if (size === '' || !Number.isSafeInteger(Number(size))) throw malformed('is answered 409 without a size');
  return Number(size);
}

function malformed(problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `add-checkpoint: it ${problem}`);
}
