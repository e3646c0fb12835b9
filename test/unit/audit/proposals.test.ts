import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Proposals, type ProposalRules } from '../../../src/audit/proposals.ts';
import { proposedRow } from '../../../src/audit/proposed-row.ts';
import { logFiles, logLines, mostLineBytes } from '../../../src/audit/read-log.ts';
import { buildRecord } from '../../../src/audit/record.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import { buildDraft } from '../../../src/inventory/record.ts';
import { deviceId, firmware, makeWorld, type World } from '../../helpers/world.ts';

const rules: ProposalRules = { tenant: 'default', since: undefined, includeClaimed: false, most: 100 };
const plainRow = { classOf: () => 'meter', includeClaimed: false };

async function aWorld(t: ExecutionContext): Promise<World> {
  const world = await makeWorld();
  t.teardown(world.close);
  return world;
}

function gathered(made: readonly MadeDecision[], changes: Partial<ProposalRules> = {}) {
  const proposals = new Proposals({ ...rules, ...changes });
  for (const one of made) proposals.take(buildRecord(one));
  return proposals;
}

const ids = (proposals: Proposals): readonly string[] => proposals.sorted().map((one) => one.device_id);

test('proposed is who was allowed, and who proved an identity that the inventory does not know', async (t) => {
  const world = await aWorld(t);
  const [known, stranger, lost] = await Promise.all(
    ['meter/1', 'meter/77', 'meter/lost'].map((it) => world.leaf(it)),
  );
  const decide = (shows: typeof known) => world.decide(world.connect({ shows: shows }));
  const made = [await decide(known), await decide(stranger), await decide(lost)];
  t.deepEqual(
    made.map(({ decision }) => decision.outcome),
    ['allow', 'deny', 'deny'],
  );
  world.clock.advance(1000);
  made.push(await decide(stranger));
  const proposals = gathered(made);
  t.deepEqual(ids(proposals), [deviceId('meter/1'), deviceId('meter/77')]);
  const row = proposedRow(proposals.sorted()[1] as never, plainRow);
  t.like(row, {
    ...{ device_id: deviceId('meter/77'), status: 'pre_provisioned', class: 'meter' },
    ...{ certificates: [stranger?.fingerprint], keys: [made[1]?.facts?.credential?.key_digest] },
    attributes: {
      'observed.anchor': 'fleet',
      'observed.count': '2',
      'observed.decision_id': made[3]?.decision.decision_id,
      'observed.first_seen': '2026-06-01T12:00:00.000Z',
      'observed.issuers': 'meters',
      'observed.last_seen': '2026-06-01T12:00:01.000Z',
      'observed.outcome': 'deny',
      'observed.subject': 'proved',
    },
  });
  t.truthy(buildDraft(row as Record<string, unknown>, (problem) => t.fail(problem)));
});

test('a bare claim is proposed only where that is asked for, and marked', async (t) => {
  const world = await aWorld(t);
  const claims = { device_id: 'nobody-knows', firmware_hash: firmware.good };
  const made = [
    await world.decide(world.connect({ pep: 'edge', claims })),
    await world.decide(
      world.connect({ shows: await world.leaf('meter/77'), claims: { firmware_hash: firmware.good } }),
    ),
  ];
  const plain = gathered(made);
  t.deepEqual(ids(plain), [deviceId('meter/77')]);
  t.false('firmware' in proposedRow(plain.sorted()[0] as never, plainRow), 'claimed firmware is none');
  const all = gathered(made, { includeClaimed: true });
  t.deepEqual(ids(all), ['nobody-knows', deviceId('meter/77')]);
  const rows = all.sorted().map((one) => proposedRow(one, { ...plainRow, includeClaimed: true }));
  t.like(rows[0], { keys: undefined, attributes: { 'observed.subject': 'vouched, not proved' } });
  t.like(rows.at(-1), { firmware: [firmware.good], attributes: { 'observed.firmware': 'claimed' } });
});

