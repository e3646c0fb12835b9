import test from 'ava';
import fc from 'fast-check';
import { TileWriter } from '../../../../src/audit/index/add-tile.ts';
import { groupEntries } from '../../../../src/audit/index/groups.ts';
import type { BuiltRun } from '../../../../src/audit/index/run-builder.ts';
import { BucketReader } from '../../../../src/audit/index/run.ts';
import { termKeyBytes } from '../../../../src/audit/index/term.ts';
import type { TileBytes } from '../../../../src/audit/index/tile-bytes.ts';
import { buildRecord, recordBytes } from '../../../../src/audit/record.ts';
import { toldRecord } from '../../../helpers/audit-log.ts';
import { makeWorld } from '../../../helpers/world.ts';

const key = Buffer.alloc(termKeyBytes, 7);

/** A tile of these entries, again and again. */
function tileOf(entries: readonly Uint8Array[]): TileBytes {
  const all = Array.from({ length: 256 }, (_, place) => entries[place % entries.length] as Uint8Array);
  const [from, to] = [new Int32Array(256), new Int32Array(256)];
  let end = 0;
  all.forEach((entry, place) => {
    from[place] = end;
    end += entry.byteLength;
    to[place] = end;
  });
  return { bytes: Buffer.concat(all), from, to };
}

function built(tiles: readonly TileBytes[], useScanner: boolean) {
  const writer = new TileWriter(key, useScanner);
  tiles.forEach((tile, number) => writer.add(64 + number, tile));
  const { tiles: cells, run } = writer.finish();
  return { tiles: cells, terms: termsOf(run), scanned: writer.scanned };
}

/** Each term with its positions, however they are spread. */
function termsOf({ spread, buckets }: BuiltRun): readonly (readonly [number, readonly number[]])[] {
  const positions = new Uint16Array(groupEntries);
  return buckets.flatMap(([bucket, bytes]) => {
    const reader = new BucketReader(bytes, spread, bucket);
    const terms: [number, number[]][] = [];
    while (reader.next()) terms.push([reader.term, [...positions.subarray(0, reader.positions(positions))]]);
    return terms;
  });
}

/** What an index has of entries is the same whether they are looked through or parsed. Answers how many were not parsed. */
function agrees(
  t: { deepEqual: (a: unknown, b: unknown, why?: string) => void },
  entries: readonly Uint8Array[],
): number {
  const tiles = [tileOf(entries), tileOf(entries.toReversed())];
  const [scanned, parsed] = [built(tiles, true), built(tiles, false)];
  const why = entries.map((one) => Buffer.from(one).toString()).join('\n');
  t.deepEqual(scanned.tiles, parsed.tiles, why);
  t.deepEqual(scanned.terms, parsed.terms, why);
  return scanned.scanned / 2;
}

const odd = fc.oneof(
  fc.constantFrom('"quoted"', 'back\\slash', 'line\nfeed', '{"kind":"act"}', ',"kind":"act"', 'redacted:00'),
  fc.string(),
);
const plain = fc.constantFrom(
  ...['', 'a', 'b', 'meter-1', 'Énergie du Sud', '10.1.2.3', '::1', 'x'.repeat(300), 'é'.repeat(200), 'kind'],
);
const text = fc.oneof({ weight: 40, arbitrary: plain }, { weight: 1, arbitrary: odd });
const loose = fc.oneof(text, fc.constant(null), fc.integer(), fc.boolean());
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    loose,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(
        fc.constantFrom('kind', 'firmware_hash', 'source_ip', 'id', 'name', 'code', 'zz', '__proto__x'),
        fc.string(),
      ),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value;
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom(
    '10.1.2.3',
    '010.1.2.3',
    '10.1.2',
    '1.2.3.4.5',
    '256.1.1.1',
    '::ffff:10.1.2.3',
    'none',
    '10.0.0.0/9',
  ),
);
const time = fc.oneof(
  fc.constantFrom(
    '2026-11-20T08:00:00.000Z',
    '2026-11-20T08:00:59.999Z',
    '2026-11-20T08:00:60.000Z',
    '2026-11-20T08:00:00Z',
  ),
  fc.constantFrom(
    '2026-11-20T08:00:00.0000000001Z',
    '2026-11-20T09:00:00.123+01:00',
    '9999-12-31T23:59:59.999Z',
    'later',
  ),
  fc.constantFrom('2026-11-20T08:00:00.12xZ', '2026-11-20T08:00:7 .123Z', '0001-01-01T00:00:00.000Z'),
);
const or = <T>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 60, arbitrary: usual }, { weight: 1, arbitrary: anything });

