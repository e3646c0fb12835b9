import { recordBytes } from '../../src/audit/record.ts';
import { act, entryOf, firstKey, heartbeat, logBegin, makeLog } from './made-log.ts';
import type { MadeLog } from './made-log.ts';
import type { Cheat } from './tamper-matrix.ts';

const at = (second: number): number => logBegin + second * 1000;

/** Puts entries in from 301 on, and signs all anew with the key: what the operator can do. */
function signedAs(...texts: readonly (string | Buffer)[]): (log: MadeLog) => MadeLog {
  return (log) => {
    const entries = [...log.entries];
    for (const [place, text] of texts.entries())
      entries[301 + place] = typeof text === 'string' ? Buffer.from(text) : text;
    return makeLog(entries, log.signer, [], [firstKey(log.signer)]);
  };
}

const textOf = (entry: Uint8Array): string => Buffer.from(entry).toString();
const whole = (place: number): string => textOf(entryOf(301 + place, at(301 + place)));
const oddOnes = (count: number): readonly string[] =>
  Array.from(
    { length: count },
    (_, place) =>
      `entry.form ${301 + place}: entry ${301 + place} is not written as records are (RFC 8785): readers may differ over it`,
  );
const unreadable = (entry: number): string =>
  `entry.unreadable ${entry}: entry ${entry} is no record: no reader shows it`;

const spellings: readonly ((text: string) => string)[] = [
  (text) => text.replace('"meter', '"\\u006deter'),
  (text) => text.replace('"kind":"decision"', '"kind":"\\u0064ecision"'),
  (text) => text.replace('"tenant"', '"\\u0074enant"'),
  (text) => text.replace('"default"', '"a\\/b"'),
  (text) => text.replace('"default"', '"\\u000A"'),
  (text) => text.replace('"default"', '"\\u000a"'),
  (text) => text.replace('"default"', '"\\ud83d\\ude00"'),
  (text) => text.replace('"default"', '"\\ud83d"'),
  (text) => text.replace('{', '{"device_id":"innocent",'),
  (text) => text.replace('"kind":', '"device_id":"innocent","kind":'),
  (text) => text.replace('{"bundle":null}', '{"bundle":null,"bundle":null}'),
  (text) => text.replace('{"bundle":null}', '{"é":1,"é":2}'),
  (text) => text.replace('{"bundle":null}', '{"b":1,"a":2}'),
  (text) =>
    text.replace('{"bundle":null}', '{"\u{1f600}":1,"\ufb01":2}'.replace(/^\{(.*),(.*)\}$/u, '{$2,$1}')),
  (text) => text.replace(':{', ': {'),
  (text) => `${text} `,
  (text) => text.replace('"schema":1', '"schema":1.0'),
  (text) => text.replace('"schema":1', '"schema":1e3'),
  (text) => text.replace('"schema":1', '"schema":1e999'),
  (text) => text.replace('"schema":1', '"schema":-0'),
  (text) => text.replace('"schema":1', '"schema":12345678901234567890'),
  (text) => text.replace('"schema":1', '"schema":0.10'),
  (text) => text.replace('"schema":1', '"schema":1E21'),
  (text) => text.replace('"schema":1', `"schema":${'['.repeat(300)}1${']'.repeat(300)}`),
  (text) => text.replace('"schema":1', `"schema":${'['.repeat(30_000)}1${']'.repeat(30_000)}`),
  () => '{"a":'.repeat(12_000),
];

const times = ['0000-01-01T00:00:00Z', '0000-01-01T00:30:00+23:59', '9999-12-31T23:59:59.999-23:59'];
const strangeNumbers = [0.5, 1e21, -1, 5e-7, 1.5e300, 12.25, 123456789012345680000, 0.1 + 0.2];

/** Bytes that are no UTF-8 (a lone one, an overlong form, a surrogate, one cut off), in values and in a name. */
const noText = ['"a\xff"', '"a\xc0\x80"', '"\xed\xa0\xbd"', '"a\xe2\x82"', '"\xff","z\xff":"z"'];