test('who was denied for what it shows is not proposed, and what denied a proposed one is told', async (t) => {
  const world = await aWorld(t);
  const [first, revoked] = [await world.leaf('meter/77'), await world.leaf('meter/78')];
  const decide = (shows: typeof first) => world.decide(world.connect({ shows }));
  const before = await decide(first);
  const at = world.clock.now() - 1000;
  const entries = [first, revoked].map(({ serial }) => ({ serial, at, reason: 'keyCompromise' }));
  await world.importCrl('meters', { revoked: entries });
  const proposals = gathered([before, await decide(first), await decide(revoked)]);
  t.deepEqual(ids(proposals), [deviceId('meter/77')]);
  t.like(proposedRow(proposals.sorted()[0] as never, plainRow), {
    attributes: { 'observed.denied_with': 'revocation.revoked', 'observed.count': '1' },
  });
});

test('tenant, time and the limit of memory hold', async (t) => {
  const world = await aWorld(t);
  const made = [];
  for (const name of ['meter/71', 'meter/72', 'meter/73']) {
    made.push(await world.decide(world.connect({ shows: await world.leaf(name) })));
    world.clock.advance(1000);
  }
  t.deepEqual(ids(gathered(made, { tenant: 'other' })), []);
  t.deepEqual(ids(gathered(made, { since: '2026-06-01T12:00:01.000Z' })), [
    deviceId('meter/72'),
    deviceId('meter/73'),
  ]);
  const few = gathered(made, { most: 2 });
  t.deepEqual([ids(few).length, few.leftOut], [2, 1]);
  const twice = (list: readonly MadeDecision[]) =>
    JSON.stringify(
      gathered(list)
        .sorted()
        .map((one) => proposedRow(one, plainRow)),
    );
  t.is(twice(made), twice([...made].reverse()), 'whatever their order');
});

test('text from a certificate never makes a row that cannot be imported', (t) => {
  const row = proposedRow(
    {
      ...{
        device_id: 'd',
        subject: 'proved',
        count: 1,
        first_seen: 'x',
        last_seen: ' ',
        decision_id: '\u0007',
      },
      ...{ outcome: 'allow', class: null, anchor: `a\u2028${'b'.repeat(5000)}`, serial: null },
      ...{ certificates: [], keys: [], issuers: ['\ud800'], measured: [] },
      ...{ claimed: [], gateways: [], denials: [] },
    },
    plainRow,
  );
  t.truthy(buildDraft(row as Record<string, unknown>, (problem) => t.fail(problem)));
});

test('rotated files are read with the log, the oldest first, packed ones too, each once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-log-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  writeFileSync(path('r.ndjson'), 'five\nsix');
  writeFileSync(path('r.ndjson.1'), 'four\n');
  writeFileSync(path('r.ndjson.2.gz'), gzipSync('two\nthree\n'));
  writeFileSync(path('r.ndjson.10'), 'one\n');
  for (const other of ['r.ndjson.lock', 'r.ndjson.changes', 's.ndjson']) writeFileSync(path(other), 'no\n');
  const lines: (string | undefined)[] = [];
  let bytes = 0;
  for (const { path: file } of logFiles([path('r.ndjson'), path('r.ndjson.1')]))
    for await (const line of logLines(file, (count) => (bytes += count))) lines.push(line);
  t.deepEqual(lines, ['one', 'two', 'three', 'four', 'five', 'six']);
  t.true(bytes > 0);
  t.throws(() => logFiles([path('gone')]), { code: 'PDP_INPUT_MALFORMED' });
});

test('a line without an end costs no memory, and the lines after it are read', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-log-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'r.ndjson');
  writeFileSync(path, 'before\n');
  appendFileSync(path, Buffer.alloc(mostLineBytes + 1, 'x'));
  appendFileSync(path, '\nafter\n');
  const lines: (string | undefined)[] = [];
  for await (const line of logLines(path, () => undefined)) lines.push(line);
  t.deepEqual(lines, ['before', undefined, 'after']);
});

test('a record without facts proposes nothing', async (t) => {
  const world = await aWorld(t);
  const made = await world.decide(world.connect({ shows: await world.leaf('meter/77') }));
  const proposals = new Proposals(rules);
  proposals.take({ ...buildRecord(made), facts: null });
  t.deepEqual(ids(proposals), []);
});
