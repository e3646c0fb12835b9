import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { equalBytes } from '../../lib/bytes.ts';
import { PortreeveError } from '../../lib/errors.ts';

/** Signature types of C2SP signed-note. */
export const signatureType = { ed25519: 0x01, cosignature: 0x04 } as const;

/** Whose signature counts: a name, a type and a public key. */
export interface NoteVerifier {
  readonly name: string;
  readonly type: number;
  /** First four bytes of SHA-256 over name, line feed, type and key. */
  readonly keyId: Uint8Array;
  readonly key: KeyObject;
  /** The text form, `name+keyid+base64(type, key)`. */
  readonly text: string;
}

/** Who signs: a verifier with its private key. */
export interface NoteSigner {
  readonly verifier: NoteVerifier;
  readonly privateKey: KeyObject;
}

/** One line of signature: not verified. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

/** A signed note that was read and not verified. */
export interface Note {
  /** What was signed, with its last line feed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Bytes of a note; far above what a checkpoint with all its witnesses takes. */
const mostNoteBytes = 64 * 1024;
const mostSignatures = 100;

/** Ed25519 keys in SubjectPublicKeyInfo (RFC 8410) have these bytes before the 32 of the key. */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** A signature's name: not empty, without space and plus. */
const nameForm = /^[^\s+\p{Cc}]{1,255}$/u;

/** Makes the verifier of an Ed25519 key, by its 32 bytes. Throws PDP_KEYS_INVALID for a name or key that cannot be one. */
export function noteVerifier(
  name: string,
  rawKey: Uint8Array,
  type: number = signatureType.ed25519,
): NoteVerifier {
  if (!nameForm.test(name)) throw invalidKey(`${JSON.stringify(name)} is no name of a key`);
  if (rawKey.byteLength !== 32)
    throw invalidKey(`the key of ${name} has ${rawKey.byteLength} bytes instead of 32`);
  const tagged = Buffer.concat([Buffer.of(type), rawKey]);
  const keyId = createHash('sha256').update(`${name}\n`).update(tagged).digest().subarray(0, 4);
  const key = createPublicKey({ key: Buffer.concat([spkiPrefix, rawKey]), format: 'der', type: 'spki' });
  return { name, type, keyId, key, text: `${name}+${keyId.toString('hex')}+${tagged.toString('base64')}` };
}

/** Reads a verifier's text form. Throws PDP_KEYS_INVALID, saying what is wrong. */
export function parseVerifier(text: string): NoteVerifier {
  const [, name = '', id = '', data = ''] =
    /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? [];
  const bytes = strictBase64(data);
  if (name === '' || bytes === undefined || bytes.byteLength < 1) {
    throw invalidKey('a verifier key is written as name+keyid+base64');
  }
  const type = bytes[0] as number;
  if (type !== signatureType.ed25519 && type !== signatureType.cosignature) {
    throw invalidKey(`${name}: keys of type ${type} are not known; 1 (Ed25519) and 4 (cosignature) are`);
  }
  const verifier = noteVerifier(name, bytes.subarray(1), type);
  if (verifier.text.split('+')[1] !== id)
    throw invalidKey(`${name}: the key is not the one that its id ${id} names`);
  return verifier;
}

/** The signer of a private Ed25519 key (KeyObject or PKCS #8 PEM). Throws PDP_KEYS_INVALID for another kind of key. */
export function noteSigner(
  name: string,
  key: KeyObject | string,
  type: number = signatureType.ed25519,
): NoteSigner {
  const privateKey = typeof key === 'string' ? readPrivateKey(key) : key;
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw invalidKey(`the key of ${name} is not an Ed25519 key`);
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { verifier: noteVerifier(name, spki.subarray(spkiPrefix.byteLength), type), privateKey };
}

function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new PortreeveError('PDP_KEYS_INVALID', 'it is no private key in PEM', { cause });
  }
}

/** Signs a text, which must end with a line feed, and writes the note. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  return writeNote({ text, signatures: signers.map((signer) => signText(text, signer)) });
}

/** One signature over a note's text. */
export function signText(text: string, { verifier, privateKey }: NoteSigner): NoteSignature {
  const { name, keyId } = verifier;
  return { name, keyId, signature: sign(null, Buffer.from(text), privateKey) };
}

export function writeNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(signatureLine).join('')}`;
}

/** A signature's line, with its line feed. */
export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`;
}

/**
 * Reads a signed note strictly: UTF-8 without control characters, a text, an empty line, at least one signature. Throws
 * PDP_INPUT_MALFORMED, saying what is wrong. Nothing is verified.
 */
export function parseNote(bytes: Uint8Array): Note {
  const all = decode(bytes);
  const split = all.lastIndexOf('\n\n');
  if (split < 0) throw malformed('has no signatures behind an empty line');
  const lines = all.slice(split + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0) throw malformed('does not end with a line of signature');
  if (lines.length > mostSignatures) throw malformed(`has more than ${mostSignatures} signatures`);
  return { text: all.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

/** Whether a note has the verifier's own signature, and each that says it is its own is right. */
export function isSignedBy({ text, signatures }: Note, verifier: NoteVerifier): boolean {
  const own = signatures.filter((one) => isOf(one, verifier));
  return (
    own.length > 0 && own.every(({ signature }) => verify(null, Buffer.from(text), verifier.key, signature))
  );
}

/** Whether a signature says that it is the verifier's. */
export function isOf({ name, keyId }: NoteSignature, verifier: NoteVerifier): boolean {
  return name === verifier.name && equalBytes(keyId, verifier.keyId);
}

/** Reads one line of signature, without its line feed. Throws PDP_INPUT_MALFORMED. */
export function parseSignature(line: string): NoteSignature {
  const [, name = '', data = ''] = /^— (\S+) (\S+)$/.exec(line) ?? [];
  const bytes = strictBase64(data);
  if (!nameForm.test(name) || bytes === undefined || bytes.byteLength < 5) {
    throw malformed('has a line of signature that is none');
  }
  return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

function decode(bytes: Uint8Array): string {
  if (bytes.byteLength > mostNoteBytes) throw malformed(`is longer than ${mostNoteBytes} bytes`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!/^[^\p{Cc}]*$/u.test(text.replaceAll('\n', ''))) throw malformed('has control characters');
    return text;
  } catch (cause) {
    if (cause instanceof PortreeveError) throw cause;
    throw new PortreeveError('PDP_INPUT_MALFORMED', 'signed note: is not UTF-8', { cause });
  }
}

/** Standard base64 written in the one way that RFC 4648 section 4 has; undefined for any other. */
export function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}

function malformed(problem: string): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `signed note: it ${problem}`);
}

function invalidKey(problem: string): PortreeveError {
  return new PortreeveError('PDP_KEYS_INVALID', problem);
}