/** Records that are signed and not written as records are, and honest ones that only look so. */
export const tamperForms: readonly Cheat[] = [
  {
    title:
      'records signed in another spelling than records have, by which searches and readers could miss them',
    cheat: signedAs(...spellings.map((spell, place) => spell(whole(place)))),
    says: oddOnes(spellings.length),
  },
  {
    title: 'records that are no UTF-8: readers leave bytes out, put others in their place, or fail',
    cheat: signedAs(
      ...noText.map((bytes, place) => Buffer.from(whole(place).replace('"default"', bytes), 'latin1')),
    ),
    says: oddOnes(noText.length),
  },
  {
    title: 'records with control characters, quotation marks, names beyond ASCII and numbers of every size',
    cheat: signedAs(
      ...[
        { device_id: '\u0000\u0007\b\t\n\u000b\f\r\u000e\u001f"\\/ \u007f\u2028é\u{1f600}' },
        { versions: { '\u{1f600}': 1, '\ufb01': 2, é: 3, 'e"': 4, 'e\\u0041': 5, '': 6, 10: 7, 9: 8 } },
        { versions: { numbers: strangeNumbers, none: [], nothing: {}, lists: [[[]], [{}]] } },
        { versions: JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`) as unknown },
        { kind: 'shadow', act: { name: 'none' }, versions: { text: '\\ud83d \\u0041' } },
      ].map((members, place) =>
        recordBytes({ ...(JSON.parse(whole(place)) as Record<string, unknown>), ...members }),
      ),
    ),
    says: [],
  },
  {
    title: 'merged denials that do not say what they are of: of how many nobody can tell',
    cheat: signedAs(
      recordBytes({ count: 5, kind: 'merged', time: '2026-11-01T00:05:01.000Z' }),
      recordBytes({ count: 5, groups: { a: 1 }, kind: 'merged', time: '2026-11-01T00:05:02.000Z' }),
    ),
    says: [unreadable(301), unreadable(302)],
  },
  {
    title: 'records of the first and the last years that there are',
    cheat: signedAs(...times.map((time, place) => whole(place).replace(/2026-[^"]+/, time))),
    says: [
      'time.order 301: entry 301 is of 0000-01-01T00:00:00.000Z, and entry 300 before it of 2026-11-01T00:05:00.000Z',
      'time.order 302: entry 302 is of -000001-12-31T00:31:00.000Z, and entry 300 before it of 2026-11-01T00:05:00.000Z',
      'time.order 304: entry 304 is of 2026-11-01T00:05:04.000Z, and entry 303 before it of 9999-12-31T23:59:59.999Z',
    ],
    remarks: [
      'time.silence 303: nothing was recorded between 2026-11-01T00:05:00.000Z and 9999-12-31T23:59:59.999Z (2912139d 23h), where a heartbeat was due every 1m',
    ],
  },
  {
    title: 'numbers of the log itself that are no counts: they are not told',
    cheat: signedAs(
      textOf(act(at(301), 'log_gap', { at_most_ms: 0.5 })),
      textOf(act(at(302), 'log_gap', { at_most_ms: 1e21 })),
      textOf(act(at(303), 'log_gap', { at_most_ms: -5 })),
      textOf(act(at(304), 'log_gap', { at_most_ms: 90_061_001 })),
      textOf(heartbeat(at(305), 1e300)),
      textOf(act(at(306), 'log_pruned', { minimum_index: 1e30 })),
    ),
    says: [],
    remarks: [
      ...[301, 302, 303].map(
        (entry) => `log.gap ${entry}: records before entry ${entry} may be missing: the log says so itself`,
      ),
      'log.gap 304: records of at most 1d 1h before entry 304 may be missing: the log says so itself',
    ],
  },
  {
    title: 'a folder in the place of a tile, of a bundle and of a kept checkpoint',
    cheat: (log) => {
      for (const path of ['tile/0/001', 'tile/entries/001']) {
        log.files.delete(path);
        log.files.set(`${path}/file`, Buffer.of(0));
      }
      log.files.set('checkpoints/2026/file', Buffer.of(0));
      log.files.set(`kept/${'a'.repeat(64)}/file`, Buffer.of(0));
      return log;
    },
    says: [
      'tile.missing 256: tile/0/001 is not there',
      'entry.missing 256: entries 256 to 511 are missing: tile/entries/001 is not there',
    ],
  },
  {
    title: 'an export whose export.json, which nobody signs, says that it begins later than it does',
    cheat: (log) => {
      log.files.set('export.json', Buffer.from('{"from":512}\n'));
      const lines = log.entries.slice(512).flatMap((entry) => [entry, Buffer.from('\n')]);
      log.files.set('records/000000000512.ndjson', Buffer.concat(lines));
      return log;
    },
    says: [
      'export.differs 0: export.json does not say that the export begins at entry 0, as it does',
      'export.differs 0: records/ lacks the lines of entries 0 to 511',
    ],
  },
  {
    title: 'the same without any lines',
    cheat: (log) => {
      log.files.set('export.json', Buffer.from('{"from":700}\n'));
      return log;
    },
    says: [
      'export.differs 0: export.json does not say that the export begins at entry 0, as it does',
      'export.differs 0: records/ lacks the lines of entries 0 to 699',
    ],
  },
];
