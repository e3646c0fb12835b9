import { bundleOf } from '../../src/audit/tlog/entry-bundle.ts';
import { keyListBytes } from '../../src/audit/log/keys.ts';
import { keyListPath } from '../../src/audit/log/types.ts';
import type { LogKey } from '../../src/audit/log/types.ts';
import { recordBytes } from '../../src/audit/record.ts';
import { noteSigner } from '../../src/audit/tlog/note.ts';
import type { NoteSigner } from '../../src/audit/tlog/note.ts';
import {
  act,
  checkpointOf,
  entryOf,
  firstKey,
  heartbeat,
  keyChain,
  logBegin,
  makeLog,
  newSigner,
  origin,
  recordsOf,
} from './made-log.ts';
import type { MadeLog } from './made-log.ts';
import { tamperForms } from './tamper-matrix-forms.ts';
import { tilesOf } from './tlog.ts';

/** Entries of the log that is cheated with: two full bundles and a part of a third. */
export const matrixSize = 700;

/** A way of cheating, what verification must say of it first, and what the reader holds. */
export interface Cheat {
  readonly title: string;
  /** What comes of an honest log and its key; it may be changed in place. */
  readonly cheat: (log: MadeLog) => MadeLog;
  /** What is said is wrong, in order; empty = nothing is. */
  readonly says: readonly string[];
  /** What is said beside. */
  readonly remarks?: readonly string[];
  /** Size of the honest log's checkpoint that the reader holds. */
  readonly held?: number;
  /** Whose key the reader holds; the honest log's unless said. `none` = no key is given, `next` = the one that follows it. */
  readonly key?: 'none' | 'next';
}

const at = (second: number): number => logBegin + second * 1000;

/** Changes entries and makes bundles, tiles and checkpoint anew, with the key: what the operator can do. */
function rewritten(log: MadeLog, change: (entries: Uint8Array[]) => void, signer = log.signer): MadeLog {
  const entries = [...log.entries];
  change(entries);
  return makeLog(entries, signer, [], [firstKey(log.signer)]);
}

/** Changes entries in their bundles alone: what anyone can do who can write the files. */
function rebundled(log: MadeLog, change: (entries: Uint8Array[]) => void): MadeLog {
  const entries = [...log.entries];
  change(entries);
  for (const path of [...log.files.keys()]) if (path.startsWith('tile/entries/')) log.files.delete(path);
  for (const [index, width] of [256, 256, 188].entries()) {
    const name = `tile/entries/00${index}${width === 256 ? '' : `.p/${width}`}`;
    log.files.set(name, bundleOf(entries.slice(index * 256, index * 256 + width)));
  }
  return log;
}

function edited(log: MadeLog, path: string, edit: (bytes: Buffer) => Uint8Array): MadeLog {
  const found = log.files.get(path);
  if (found === undefined) throw new Error(`the log has no ${path}`);
  log.files.set(path, edit(Buffer.from(found)));
  return log;
}

function flipped(log: MadeLog, path: string, offset: number): MadeLog {
  return edited(log, path, (bytes) => {
    bytes[offset] = (bytes[offset] as number) ^ 1;
    return bytes;
  });
}

function without(log: MadeLog, ...paths: readonly string[]): MadeLog {
  for (const path of paths) {
    if (!log.files.delete(path)) throw new Error(`the log has no ${path}`);
  }
  return log;
}

/** Offset of a byte within an entry of a bundle. */
function within(log: MadeLog, entry: number): number {
  const first = entry - (entry % 256);
  const before = log.entries.slice(first, entry).reduce((sum, one) => sum + 2 + one.byteLength, 0);
  return before + 2 + 40;
}

/** Takes the tiles of other entries into a log whose checkpoint stays. */
function withTiles(log: MadeLog, entries: readonly Uint8Array[], which: (path: string) => boolean): MadeLog {
  for (const [path, bytes] of tilesOf(entries)) if (which(path)) log.files.set(path, bytes);
  return log;
}

function changed(log: MadeLog, index: number): Uint8Array[] {
  return log.entries.with(index, entryOf(index + 5000, at(index)));
}

/** A log whose key was changed after 300 entries. */
function rotated(log: MadeLog, successor: NoteSigner, endorsed = true): MadeLog {
  const keys = keyChain([log.signer, successor], [300]);
  const last = keys.at(-1);
  const list = endorsed || !last ? keys : [...keys.slice(0, -1), { ...last, succession: null }];
  log.files.set(keyListPath, keyListBytes({ keys: list }));
  log.files.set('checkpoint', checkpointOf(log.entries, log.entries.length, [successor]));
  return log;
}

