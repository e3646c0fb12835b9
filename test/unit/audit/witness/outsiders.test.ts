import { generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import type { SignedCheckpoint } from '../../../../src/audit/tlog/checkpoint.ts';
import { cosign } from '../../../../src/audit/tlog/cosignature.ts';
import { noteSigner, signatureType, writeNote } from '../../../../src/audit/tlog/note.ts';
import type { NoteSigner } from '../../../../src/audit/tlog/note.ts';
import { outsiders } from '../../../../src/audit/witness/outsiders.ts';
import { timestampRequest } from '../../../../src/audit/witness/timestamp-request.ts';
import type { OutsiderTrust } from '../../../../src/audit/witness/types.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { parseInstant } from '../../../../src/lib/clock.ts';
import { withOpenssl } from '../../../helpers/openssl.ts';
import { opensslTsa } from '../../../helpers/openssl-tsa.ts';
import { SeenLog, texts } from '../../../helpers/seen-log.ts';

const day = '2026-11-22';
const noon = parseInstant(`${day}T12:00:00Z`) as number;
const minute = 60_000;

function witness(name: string): NoteSigner {
  return noteSigner(name, generateKeyPairSync('ed25519').privateKey, signatureType.cosignature);
}

/** A line of `witness/`, cosigned so many minutes after noon. */
function cosigned({ note }: SignedCheckpoint, by: NoteSigner, minutes: number): object {
  const cosignature = cosign(note.text, by, (noon + minutes * minute) / 1000);
  return { at: '', checkpoint: writeNote({ ...note, signatures: [...note.signatures, cosignature] }) };
}

function trustOf(log: SeenLog, ...witnesses: readonly NoteSigner[]): OutsiderTrust {
  return {
    log: [log.verifier],
    witnesses: witnesses.map(({ verifier }) => verifier),
    timestampAnchors: [],
  };
}

test('a log that nobody saw is checked against its own operator only', async (t) => {
  const log = new SeenLog().grow(...texts(300));
  const found = await outsiders(log.files, trustOf(log), { current: log.checkpoint() });
  t.deepEqual(found, {
    ...{ witnessed: [], anchored: [], problems: [], longestUnseen: 'operator only' },
    objects: { read: 0, gone: 0, unread: 0 },
  });
});

test('the longest stretch that no outsider saw is named by time and by entries', async (t) => {
  const log = new SeenLog().grow(...texts(1000));
  const [one, two] = [witness('one.example/w'), witness('two.example/w')];
  log.keep('witness', day, [
    cosigned(log.checkpoint(100), one, 10),
    cosigned(log.checkpoint(150), two, 70),
    cosigned(log.checkpoint(700), one, 80),
    cosigned(log.checkpoint(650), two, 90),
    cosigned(log.checkpoint(990), two, 100),
  ]);
  const found = await outsiders(log.files, trustOf(log, one, two), {
    current: log.checkpoint(),
    span: { first: noon, last: noon + 101 * minute },
  });
  t.deepEqual(found.problems, []);
  t.deepEqual(
    found.witnessed.map(({ name, size, at }) => [name, size, (at - noon) / minute]),
    [
      ['one.example/w', 100, 10],
      ['two.example/w', 150, 70],
      ['two.example/w', 650, 90],
      ['one.example/w', 700, 80],
      ['two.example/w', 990, 100],
    ],
  );
  t.deepEqual(found.longestUnseen, {
    time: {
      from: { size: 100, at: noon + 10 * minute },
      to: { size: 150, at: noon + 70 * minute, seen: true },
      entries: 50,
      ms: 60 * minute,
    },
    entries: {
      from: { size: 150, at: noon + 70 * minute },
      to: { size: 700, at: noon + 80 * minute, seen: true },
      entries: 550,
      ms: 10 * minute,
    },
  });
});

test('what nobody has seen yet is a stretch to the end of the log', async (t) => {
  const log = new SeenLog().grow(...texts(500));
  const one = witness('one.example/w');
  log.keep('witness', day, [cosigned(log.checkpoint(3), one, 1)]);
  const found = await outsiders(log.files, trustOf(log, one), { current: log.checkpoint() });
  t.deepEqual(found.longestUnseen !== 'operator only' && found.longestUnseen.entries, {
    from: { size: 3, at: noon + minute },
    to: { size: 500, at: null, seen: false },
    entries: 497,
    ms: null,
  });
});

test('a history that was rewritten, or cut off, contradicts what a witness saw', async (t) => {
  const one = witness('one.example/w');
  const log = new SeenLog().grow(...texts(400));
  const rewritten = new SeenLog('', log.signer).grow(...texts(10, 'other'), ...texts(400).slice(10));
  const cut = new SeenLog('', log.signer).grow(...texts(399));
  for (const other of [rewritten, cut]) {
    other.keep('witness', day, [cosigned(log.checkpoint(5), one, 1), cosigned(log.checkpoint(400), one, 2)]);
  }
  const trust = trustOf(log, one);
  const first = await outsiders(rewritten.files, trust, { current: rewritten.checkpoint() });
  t.is(first.longestUnseen, 'operator only');
  t.deepEqual(
    first.problems.map(({ kind, where, message }) => [kind, where, message]),
    [
      [
        'contradicts',
        'witness/2026-11-22.ndjson:1',
        'the first 5 entries are not those that one.example/w saw: the history was rewritten',
      ],
      [
        'contradicts',
        'witness/2026-11-22.ndjson:2',
        'the first 400 entries are not those that one.example/w saw: the history was rewritten',
      ],
    ],
  );
  const second = await outsiders(cut.files, trust, { current: cut.checkpoint() });
  t.is(second.witnessed.length, 1);
  t.is(
    second.problems[0]?.message,
    'one.example/w saw 400 entries, and the log has 399: entries were removed from its end',
  );
});

test('a cosignature by nobody who is trusted, a wrong one and a broken line count for nothing', async (t) => {
  const log = new SeenLog().grow(...texts(20));
  const [known, stranger] = [witness('one.example/w'), witness('stranger.example/w')];
  const right = cosigned(log.checkpoint(10), known, 1) as { checkpoint: string };
  const [from, to] = [log.checkpoint(10).note.text, log.checkpoint(11).note.text];
  const foreign = new SeenLog('other.example/log').grow(...texts(20));
  log.keep('witness', day, [
    cosigned(log.checkpoint(11), stranger, 1),
    cosigned(log.checkpoint(12), stranger, 1),
    { ...right, checkpoint: `${to}${right.checkpoint.slice(from.length)}` },
    cosigned(foreign.checkpoint(), known, 1),
    { at: 'now' },
    '{"at":',
  ]);
  log.kept.set(
    'witness/list.json',
    Buffer.from(JSON.stringify({ files: ['2026-11-21.ndjson', `${day}.ndjson`] })),
  );
  const file = log.kept.get(`witness/${day}.ndjson`) as Uint8Array;
  log.kept.set(`witness/${day}.ndjson`, Buffer.concat([file, Buffer.from('{"at":"cut')]));
  const found = await outsiders(log.files, trustOf(log, known), { current: log.checkpoint() });
  t.is(found.longestUnseen, 'operator only');
  t.deepEqual(
    found.problems.map(({ kind, where, count }) => [kind, where.slice(8), count]),
    [
      ['invalid', '2026-11-21.ndjson', 1],
      ['unknown', '2026-11-22.ndjson:1', 2],
      ['invalid', '2026-11-22.ndjson:3', 1],
      ['unknown', '2026-11-22.ndjson:4', 1],
      ['invalid', '2026-11-22.ndjson:5', 1],
      ['invalid', '2026-11-22.ndjson:6', 1],
    ],
  );
  t.regex(found.problems[1]?.message ?? '', /^no key was given for the witness stranger\.example\/w$/);
});

test("a contradiction that the log has not signed itself is nobody's word against it", async (t) => {
  const log = new SeenLog().grow(...texts(20));
  const one = witness('one.example/w');
  const other = new SeenLog().grow(...texts(20, 'other'));
  log.keep('witness', day, [cosigned(other.checkpoint(10), one, 1)]);
  const [problem] = (await outsiders(log.files, trustOf(log, one), { current: log.checkpoint() })).problems;
  t.is(problem?.kind, 'unknown');
  t.regex(problem?.message ?? '', /is signed by none of example\.org\/log/);
});

test('a cosignature that is not of the checkpoint it stands under is wrong', async (t) => {
  const log = new SeenLog().grow(...texts(20));
  const one = witness('one.example/w');
  const { note } = log.checkpoint(10);
  const other = cosign(log.checkpoint(11).note.text, one, noon / 1000);
  log.keep('witness', day, [
    { at: '', checkpoint: writeNote({ ...note, signatures: [...note.signatures, other] }) },
  ]);
  const found = await outsiders(log.files, trustOf(log, one), { current: log.checkpoint() });
  t.deepEqual(
    found.problems.map(({ message }) => message),
    ['the cosignature of one.example/w is wrong'],
  );
});

test('the cosigned checkpoint counts where the lines are lost', async (t) => {
  const log = new SeenLog().grow(...texts(20));
  const one = witness('one.example/w');
  const { checkpoint } = cosigned(log.checkpoint(15), one, 3) as { checkpoint: string };
  log.kept.set('witness/checkpoint', Buffer.from(checkpoint));
  const found = await outsiders(log.files, trustOf(log, one), { current: log.checkpoint() });
  t.deepEqual(found.witnessed, [{ by: 'witness', name: 'one.example/w', size: 15, at: noon + 3 * minute }]);
});

test('an object counts by what its store holds, and for nothing where it is not read back', async (t) => {
  const log = new SeenLog().grow(...texts(60));
  const line = (size: number): object => ({
    ...{
      kind: 'put',
      anchor: 'vault',
      at: '',
      url: `https://vault.example/${size}`,
      etag: null,
      version: null,
    },
    checkpoint: Buffer.from(log.checkpoint(size).bytes).toString(),
  });
  log.keep('anchors', day, [line(10), line(20), line(30), line(40)]);
  const question = { current: log.checkpoint() };
  const unread = await outsiders(log.files, trustOf(log), question);
  t.is(unread.longestUnseen, 'operator only');
  t.deepEqual(
    unread.problems.map(({ kind, count }) => [kind, count]),
    [['unknown', 4]],
  );
  const store: Readonly<Record<string, Uint8Array>> = {
    'https://vault.example/10': log.checkpoint(10).bytes,
    'https://vault.example/20': log.checkpoint(21).bytes,
    'https://vault.example/40': Buffer.from('nothing'),
  };
  const readObject = (url: string): ReturnType<NonNullable<OutsiderTrust['readObject']>> => {
    const bytes = store[url];
    return Promise.resolve(bytes && { bytes, at: noon });
  };
  const read = await outsiders(log.files, { ...trustOf(log), readObject }, question);
  t.deepEqual(read.anchored, [{ by: 'put', name: 'vault', size: 10, at: noon }]);
  t.deepEqual(
    read.problems.map(({ kind, message }) => [kind, message.replace(/: signed note.*/, '')]),
    [
      ['contradicts', 'https://vault.example/20 holds another checkpoint than is kept here'],
      ['unknown', 'vault has nothing at https://vault.example/30'],
      ['invalid', 'https://vault.example/40'],
    ],
  );
  t.deepEqual(read.objects, { read: 3, gone: 1, unread: 0 });
});

test('of more objects than may be read back, as many are as may, evenly to the last', async (t) => {
  const log = new SeenLog().grow(...texts(60));
  const line = (size: number): object => ({
    ...{
      kind: 'put',
      anchor: 'vault',
      at: '',
      url: `https://vault.example/${size}`,
      etag: null,
      version: null,
    },
    checkpoint: Buffer.from(log.checkpoint(size).bytes).toString(),
  });
  log.keep('anchors', day, [10, 20, 30, 40, 50, 60].map(line));
  const readObject: NonNullable<OutsiderTrust['readObject']> = (url) =>
    Promise.resolve({ bytes: log.checkpoint(Number(url.split('/').at(-1))).bytes, at: noon });
  const trust = { ...trustOf(log), readObject, mostObjects: 3 };
  const found = await outsiders(log.files, trust, { current: log.checkpoint() });
  t.deepEqual(
    found.anchored.map(({ size }) => size),
    [20, 40, 60],
  );
  t.deepEqual(found.objects, { read: 3, gone: 0, unread: 3 });
  t.like(found.problems, [
    {
      kind: 'unknown',
      message: 'what vault holds was not read back: 3 of 6 objects were, evenly over the log',
    },
  ]);
});

withOpenssl('a kept time-stamp is verified by the authority that the caller trusts', async (t) => {
  const tsa = await opensslTsa(t);
  const log = new SeenLog().grow(...texts(60));
  const line = (size: number, of = size): object => ({
    ...{
      kind: 'timestamp',
      anchor: 'stamps',
      at: '',
      checkpoint: Buffer.from(log.checkpoint(size).bytes).toString(),
    },
    response: Buffer.from(
      tsa.reply(timestampRequest(log.checkpoint(of).bytes, { nonce: Buffer.from('01', 'hex') })),
    ).toString('base64'),
  });
  log.keep('anchors', day, [line(50), line(51, 52)]);
  const question = { current: log.checkpoint() };
  const trust = { ...trustOf(log), timestampAnchors: [parseCertificate(tsa.ca.der)] };
  const found = await outsiders(log.files, trust, question);
  t.deepEqual(
    found.anchored.map(({ by, name, size }) => [by, name, size]),
    [['timestamp', 'stamps (CN=Test TSA)', 50]],
  );
  t.deepEqual(
    found.problems.map(({ message }) => message),
    ['the time-stamp of stamps: it is the stamp of something else: the imprint differs'],
  );
  const untrusted = await outsiders(log.files, trustOf(log), question);
  t.deepEqual(
    untrusted.problems.map(({ kind }) => kind),
    ['unknown'],
  );
});
