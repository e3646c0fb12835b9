import { generateKeyPairSync } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { parseAddCheckpoint } from '../../src/audit/witness/add-checkpoint.ts';
import { cosign } from '../../src/audit/tlog/cosignature.ts';
import { emptyRoot } from '../../src/audit/tlog/hash.ts';
import {
  isSignedBy,
  noteSigner,
  signatureLine,
  signatureType,
  type NoteVerifier,
} from '../../src/audit/tlog/note.ts';
import { verifyConsistency, type TreeHead } from '../../src/audit/tlog/verify-proof.ts';

/** What a witness answers. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly body: string;
}

/** A witness (C2SP tlog-witness): cosigns what continues what it cosigned before, and nothing else. */
export interface SmallWitness {
  readonly verifier: NoteVerifier;
  /** The tree that it cosigned last, by origin. */
  readonly seen: ReadonlyMap<string, TreeHead>;
  addCheckpoint(body: Uint8Array): WitnessAnswer;
  readonly handler: RequestListener;
}

/** Makes a witness that knows these logs; `now` in milliseconds. */
export function smallWitness(
  name: string,
  logs: readonly NoteVerifier[],
  now: () => number = Date.now,
): SmallWitness {
  const signer = noteSigner(name, generateKeyPairSync('ed25519').privateKey, signatureType.cosignature);
  const seen = new Map<string, TreeHead>();
  const addCheckpoint = (body: Uint8Array): WitnessAnswer => {
    let request: ReturnType<typeof parseAddCheckpoint>;
    try {
      request = parseAddCheckpoint(body);
    } catch (thrown) {
      return { status: 400, body: (thrown as Error).message };
    }
    const { old, proof, checkpoint } = request;
    const known = logs.filter((log) => log.name === checkpoint.origin);
    if (known.length === 0) return { status: 404, body: '' };
    if (!known.some((log) => isSignedBy(checkpoint.note, log))) return { status: 403, body: '' };
    if (old > checkpoint.size) return { status: 400, body: 'the old size is above the checkpoint' };
    const last = seen.get(checkpoint.origin) ?? { size: 0, root: emptyRoot() };
    if (old !== last.size) return { status: 409, body: `${last.size}\n` };
    const same = old === checkpoint.size;
    if (same && !Buffer.from(last.root).equals(checkpoint.root))
      return { status: 409, body: `${last.size}\n` };
    if (!verifyConsistency(last, checkpoint, proof)) return { status: 422, body: '' };
    seen.set(checkpoint.origin, { size: checkpoint.size, root: checkpoint.root });
    return {
      status: 200,
      body: signatureLine(cosign(checkpoint.note.text, signer, Math.floor(now() / 1000))),
    };
  };
  return {
    verifier: signer.verifier,
    seen,
    addCheckpoint,
    handler: (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const isAdd = request.method === 'POST' && (request.url ?? '').endsWith('/add-checkpoint');
        const { status, body } = isAdd ? addCheckpoint(Buffer.concat(chunks)) : { status: 404, body: '' };
        const headers = {
          'content-length': Buffer.byteLength(body),
          ...(status === 409 && { 'content-type': 'text/x.tlog.size' }),
        };
        response.writeHead(status, headers).end(body);
      });
    },
  };
}