/** What an export has beside the log: its records as lines. */
function exported(log: MadeLog, change: (lines: readonly Uint8Array[]) => readonly Uint8Array[]): MadeLog {
  log.files.set('export.json', Buffer.from('{"from":0}\n'));
  const lines = change(log.entries).flatMap((entry) => [entry, Buffer.from('\n')]);
  log.files.set('records/000000000000.ndjson', Buffer.concat(lines));
  return log;
}

/** The first two bundles are gone by the retention that the log tells of. */
function pruned(log: MadeLog, change: (entries: Uint8Array[]) => void = () => undefined): MadeLog {
  const less = rewritten(log, (entries) => {
    entries[600] = act(at(600), 'log_pruned', { minimum_index: 512 });
    change(entries);
  });
  return without(less, 'tile/entries/000', 'tile/entries/001', 'tile/0/000', 'tile/0/001');
}

/** The same, but for the hashes of the entries 256 to 511, as the operator has them from before. */
function prunedWithHashes(log: MadeLog, change?: (entries: Uint8Array[]) => void): MadeLog {
  const less = pruned(log, change);
  const hashes = tilesOf(less.entries).get('tile/0/001') as Uint8Array;
  less.files.set('tile/0/001', hashes);
  return less;
}

const prunedRemark = "log.pruned 0: entries 0 to 511 are gone: the log's retention has taken them";

/** A decision with members of its own, in canonical order, and one more text of the policy. */
function decisionWith(index: number, members: object): Uint8Array {
  const record = JSON.parse(Buffer.from(entryOf(index, at(index))).toString('utf8')) as object;
  return Buffer.from(recordBytes({ ...record, ...members }));
}

const strange = newSigner();
const next = newSigner();

/** The key that follows that of the honest log. */
export const nextVerifier = next.verifier;

/** Text forms of keys, which differ from run to run. */
export const matrixKeys = { strange: strange.verifier.text, next: next.verifier.text };

