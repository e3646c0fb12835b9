import test from 'ava';
import { generateKeyPairSync } from 'node:crypto';
import { openCheckpoint, parseCheckpoint, signCheckpoint } from '../../../../src/audit/tlog/checkpoint.ts';
import { cosign, cosignatureOf } from '../../../../src/audit/tlog/cosignature.ts';
import { rootOf } from '../../../../src/audit/tlog/frontier.ts';
import { leafHash } from '../../../../src/audit/tlog/hash.ts';
import {
  isSignedBy,
  noteSigner,
  parseNote,
  parseVerifier,
  signatureType,
  writeNote,
} from '../../../../src/audit/tlog/note.ts';
import { parseProof, writeProof } from '../../../../src/audit/tlog/proof-file.ts';
import { proveInclusion } from '../../../../src/audit/tlog/prove.ts';
import { verifyInclusion } from '../../../../src/audit/tlog/verify-proof.ts';
import { filesIn, tilesOf } from '../../../helpers/tlog.ts';

const signerOf = (name: string, type?: number) =>
  noteSigner(name, generateKeyPairSync('ed25519').privateKey, type);
const log = signerOf('log.example/site');
const entries = Array.from({ length: 40 }, (_, index) => Buffer.from(`{"n":${index}}`));
const root = rootOf(entries.map(leafHash));
const checkpoint = signCheckpoint({ origin: 'log.example/site', size: 40, root, extensions: [] }, [log]);

test('a checkpoint is read back as it was signed, and counts with the key of its log alone', (t) => {
  const opened = openCheckpoint(checkpoint, [log.verifier]);
  t.like(opened, { origin: 'log.example/site', size: 40, extensions: [] });
  t.deepEqual(Buffer.from(opened.root), Buffer.from(root));
  t.throws(() => openCheckpoint(checkpoint, [signerOf('log.example/site').verifier]), {
    code: 'PDP_KEYS_INVALID',
  });
  t.throws(() => openCheckpoint(checkpoint, [signerOf('other.example').verifier]), {
    code: 'PDP_KEYS_INVALID',
  });
});

test('every octet of a signed text counts', (t) => {
  const { note } = parseCheckpoint(checkpoint);
  for (let at = 0; at < note.text.length; at += 1) {
    const changed = note.text.slice(0, at) + (note.text[at] === 'x' ? 'y' : 'x') + note.text.slice(at + 1);
    t.false(isSignedBy({ ...note, text: changed }, log.verifier));
  }
});

test('a witness signs with its time, which is signed too', (t) => {
  const witness = signerOf('witness.example', signatureType.cosignature);
  const { note } = parseCheckpoint(checkpoint);
  const line = cosign(note.text, witness, 1_790_000_000);
  const signed = parseNote(Buffer.from(writeNote({ ...note, signatures: [...note.signatures, line] })));
  t.deepEqual(cosignatureOf(signed, witness.verifier), { witness: 'witness.example', timeS: 1_790_000_000 });
  t.is(cosignatureOf(signed, signerOf('witness.example', signatureType.cosignature).verifier), undefined);
  const later = Buffer.from(line.signature);
  later[7] = (later[7] as number) ^ 1;
  t.is(
    cosignatureOf({ ...signed, signatures: [{ ...line, signature: later }] }, witness.verifier),
    undefined,
  );
});

test('a time that no calendar has is none, whoever signed it', (t) => {
  const witness = signerOf('witness.example', signatureType.cosignature);
  const { note } = parseCheckpoint(checkpoint);
  const at = (timeS: number) =>
    cosignatureOf({ ...note, signatures: [cosign(note.text, witness, timeS)] }, witness.verifier);
  t.is(at(253_402_300_799)?.timeS, 253_402_300_799);
  t.is(at(253_402_300_800), undefined);
  t.is(at(Number.MAX_SAFE_INTEGER), undefined);
});

test('a note counts only where every signature that says it is of a key is right', (t) => {
  const { note } = parseCheckpoint(checkpoint);
  const [right] = note.signatures as [(typeof note.signatures)[number]];
  const wrong = { ...right, signature: Buffer.from(right.signature).reverse() };
  const stranger = { ...wrong, keyId: Buffer.from(right.keyId).reverse() };
  t.true(isSignedBy({ ...note, signatures: [right, stranger] }, log.verifier));
  for (const signatures of [[right, wrong], [wrong, right], [wrong], [stranger], []])
    t.false(isSignedBy({ ...note, signatures }, log.verifier));
});

test('a verifier key is read back from its text, and no text with another id, type or length is one', (t) => {
  const { verifier } = log;
  t.is(parseVerifier(verifier.text).text, verifier.text);
  const [name, id, key] = verifier.text.split('+') as [string, string, string];
  for (const text of [
    `${name}+00000000+${key}`,
    `${name}+${id}+${key.slice(4)}`,
    `${name}+${id}`,
    `a b+${id}+${key}`,
    `${name}+${id}+CQ==`,
  ]) {
    t.throws(() => parseVerifier(text), { code: 'PDP_KEYS_INVALID' }, text);
  }
});

test('what is no signed note or no checkpoint is refused by what is wrong with it', (t) => {
  const text = Buffer.from(checkpoint).toString();
  for (const [wrong, message] of [
    ['', /no signatures/],
    [text.replace('\n\n', '\n'), /no signatures/],
    [text.slice(0, -1), /does not end/],
    [text.replace('— ', '- '), /line of signature/],
    [`${text}\u0007`, /control/],
    [text.replace('\n40\n', '\n040\n'), /no size/],
    [text.replace('\n40\n', '\n-1\n'), /no size/],
    [text.replace(/\n[A-Za-z0-9+/=]{44}\n/, '\nAAAA\n'), /no root/],
  ] as const) {
    t.throws(() => parseCheckpoint(Buffer.from(wrong)), { code: 'PDP_INPUT_MALFORMED', message });
  }
  t.throws(() => parseCheckpoint(Buffer.of(0xff, 0x0a)), { code: 'PDP_INPUT_MALFORMED', message: /UTF-8/ });
});

test('a proof is read back as it was written and shows its entry', async (t) => {
  const proof = await proveInclusion(filesIn(tilesOf(entries)), 40, 17);
  const extra = entries[17] as Buffer;
  const bytes = writeProof({ index: 17, proof, checkpoint: parseCheckpoint(checkpoint), extra });
  const read = parseProof(bytes);
  t.deepEqual(Buffer.from(read.checkpoint.bytes), Buffer.from(checkpoint));
  t.deepEqual(Buffer.from(read.extra as Uint8Array), extra);
  t.true(
    verifyInclusion(
      { index: read.index, size: 40, leaf: leafHash(extra), root: read.checkpoint.root },
      read.proof,
    ),
  );
  const text = Buffer.from(bytes).toString();
  for (const wrong of [
    text.replace('@v1', '@v2'),
    text.replace('index 17', 'index 017'),
    text.replace('index 17', 'index'),
    text.replace('extra ', 'extra !'),
    text.replace(/\n\n/, '\n'),
    text.replace(/index 17\n.{10}/, 'index 17\n'),
  ]) {
    t.throws(() => parseProof(Buffer.from(wrong)), { code: 'PDP_INPUT_MALFORMED' });
  }
});