const members = fc.record(
  {
    ...{
      kind: fc.oneof(
        { weight: 9, arbitrary: fc.constant('decision') },
        { weight: 1, arbitrary: fc.constantFrom('act', 'heartbeat', 'merged', 'shadow', 'x') },
      ),
    },
    time: or(time),
    ...{
      tenant: or(text),
      device_id: or(text),
      outcome: or(text),
      class: or(text),
      owner: or(text),
      site: or(text),
    },
    ...{
      gateway: or(text),
      door: or(text),
      assurance: or(text),
      leaf: or(text),
      key: or(text),
      issuer: or(text),
    },
    ...{
      issuer_key: or(text),
      serial: or(text),
      trace_id: or(text),
      connection_id: or(text),
      request_id: or(text),
    },
    ...{ decision_id: or(text), selector: or(text), pep: or(fc.record({ name: loose })) },
    versions: or(fc.record({ bundle: loose, zone: anything })),
    reasons: or(fc.array(or(fc.record({ code: loose, message: text })), { minLength: 1, maxLength: 4 })),
    facts: or(
      fc.record(
        {
          attestation: or(fc.record({ firmware_hash: loose, age: fc.integer() })),
          connection: or(
            fc.record(
              { claims: or(fc.record({ firmware_hash: loose })), source_ip: or(address), request_id: loose },
              { requiredKeys: [] },
            ),
          ),
          firmware: or(fc.record({ firmware_hash: loose })),
          gateway: or(fc.record({ id: loose })),
          custom: anything,
        },
        { requiredKeys: [] },
      ),
    ),
    input: anything,
  },
  { requiredKeys: ['kind', 'time', 'reasons', 'facts'] },
);
const rare = fc.record(
  {
    act: text,
    network: address,
    redacted: fc.constantFrom([], ['/device_id']),
    reason: text,
    groups: anything,
    zone: anything,
  },
  { requiredKeys: [] },
);
const record = fc
  .tuple(members, fc.oneof({ weight: 9, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: rare }))
  .map(([usual, unusual]) => ({ ...usual, ...unusual }));

test('of records of any form an index has the same, looked through or parsed', (t) => {
  t.timeout(120_000);
  let [scanned, all] = [0, 0];
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), fc.nat(4), (records, way) => {
      const entries = records.map((one) => Buffer.from(way > 0 ? recordBytes(one) : JSON.stringify(one)));
      scanned += agrees(t, entries);
      all += 256;
    }),
    { numRuns: 150 },
  );
  // Else the test would hold nothing against anything.
  t.true(scanned > all / 20, `${scanned} of ${all} were looked through`);
});

const usual = recordBytes(toldRecord(1));

