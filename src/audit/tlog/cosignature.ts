import { sign, verify } from 'node:crypto';
import { isOf } from './note.ts';
import type { Note, NoteSignature, NoteSigner, NoteVerifier } from './note.ts';

/** When a witness says that it saw the checkpoint as the largest: Unix seconds. */
export interface Cosignature {
  readonly witness: string;
  readonly timeS: number;
}

/** 9999-12-31T23:59:59Z: nobody has seen anything later, and no later time can be written. */
const latestS = 253_402_300_799n;

/** Bytes of the timestamp before an Ed25519 cosignature's 64. */
const timeBytes = 8;

/** Signs a checkpoint's text as a witness does (C2SP tlog-cosignature, `cosignature/v1`), at a time in Unix seconds. */
export function cosign(text: string, { verifier, privateKey }: NoteSigner, timeS: number): NoteSignature {
  const signature = Buffer.alloc(timeBytes + 64);
  signature.writeBigUInt64BE(BigInt(timeS));
  signature.set(sign(null, signedBytes(text, BigInt(timeS)), privateKey), timeBytes);
  return { name: verifier.name, keyId: verifier.keyId, signature };
}

/** The cosignature of a witness on a note; undefined where there is none, or it is wrong. */
export function cosignatureOf({ text, signatures }: Note, witness: NoteVerifier): Cosignature | undefined {
  for (const one of signatures) {
    const timeS = isOf(one, witness) ? cosignedAt(text, one.signature, witness) : undefined;
    if (timeS !== undefined) return { witness: witness.name, timeS };
  }
  return undefined;
}

function cosignedAt(text: string, signature: Uint8Array, { key }: NoteVerifier): number | undefined {
  if (signature.byteLength !== timeBytes + 64) return undefined;
  const time = Buffer.from(signature).readBigUInt64BE();
  const right = verify(null, signedBytes(text, time), key, signature.subarray(timeBytes));
  return right && time <= latestS ? Number(time) : undefined;
}

function signedBytes(text: string, timeS: bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${timeS}\n${text}`);
}
