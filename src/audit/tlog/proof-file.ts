import { PortreeveError } from '../../lib/errors.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import { hashBytes } from './hash.ts';
import type { Hash } from './hash.ts';
import { strictBase64 } from './note.ts';

/** A proof that can be verified without the log, C2SP tlog-proof. */
export interface ProofFile {
  readonly index: number;
  readonly proof: readonly Hash[];
  readonly checkpoint: SignedCheckpoint;
  /** What nobody signed; here the entry itself. */
  readonly extra?: Uint8Array;
}

const firstLine = 'c2sp.org/tlog-proof@v1';

/** A tree has at most 63 levels. */
const mostHashes = 63;

export function writeProof({ index, proof, checkpoint, extra }: ProofFile): Uint8Array {
  const lines = [
    firstLine,
    ...(extra === undefined ? [] : [`extra ${Buffer.from(extra).toString('base64')}`]),
    `index ${index}`,
    ...proof.map((hash) => Buffer.from(hash).toString('base64')),
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(lines.join('\n')), checkpoint.bytes]);
}

/** Reads a proof strictly; nothing is verified. Throws PDP_INPUT_MALFORMED, saying what is wrong. */
export function parseProof(bytes: Uint8Array): ProofFile {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const split = all.indexOf('\n\n');
  if (split < 0) throw malformed('has no checkpoint behind an empty line');
  const [first, ...lines] = all.subarray(0, split).toString('latin1').split('\n');
  if (first !== firstLine) throw malformed(`does not begin with ${firstLine}`);
  const extra = lines[0]?.startsWith('extra ') ? strictBase64(lines.shift()?.slice(6) ?? '') : null;
  if (extra === undefined) throw malformed('has extra data that is not base64');
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined || !Number.isSafeInteger(Number(index))) throw malformed('has no index');
  if (lines.length > mostHashes) throw malformed(`has more than ${mostHashes} hashes`);
  const proof = lines.map((line) => {
    const hash = strictBase64(line);
    if (hash?.byteLength !== hashBytes) throw malformed('has a line that is no hash');
    return hash;
  });
  const checkpoint = parseCheckpoint(all.subarray(split + 2));
  return { index: Number(index), proof, checkpoint, ...(extra !== null && { extra }) };
}

function malformed(problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `proof: it ${problem}`);
}