test('a record that is not written as records are is parsed, and has the same in the index', (t) => {
  const forms: readonly (string | Uint8Array)[] = [
    usual.replace('"kind":"decision"', '"kind" : "decision"'),
    usual.replace('"kind":"decision"', '"kind":"decision","kind":"act"'),
    usual.replace('"kind":"decision"', String.raw`"k\u0069nd":"act","kind":"decision"`),
    usual.replace('"outcome":"allow"', '"zz":1,"outcome":"deny"'),
    usual.replace('"site":"north"', String.raw`"site":"n\u006frth"`),
    usual.replace('"reasons":[', '"reasons":[ '),
    usual.replace(/"reasons":\[[^\]]*\]/, '"reasons":[]'),
    usual.replace(/"reasons":\[[^\]]*\]/, '"reasons":["policy.ok",7]'),
    usual.replace(/"reasons":\[[^\]]*\],/, ''),
    usual.replace('"kind":"decision"', '"kind":"decisive"'),
    `${usual} `,
    ` ${usual}`,
    `${usual}}`,
    usual.slice(0, -1),
    usual.slice(0, usual.length / 2),
    '',
    '{}',
    '[]',
    'null',
    '{"kind":"decision"',
    Buffer.from(usual.replace('"site":"north"', '"site":"\u00ff"'), 'latin1'),
  ];
  for (const form of forms) {
    const own = typeof form === 'string' ? Buffer.from(form) : form;
    t.is(agrees(t, [own, Buffer.from(usual)]), 128, Buffer.from(own).toString());
  }
});

test('members of the same names deeper in a record are not taken for its own', (t) => {
  const trap = {
    kind: 'act',
    outcome: 'deny',
    site: 'trap',
    redacted: ['/site'],
    time: 'never',
    reasons: [{ code: 'trap' }],
  };
  const traps = [
    { custom: trap, findings: [trap, [trap]], zz: { deep: [{ deep: trap }] } },
    { custom: '","site":"trap"', attestation: { firmware_hash: 'fw', zz: trap } },
    {
      connection: { claims: { firmware_hash: 'fw', kind: 'act' }, source_ip: '10.9.8.7', zz: trap },
      gateway: { id: 'gw', zz: trap },
    },
  ];
  for (const facts of traps) {
    const own = Buffer.from(
      recordBytes({ ...toldRecord(2), facts, input: trap, verdict: [trap], obligations: trap }),
    );
    t.is(agrees(t, [own]), 256, own.toString());
    const { tiles } = built([tileOf([own])], true);
    t.false(
      tiles.some(({ columns }) => columns.some((column) => Buffer.from(column ?? []).includes('trap'))),
    );
  }
});

test('the records that this program writes are looked through and not parsed', async (t) => {
  const world = await makeWorld();
  t.teardown(() => world.close());
  const made = [
    await world.decide(world.connect({ shows: await world.leaf('meter/1') })),
    await world.decide(world.connect({ shows: await world.leaf('meter/lost') })),
    await world.decide(world.connect({ shows: world.cameraLeaf })),
    await world.decide(world.connect({})),
  ];
  const entries = made.flatMap((one) => [
    Buffer.from(recordBytes(buildRecord(one, 'strict'))),
    Buffer.from(recordBytes(buildRecord(one))),
  ]);
  t.is(agrees(t, entries), 256);
});

test('an entry that is JSON but for a member that no field reads is no record to the index either', (t) => {
  const right = recordBytes({ ...toldRecord(1), facts: { x: 'AT' }, zone: 'AT' });
  const wrong = [
    'nonsense',
    '{"a":}',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    '01',
    '1.',
    '--1',
    '"\\x"',
    '"\u0001"',
    'tru',
    '[1 2]',
  ];
  const escaped = ['"\\u0041"', '1e3', '{"a": 1}', `${'['.repeat(70)}${']'.repeat(70)}`];
  const usual = ['"\\u0001\\n\\"x"', '-0.5', '1e+21', '{"a":[{},[],[1,null,true,false]]}', '""', '"é"'];
  const entries = [...wrong, ...escaped, ...usual].flatMap((value) =>
    [0, 1].map((which) =>
      Buffer.from(right.split('"AT"').reduce((a, b, at) => `${a}${at === which + 1 ? value : '"x"'}${b}`)),
    ),
  );
  const scanned = agrees(t, entries);
  t.true(scanned >= 50 && scanned < 100, String(scanned));
  for (const [place, entry] of entries.entries()) {
    const { tiles } = built([tileOf([entry])], true);
    t.is(tiles[0]!.unread, place < 2 * wrong.length ? 256 : 0, entry.toString());
  }
});