/** Every way of cheating that verification must catch, and honest logs that it must not accuse. */
export const tamperMatrix: readonly Cheat[] = [
  { title: 'an honest log', cheat: (log) => log, says: [] },
  { title: 'an honest log and a checkpoint that the reader holds', held: 400, cheat: (log) => log, says: [] },
  {
    title: 'a bit flipped in an entry',
    cheat: (log) => flipped(log, 'tile/entries/001', within(log, 300)),
    says: ['entry.changed 300: entry 300 was changed: it is not what was signed'],
  },
  {
    title: 'a bit flipped in an entry of the last bundle',
    cheat: (log) => flipped(log, 'tile/entries/002.p/188', within(log, 699)),
    says: ['entry.changed 699: entry 699 was changed: it is not what was signed'],
  },
  {
    title: 'neighbouring entries replaced',
    cheat: (log) =>
      rebundled(log, (entries) => {
        for (const index of [7, 8, 9]) entries[index] = entryOf(index + 5000, at(index));
      }),
    says: ['entry.changed 7: entries 7 to 9 were changed: they are not what was signed'],
  },
  {
    title: 'an entry removed, and those after it moved up',
    cheat: (log) => rebundled(log, (entries) => entries.splice(7, 1)),
    says: ['entry.removed 7: entry 7 was removed'],
  },
  {
    title: 'an entry removed from one bundle',
    cheat: (log) => {
      const entries = log.entries.slice(256, 512);
      entries.splice(44, 1);
      log.files.set('tile/entries/001', bundleOf(entries));
      return log;
    },
    says: ['entry.removed 300: entry 300 was removed'],
  },
  {
    title: 'the last entry of a bundle removed',
    cheat: (log) => {
      log.files.set('tile/entries/001', bundleOf(log.entries.slice(256, 511)));
      return log;
    },
    says: ['entry.removed 511: entry 511 was removed'],
  },
  {
    title: 'an entry put behind the last of a bundle',
    cheat: (log) => {
      log.files.set('tile/entries/001', bundleOf([...log.entries.slice(256, 512), entryOf(9001, at(511))]));
      return log;
    },
    says: ['entry.added 512: an entry was added at 512'],
  },
  {
    title: 'an entry added, and those after it moved down',
    cheat: (log) => rebundled(log, (entries) => entries.splice(300, 0, entryOf(9001, at(300)))),
    says: ['entry.added 300: an entry was added at 300'],
  },
  {
    title: 'an entry written a second time',
    cheat: (log) => {
      const entries = log.entries.slice(0, 256);
      entries.splice(20, 0, entries[19] as Uint8Array);
      log.files.set('tile/entries/000', bundleOf(entries));
      return log;
    },
    says: ['entry.added 20: an entry was added at 20'],
  },
  {
    title: 'two entries exchanged',
    cheat: (log) =>
      rebundled(log, (entries) => {
        [entries[3], entries[9]] = [entries[9] as Uint8Array, entries[3] as Uint8Array];
      }),
    says: ['entry.reordered 3: entries 3 to 9 stand in another order than was signed'],
  },
  {
    title: 'a bundle cut off within an entry',
    cheat: (log) => edited(log, 'tile/entries/002.p/188', (bytes) => bytes.subarray(0, bytes.length - 10)),
    says: ['entry.torn 699: tile/entries/002.p/188 ends within entry 699'],
  },
  {
    title: 'a bundle that is gone: a gap',
    cheat: (log) => without(log, 'tile/entries/001'),
    says: ['entry.missing 256: entries 256 to 511 are missing: tile/entries/001 is not there'],
  },
  {
    title: 'the last bundle gone',
    cheat: (log) => without(log, 'tile/entries/002.p/188'),
    says: ['entry.missing 512: entries 512 to 699 are missing: tile/entries/002.p/188 is not there'],
  },
  {
    title: 'the first bundle gone, and the log does not say that its retention took them',
    cheat: (log) => without(log, 'tile/entries/000', 'tile/0/000'),
    says: [
      'entry.missing 0: entries 0 to 255 are missing: tile/entries/000 is not there, and the log does not say that its retention took them',
    ],
  },
  {
    title: 'the first bundle gone by the retention that the log tells of',
    cheat: (log) =>
      without(
        rewritten(log, (entries) => {
          entries[600] = act(at(600), 'log_pruned', { minimum_index: 256 });
        }),
        'tile/entries/000',
        'tile/0/000',
      ),
    says: [],
    remarks: ["log.pruned 0: entries 0 to 255 are gone: the log's retention has taken them"],
  },
  {
    title: 'more gone than the retention that the log tells of has taken, and checkpoints of that time',
    cheat: (log) => {
      const pruned = rewritten(log, (entries) => {
        entries[600] = act(at(600), 'log_pruned', { minimum_index: 256 });
      });
      for (const size of [10, 300])
        pruned.files.set(`checkpoints/${size}`, checkpointOf(pruned.entries, size, [log.signer]));
      for (const index of [0, 1]) without(pruned, `tile/entries/00${index}`, `tile/0/00${index}`);
      return pruned;
    },
    says: [
      'entry.missing 0: entries 0 to 511 are missing: tile/entries/000 is not there, and the log does not say that its retention took them',
    ],
    remarks: [
      'log.unread: 2 earlier checkpoints, the last of them the checkpoint in checkpoints/300 (300 entries), cannot be compared: tiles of that time are gone',
    ],
  },
  {
    title: 'a bit flipped in a tile of hashes of entries',
    cheat: (log) => flipped(log, 'tile/0/001', 44 * 32),
    says: ['tile.changed 300: tile/0/001 was changed: what it has for entry 300 is not its hash'],
  },
  {
    title: 'a bit flipped in the last tile of hashes of entries',
    cheat: (log) => flipped(log, 'tile/0/002.p/188', 0),
    says: ['tile.changed 512: tile/0/002.p/188 was changed: what it has for entry 512 is not its hash'],
  },
  {
    title: 'a bit flipped in a tile above',
    cheat: (log) => flipped(log, 'tile/1/000.p/2', 32),
    says: [
      'tile.changed 256: tile/1/000.p/2 was changed: what it has for entries 256 to 511 is not the hash over them',
    ],
  },
  {
    title: 'a tile that is gone',
    cheat: (log) => without(log, 'tile/0/001'),
    says: ['tile.missing 256: tile/0/001 is not there'],
  },
  {
    title: 'a tile that was cut off',
    cheat: (log) => edited(log, 'tile/0/001', (bytes) => bytes.subarray(0, 100)),
    says: ['tile.malformed 256: tile/0/001 has 100 bytes instead of 8192'],
  },
  {
    title: 'an entry changed together with the tile over it',
    cheat: (log) => {
      const entries = changed(log, 300);
      return withTiles(log, entries, (path) => path === 'tile/entries/001' || path === 'tile/0/001');
    },
    says: ['entry.changed 256: entries 256 to 511 are not what was signed, nor are the hashes over them'],
  },
  {
    title: 'an entry changed together with all tiles over it, without the key',
    cheat: (log) => withTiles(log, changed(log, 300), () => true),
    says: [
      'root.differs 0: the entries are not those that the checkpoint at 700 was signed for: they differ between entry 0 and entry 699',
    ],
  },
  {
    title: 'the same where the log has kept earlier checkpoints: they tell where',
    cheat: (log) => {
      for (const size of [200, 350, 600])
        log.files.set(`checkpoints/${size}`, checkpointOf(log.entries, size, [log.signer]));
      return withTiles(log, changed(log, 300), () => true);
    },
    says: [
      'root.differs 200: the entries are not those that the checkpoint at 700 was signed for: they differ between entry 200 and entry 349',
    ],
  },
  {
    title: 'history rewritten with the key, and the reader holds a checkpoint',
    held: 400,
    cheat: (log) => rewritten(log, (entries) => (entries[300] = entryOf(5300, at(300)))),
    says: [
      'history.forked 0: the log is not the one that the checkpoint that you hold was signed for: of its 400 entries some from 0 on are others (history was rewritten, or forked)',
    ],
  },
  {
    title: 'history rewritten with the key, and nobody holds anything: it cannot be known',
    cheat: (log) => rewritten(log, (entries) => (entries[300] = entryOf(5300, at(300)))),
    says: [],
  },
  {
    title: 'history rewritten with the key under checkpoints that the log has kept',
    cheat: (log) => {
      const forged = rewritten(log, (entries) => (entries[300] = entryOf(5300, at(300))));
      for (const size of [200, 350])
        forged.files.set(`checkpoints/${size}`, checkpointOf(log.entries, size, [log.signer]));
      return forged;
    },
    says: [
      'history.forked 200: the log is not the one that the checkpoint in checkpoints/350 was signed for: of its 350 entries some from 200 on are others (history was rewritten, or forked)',
    ],
  },
  {
    title: 'the end cut off with the key, and the reader holds a checkpoint',
    held: 700,
    cheat: (log) => rewritten(log, (entries) => entries.splice(650)),
    says: [
      'history.truncated 650: the log ends at 650 entries, and the checkpoint that you hold covers 700: at least 50 were cut off',
    ],
  },
  {
    title: 'the end cut off by putting an older checkpoint in place, and the log has kept a later one',
    cheat: (log) => {
      log.files.set('checkpoints/690', checkpointOf(log.entries, 690, [log.signer]));
      log.files.set('checkpoint', checkpointOf(log.entries, 600, [log.signer]));
      for (const [path, bytes] of tilesOf(log.entries.slice(0, 600))) log.files.set(path, bytes);
      return log;
    },
    says: [
      'history.truncated 600: the log ends at 600 entries, and the checkpoint in checkpoints/690 covers 690: at least 90 were cut off',
    ],
  },
  {
    title: 'a log signed with another key',
    cheat: (log) => rewritten(log, (entries) => (entries[1] = entryOf(5001, at(1))), strange),
    says: [`key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (KEYID)`],
  },
  {
    title: 'a log whose keys were replaced too',
    cheat: (log) => makeLog([...log.entries], strange),
    says: [
      'key.unknown: the log was never signed with the key KEY',
      `key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (KEYID)`,
    ],
  },
  {
    title: 'no key is given: the log speaks for itself alone, and that is said',
    key: 'none',
    cheat: (log) => log,
    says: [],
    remarks: [
      'keys.own: no key was given: the keys are those that lie in the log, and whoever replaces all of it replaces them too',
    ],
  },
  {
    title: 'no key is given, and the log has none',
    key: 'none',
    cheat: (log) => without(log, keyListPath),
    says: [
      'key.list: no key was given, and the log has none',
      `key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (none)`,
    ],
  },
  {
    title: 'a bit flipped in a signature',
    cheat: (log) => edited(log, 'checkpoint', (bytes) => Buffer.from(flipSignature(bytes.toString('utf8')))),
    says: [`key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (KEYID)`],
  },
  {
    title: 'a checkpoint whose size was changed',
    cheat: (log) =>
      edited(log, 'checkpoint', (bytes) => Buffer.from(bytes.toString('utf8').replace('\n700\n', '\n699\n'))),
    says: [`key.wrong: the checkpoint of ${origin} at 699 is not signed by a key that counts there (KEYID)`],
  },
  {
    title: 'a checkpoint that is none',
    cheat: (log) => edited(log, 'checkpoint', () => Buffer.from('all is well\n')),
    says: ['checkpoint.malformed: the checkpoint is damaged: it is no signed tree head'],
  },
  {
    title: 'a checkpoint that is gone',
    cheat: (log) => without(log, 'checkpoint'),
    says: ['checkpoint.missing: there is no checkpoint'],
  },
  {
    title: 'a key that another took over from with its signature',
    cheat: (log) => rotated(log, next),
    says: [],
  },
  {
    title: 'a key that took over without the signature of the one before',
    cheat: (log) => rotated(log, next, false),
    says: [
      'key.succession: the key NEXT took over without the signature of KEY',
      `key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (KEYID)`,
    ],
  },
  {
    title: 'a checkpoint signed with a key that was replaced before',
    cheat: (log) => {
      rotated(log, next);
      log.files.set('checkpoint', checkpointOf(log.entries, 700, [log.signer]));
      return log;
    },
    says: [
      `key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (KEYID, NEXTID)`,
    ],
  },
  {
    title: 'the checkpoint of another log',
    cheat: (log) => {
      const other = noteSigner('portreeve.example/plant-8', log.signer.privateKey);
      log.files.set('checkpoint', checkpointOf(log.entries, 700, [other], 'portreeve.example/plant-8'));
      return log;
    },
    says: [
      'key.wrong: the checkpoint of portreeve.example/plant-8 at 700 is not signed by a key that counts there (KEYID)',
    ],
  },
  {
    title: 'a record from another time put in with the key',
    cheat: (log) => rewritten(log, (entries) => (entries[300] = entryOf(301, at(-7200)))),
    says: [
      'time.order 300: entry 300 is of 2026-10-31T22:00:00.000Z, and entry 299 before it of 2026-11-01T00:04:59.000Z',
    ],
  },
  {
    title: 'what is no record put in with the key',
    cheat: (log) => rewritten(log, (entries) => (entries[301] = Buffer.from('hello'))),
    says: ['entry.unreadable 301: entry 301 is no record: no reader shows it'],
  },
  {
    title: 'records left out before they were signed: heartbeats are missing',
    cheat: (log) => rewritten(log, (entries) => entries.splice(200, 300)),
    says: [],
    remarks: [
      'time.silence 200: nothing was recorded between 2026-11-01T00:03:19.000Z and 2026-11-01T00:08:20.000Z (5m 1s), where a heartbeat was due every 1m',
    ],
  },
  {
    title: 'records that a heartbeat says were lost',
    cheat: (log) => rewritten(log, (entries) => (entries[300] = heartbeat(at(300), 3))),
    says: [],
    remarks: ['log.gap 300: 3 records before entry 300 were lost: its heartbeat says so'],
  },
  {
    title: 'a gap that the log tells of itself',
    cheat: (log) => rewritten(log, (entries) => (entries[301] = act(at(301), 'log_gap', { at_most_ms: 50 }))),
    says: [],
    remarks: ['log.gap 301: records of at most 50ms before entry 301 may be missing: the log says so itself'],
  },
  {
    title:
      'a key put before the one that the reader holds, and all of the log rewritten with it, without the key',
    cheat: (log) => {
      const forged = rewritten(log, (entries) => (entries[1] = entryOf(5001, at(1))), strange);
      const keys = keyChain([strange, log.signer], [100_000]);
      forged.files.set(keyListPath, keyListBytes({ keys }));
      return forged;
    },
    says: [`key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (KEYID)`],
  },
  {
    title:
      'the end of a key that was replaced moved in the list, which nobody signs, to a checkpoint with it',
    cheat: (log) => {
      rotated(log, next);
      const keys = keyChain([log.signer, next], [300]);
      const [first, second] = keys as [LogKey, LogKey];
      const moved = { ...first, until: { time: second.from.time, size: 100_000 } };
      log.files.set(keyListPath, keyListBytes({ keys: [moved, second] }));
      log.files.set('checkpoint', checkpointOf(log.entries, 700, [log.signer]));
      return log;
    },
    says: [
      `key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (KEYID, NEXTID)`,
    ],
  },
  {
    title: 'a history of its own by the key before the one that the reader holds, with another end for it',
    key: 'next',
    cheat: (log) => {
      const forged = rewritten(log, (entries) => (entries[1] = entryOf(5001, at(1))));
      forged.files.set(keyListPath, keyListBytes({ keys: keyChain([log.signer, next], [100_000]) }));
      return forged;
    },
    says: [`key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (NEXTID)`],
  },
  {
    title: 'a reader who holds the later key, and a checkpoint that was kept under the one before',
    key: 'next',
    cheat: (log) => {
      log.files.set('checkpoints/200', checkpointOf(log.entries, 200, [log.signer]));
      return rotated(log, next);
    },
    says: [],
  },
  {
    title: 'a succession that was signed for another key',
    cheat: (log) => {
      rotated(log, next);
      const [first, second] = keyChain([log.signer, next], [300]) as [LogKey, LogKey];
      const [, other] = keyChain([log.signer, strange], [300]) as [LogKey, LogKey];
      log.files.set(
        keyListPath,
        keyListBytes({ keys: [first, { ...second, succession: other.succession }] }),
      );
      return log;
    },
    says: [
      'key.succession: the key NEXT took over without the signature of KEY',
      `key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (KEYID)`,
    ],
  },
  {
    title: 'a right signature of a key that nobody named, beside that of the log',
    cheat: (log) => {
      log.files.set('checkpoint', checkpointOf(log.entries, 700, [log.signer, strange]));
      return log;
    },
    says: [],
  },
  {
    title: 'a right signature of a key that nobody named, in the place of that of the log',
    cheat: (log) => {
      log.files.set('checkpoint', checkpointOf(log.entries, 700, [strange, next]));
      return log;
    },
    says: [`key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (KEYID)`],
  },
  {
    title: 'a wrong signature that says it is of the key of the log, behind a right one',
    cheat: (log) => {
      const [whole, other] = [700, 600].map((size) =>
        Buffer.from(checkpointOf(log.entries, size, [log.signer])).toString('utf8'),
      ) as [string, string];
      log.files.set('checkpoint', Buffer.from(whole + other.slice(other.indexOf('\u2014'))));
      return log;
    },
    says: [`key.wrong: the checkpoint of ${origin} at 700 is not signed by a key that counts there (KEYID)`],
  },
  {
    title: 'an older checkpoint put back, and the reader holds a later one',
    held: 690,
    cheat: (log) => {
      log.files.set('checkpoint', checkpointOf(log.entries, 512, [log.signer]));
      return log;
    },
    says: [
      'history.truncated 512: the log ends at 512 entries, and the checkpoint that you hold covers 690: at least 178 were cut off',
    ],
  },
  {
    title: 'an older checkpoint put back, and nobody holds anything: it cannot be known',
    cheat: (log) => {
      log.files.set('checkpoint', checkpointOf(log.entries, 512, [log.signer]));
      return log;
    },
    says: [],
  },
  {
    title: 'two entries exchanged, and their hashes in the tile over them',
    cheat: (log) => {
      const entries = [...log.entries];
      [entries[303], entries[309]] = [entries[309] as Uint8Array, entries[303] as Uint8Array];
      return withTiles(log, entries, (path) => path === 'tile/entries/001' || path === 'tile/0/001');
    },
    says: ['entry.changed 256: entries 256 to 511 are not what was signed, nor are the hashes over them'],
  },
  {
    title: 'two bundles exchanged together with the tiles over them',
    cheat: (log) => {
      for (const folder of ['tile/entries', 'tile/0']) {
        const [first, second] = [`${folder}/000`, `${folder}/001`].map((path) => log.files.get(path));
        log.files.set(`${folder}/000`, second as Uint8Array).set(`${folder}/001`, first as Uint8Array);
      }
      return log;
    },
    says: [
      'time.order 256: entry 256 is of 2026-11-01T00:00:00.000Z, and entry 255 before it of 2026-11-01T00:08:31.000Z',
      'entry.changed 0: entries 0 to 255 are not what was signed, nor are the hashes over them',
      'entry.changed 256: entries 256 to 511 are not what was signed, nor are the hashes over them',
    ],
    remarks: [
      'time.silence 512: nothing was recorded between 2026-11-01T00:04:15.000Z and 2026-11-01T00:08:32.000Z (4m 17s), where a heartbeat was due every 1m',
    ],
  },
  {
    title: 'a tile that is not full and longer than it says',
    cheat: (log) =>
      edited(log, 'tile/0/002.p/188', (bytes) => Buffer.concat([bytes, bytes, bytes.subarray(0, 64)])),
    says: ['tile.malformed 512: tile/0/002.p/188 has 12096 bytes instead of 6016'],
  },
  {
    title: 'bytes behind the last entry of a bundle that are none',
    cheat: (log) => edited(log, 'tile/entries/001', (bytes) => Buffer.concat([bytes, Buffer.of(0)])),
    says: ['entry.torn 512: tile/entries/001 ends within entry 512'],
  },
  {
    title: 'an empty entry behind the last of a bundle',
    cheat: (log) => edited(log, 'tile/entries/002.p/188', (bytes) => Buffer.concat([bytes, Buffer.of(0, 0)])),
    says: ['entry.added 700: an entry was added at 700'],
  },
  {
    title: 'the first bundle gone, and a mark of retention that nobody signed',
    cheat: (log) => {
      log.files.set('minimum-index', Buffer.from('256\n'));
      return without(log, 'tile/entries/000', 'tile/0/000');
    },
    says: [
      'entry.missing 0: entries 0 to 255 are missing: tile/entries/000 is not there, and the log does not say that its retention took them',
    ],
  },
  {
    title: 'a heartbeat whose time goes back',
    cheat: (log) => rewritten(log, (entries) => (entries[300] = heartbeat(at(100), 0))),
    says: [
      'time.order 300: entry 300 is of 2026-11-01T00:01:40.000Z, and entry 299 before it of 2026-11-01T00:04:59.000Z',
    ],
  },
  {
    title: 'a server that says it stopped and decides on, so that its silence would not show',
    cheat: (log) =>
      rewritten(log, (entries) => {
        entries[200] = act(at(200), 'stop', {});
        entries.splice(230, 300);
      }),
    says: [],
    remarks: [
      'time.silence 230: nothing was recorded between 2026-11-01T00:03:49.000Z and 2026-11-01T00:08:50.000Z (5m 1s), where a heartbeat was due every 1m',
    ],
  },
  {
    title: 'history rewritten with the key and then pruned, so that the held checkpoint cannot be compared',
    held: 300,
    cheat: (log) => pruned(log, (entries) => (entries[10] = entryOf(5010, at(10)))),
    says: [
      'history.uncompared: nothing shows that the log continues the checkpoint that you hold (300 entries): it takes tile/0/001, gone with older entries: ask the operator for a copy (hashes alone), or for an export with this checkpoint',
    ],
    remarks: [prunedRemark],
  },
  {
    title: 'the same where the hashes of that time are still there: they tell',
    held: 300,
    cheat: (log) => prunedWithHashes(log, (entries) => (entries[10] = entryOf(5010, at(10)))),
    says: [
      'history.forked 0: the log is not the one that the checkpoint that you hold was signed for: of its 300 entries some from 0 on are others (history was rewritten, or forked)',
    ],
    remarks: [prunedRemark],
  },
  {
    title: 'the same where those hashes are the ones of the log as it was',
    held: 300,
    cheat: (log) => {
      const forged = pruned(log, (entries) => (entries[300] = entryOf(5300, at(300))));
      forged.files.set('tile/0/001', tilesOf(log.entries).get('tile/0/001') as Uint8Array);
      return forged;
    },
    says: [
      'tile.changed 256: tile/0/001 was changed: the hash over it is another one',
      'history.uncompared: nothing shows that the log continues the checkpoint that you hold (300 entries): tile/0/001 is not as it was',
    ],
    remarks: [prunedRemark],
  },
  {
    title: 'the same where the tile of that time is cut off: damage is no absence',
    held: 300,
    cheat: (log) => edited(prunedWithHashes(log), 'tile/0/001', (bytes) => bytes.subarray(0, 5)),
    says: [
      'tile.malformed 256: tile/0/001 has 5 bytes instead of 8192',
      'history.uncompared: nothing shows that the log continues the checkpoint that you hold (300 entries): tile/0/001 is not as it was',
    ],
    remarks: [prunedRemark],
  },
  {
    title: 'a checkpoint that the log has kept, and a damaged tile of that time before what is there',
    cheat: (log) => {
      const less = flipped(prunedWithHashes(log), 'tile/0/001', 0);
      less.files.set('checkpoints/300', checkpointOf(log.entries, 300, [log.signer]));
      less.files.set('checkpoints/310', checkpointOf(log.entries, 310, [log.signer]));
      return less;
    },
    says: ['tile.changed 256: tile/0/001 was changed: the hash over it is another one'],
    remarks: [prunedRemark],
  },
  {
    title:
      'a log that was pruned, and the operator gave the reader the hashes that the held checkpoint takes',
    held: 300,
    cheat: (log) => prunedWithHashes(log),
    says: [],
    remarks: [prunedRemark],
  },
  {
    title: 'a log that was pruned, and a held checkpoint at the end of a bundle: hashes above tell',
    held: 256,
    cheat: (log) => pruned(log),
    says: [],
    remarks: [prunedRemark],
  },
  {
    title: 'the same with history rewritten with the key',
    held: 256,
    cheat: (log) => pruned(log, (entries) => (entries[10] = entryOf(5010, at(10)))),
    says: [
      'history.forked 0: the log is not the one that the checkpoint that you hold was signed for: of its 256 entries some from 0 on are others (history was rewritten, or forked)',
    ],
    remarks: [prunedRemark],
  },
  {
    title: 'a log that was pruned, and a held checkpoint of what is there',
    held: 512,
    cheat: (log) => pruned(log),
    says: [],
    remarks: [prunedRemark],
  },
  {
    title: 'a checkpoint of no entries that the reader holds of a log that was pruned',
    held: 0,
    cheat: (log) => pruned(log),
    says: [],
    remarks: [prunedRemark],
  },
  {
    title: 'a kept checkpoint that is not there, and the list names it',
    cheat: (log) => {
      log.files.set('checkpoints/200', checkpointOf(log.entries, 200, [log.signer]));
      log.files.set('checkpoints/list.json', Buffer.from('{"files":["200","350"]}'));
      return log;
    },
    says: ['history.missing: checkpoints/350 is not there, and checkpoints/list.json names it'],
  },
  {
    title: 'a list of kept checkpoints that is none',
    cheat: (log) => {
      log.files.set('checkpoints/list.json', Buffer.from('{"files":["../checkpoint"]}'));
      return log;
    },
    says: ['history.missing: checkpoints/list.json is no list of files'],
  },
  {
    title: 'decisions hidden with the key in entries that no reader takes for a record',
    cheat: (log) =>
      rewritten(log, (entries) => {
        const whole = Buffer.from(entryOf(307, at(307)));
        entries[301] = Buffer.from('{"kind":"decision","time":"bad"}');
        entries[302] = Buffer.from('[]');
        entries[303] = Buffer.from('{"kind":"decision"}');
        entries[304] = Buffer.from(`{"kind":"decision","time":"${'2026-02-30T00:00:00Z'}"}`);
        entries[305] = Buffer.concat([whole, Buffer.from('\n')]);
        entries[306] = Buffer.from(whole.toString().replace('{"assurance":', '{"assurance":x'));
        entries[307] = whole.subarray(0, -1);
        entries[308] = Buffer.alloc(0);
        entries[309] = Buffer.from(whole.toString().replace('"schema":1', '"schema":NaN'));
        entries[310] = Buffer.from(whole.toString().replace('"time":"', '"time":["'));
      }),
    says: Array.from(
      { length: 10 },
      (_, place) => `entry.unreadable ${301 + place}: entry ${301 + place} is no record: no reader shows it`,
    ),
  },
  {
    title:
      "records in which a policy's reason, a header and a name of another member have times of their own",
    cheat: (log) =>
      rewritten(log, (entries) => {
        const other = '2026-10-01T08:00:00.000Z';
        const time = { time: other };
        const reasons = [{ code: 'policy.late', detail: time }];
        entries[301] = decisionWith(301, { verdict: { headers: time, reasons }, reasons });
        entries[302] = decisionWith(302, { versions: { bundle: null, ...time } });
        entries[303] = decisionWith(303, { 'u"time': other });
        entries[304] = decisionWith(304, { versions: { 'x\\': `","time":"${other}"` } });
      }),
    says: [],
  },
  {
    title: 'an export whose lines are those of its entries',
    cheat: (log) => exported(log, (lines) => lines),
    says: [],
  },
  {
    title: 'an export whose last lines are left out',
    cheat: (log) => exported(log, (lines) => lines.slice(0, 650)),
    says: ['export.differs 650: records/ lacks the lines of entries 650 to 699'],
  },
  {
    title: 'an export without its lines',
    cheat: (log) =>
      without(
        exported(log, (lines) => lines),
        'records/000000000000.ndjson',
      ),
    says: ['export.differs 0: records/ lacks the lines of entries 0 to 699'],
  },
  {
    title: 'an export with a line of which the entry is another one',
    cheat: (log) => exported(log, (lines) => lines.with(300, lines[301] as Uint8Array)),
    says: ['export.differs 300: records/000000000000.ndjson: line 301 is not entry 300'],
  },
  {
    title: 'an export that says where it begins: what is before is told',
    cheat: (log) => {
      exported(log, (lines) => lines);
      log.files.set('export.json', Buffer.from('{"from":256}\n'));
      const lines = log.entries.slice(256).flatMap((entry) => [entry, Buffer.from('\n')]);
      log.files.delete('records/000000000000.ndjson');
      log.files.set('records/000000000256.ndjson', Buffer.concat(lines));
      return without(log, 'tile/entries/000', 'tile/0/000');
    },
    says: [],
    remarks: ['log.pruned 0: entries 0 to 255 are not in the export, which begins at 256'],
  },
  ...tamperForms,
];

/** Changes the second last character of the signature, so that it stays base64. */
function flipSignature(text: string): string {
  const place = text.length - 6;
  return `${text.slice(0, place)}${text[place] === 'A' ? 'B' : 'A'}${text.slice(place + 1)}`;
}

/** The honest log that every cheat begins with. */
export function honestLog(): MadeLog {
  return makeLog(recordsOf(matrixSize));
}

/** What was said, with names in place of keys. */
export function saidOf(
  findings: readonly { readonly code: string; readonly entry: number | null; readonly message: string }[],
  key: string,
): readonly string[] {
  const idOf = (text: string): string => text.slice(0, text.lastIndexOf('+'));
  return findings.map(({ code, entry, message }) =>
    `${code}${entry === null ? '' : ` ${entry}`}: ${message}`
      .replaceAll(key, 'KEY')
      .replaceAll(matrixKeys.next, 'NEXT')
      .replaceAll(matrixKeys.strange, 'STRANGE')
      .replaceAll(idOf(key), 'KEYID')
      .replaceAll(idOf(matrixKeys.next), 'NEXTID'),
  );
}
