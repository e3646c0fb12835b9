import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { BreakGlassConfig, Config, ObserveConfig } from '../../../../src/config/types.ts';
import { startActs } from '../../../../src/server/acts/acts.ts';
import type { Acts } from '../../../../src/server/acts/acts.ts';
import type { Change, Store } from '../../../../src/store/types.ts';

const glass: BreakGlassConfig = {
  reasons: ['revocation.crl_stale'],
  classes: ['meter'],
  devices: [],
  who: 'J. Martin',
  why: 'CRL host down',
  since: 1000,
  until: 2000,
};

const change = (epoch: number): Change => ({
  epoch,
  origin: 'local',
  tenant: 'default',
  at: 0,
  actor: 'cli',
  why: 'test',
  kind: 'device.set_status',
  selector: 'meter-1',
  detail: {},
});

interface Line {
  readonly act: string;
  readonly time: string;
  readonly selector: string | null;
  readonly epoch: { readonly number: number } | null;
}

/** Acts over changes and a configuration in memory; `begin` starts them anew, as after a restart. */
function acting(t: ExecutionContext) {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-acts-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const lines: Line[] = [];
  const state = {
    now: 0,
    settled: true,
    writable: true,
    changes: [] as Change[],
    glass: [] as BreakGlassConfig[],
    observe: [] as ObserveConfig[],
    redact: { fields: [] as readonly string[], linkable: true, keep: null },
  };
  const store = {
    changesSince: (epoch: number, limit: number) =>
      state.changes.filter((one) => one.epoch > epoch).slice(0, limit),
    epochs: () => ({ local: Math.max(0, ...state.changes.map((one) => one.epoch)) }),
  } as unknown as Store;
  const begin = (): Acts => {
    const acts = startActs({
      writer: { program: 'portreeve test', instance: 'i' },
      store,
      clock: { now: () => state.now, monotonic: () => 0 },
      config: () =>
        ({
          audit: { path: join(folder, 'log'), redact: state.redact },
          enforcement: { observe: state.observe, break_glass: state.glass },
        }) as unknown as Config,
      write: (written) => lines.push(...written.map((line) => JSON.parse(line) as Line)),
      writable: () => state.writable,
      settled: () => state.settled,
      log: () => undefined,
    });
    t.teardown(() => acts.stop());
    return acts;
  };
  return { state, lines, begin, folder };
}

test('changes by whichever process are recorded once, also those from before the start', (t) => {
  const { state, lines, begin } = acting(t);
  state.changes = [change(1), change(2)];
  const acts = begin();
  state.changes.push(change(3));
  acts.look();
  acts.look();
  acts.stop();
  state.changes.push(change(4));
  begin();
  t.deepEqual(
    lines.map(({ epoch }) => epoch?.number),
    [1, 2, 3, 4],
  );
});

test('what acts hide is written beside the log before they leave; while that fails, changes wait in the store', (t) => {
  const { state, lines, begin, folder } = acting(t);
  state.redact = { ...state.redact, fields: ['device_id'] };
  const reveal = join(folder, 'log/reveal');
  mkdirSync(join(folder, 'log'));
  writeFileSync(reveal, 'no folder');
  const acts = begin();
  state.changes = [change(1)];
  acts.look();
  t.is(lines.length, 0);
  rmSync(reveal);
  acts.look();
  t.regex(lines[0]?.selector ?? '', /^redacted:[0-9a-f]{64}$/);
  const [file = ''] = readdirSync(reveal);
  const opening = JSON.parse(readFileSync(join(reveal, file), 'utf8')) as { decision_id: string };
  t.is(opening.decision_id, (lines[0] as Line & { act_id?: string }).act_id ?? '');
  t.like(opening, { values: { '/selector': 'meter-1' } });
  // Another configuration hides nothing any more.
  state.redact = { ...state.redact, fields: [] };
  state.changes.push(change(2));
  acts.look();
  t.is(lines[1]?.selector, 'meter-1');
});

test('after an older state was put back the changes to come are recorded, not waited for', (t) => {
  const { state, lines, begin } = acting(t);
  state.changes = [change(1), change(2), change(3)];
  begin().stop();
  state.changes = [change(1)];
  const acts = begin();
  state.changes.push(change(2));
  acts.look();
  t.deepEqual(
    lines.map(({ epoch }) => epoch?.number),
    [1, 2, 3, 2],
  );
});

test('changes whose records did not reach the log before the end are recorded again', (t) => {
  const { state, lines, begin } = acting(t);
  state.changes = [change(1)];
  state.settled = false;
  begin().stop();
  state.settled = true;
  begin().stop();
  t.is(lines.length, 2);
});

test('a broken glass is recorded when it opens and when its time is over', (t) => {
  const { state, lines, begin } = acting(t);
  state.glass = [glass];
  const acts = begin();
  t.is(lines.length, 0);
  state.now = 1500;
  acts.look();
  acts.look();
  state.now = 2500;
  acts.look();
  t.deepEqual(
    lines.map(({ act, time }) => [act, time]),
    [
      ['break_glass_opened', '1970-01-01T00:00:01.500Z'],
      ['break_glass_ended', '1970-01-01T00:00:02.000Z'],
    ],
  );
});

test('a glass that is open over a restart is told once, and its end is told by whoever runs then', (t) => {
  const { state, lines, begin } = acting(t);
  state.glass = [glass];
  state.now = 1500;
  begin().stop();
  begin().stop();
  t.deepEqual(
    lines.map(({ act }) => act),
    ['break_glass_opened'],
  );
  state.now = 2500;
  begin().stop();
  begin().stop();
  t.deepEqual(
    lines.map(({ act, time }) => [act, time]),
    [
      ['break_glass_opened', '1970-01-01T00:00:01.500Z'],
      ['break_glass_ended', '1970-01-01T00:00:02.000Z'],
    ],
  );
});

test('a glass that was taken out of the configuration while no server ran has ended at the next start', (t) => {
  const { state, lines, begin } = acting(t);
  state.glass = [glass];
  state.now = 1500;
  begin().stop();
  state.glass = [];
  state.now = 1700;
  begin();
  t.like(lines[1], { act: 'break_glass_ended', time: '1970-01-01T00:00:01.700Z' });
});

test('an opening whose record did not reach the log before the end is told again', (t) => {
  const { state, lines, begin } = acting(t);
  state.glass = [glass];
  state.now = 1500;
  state.settled = false;
  begin().stop();
  state.settled = true;
  begin().stop();
  t.is(lines.length, 2);
});

test('a memory of open glass that is damaged tells an opening again rather than not', (t) => {
  for (const text of ['', '{', '[1, null, {"who": "x"}]', '{"who": "x"}']) {
    const { state, lines, begin, folder } = acting(t);
    writeFileSync(join(folder, 'log.glass'), text);
    state.glass = [glass];
    state.now = 1500;
    begin();
    t.deepEqual(
      lines.map(({ act }) => act),
      ['break_glass_opened'],
    );
  }
});

test('observing is recorded when it opens and when its day has come, also by a server that starts after it', (t) => {
  const { state, lines, begin } = acting(t);
  state.observe = [{ class: 'camera', until: 2000 }];
  state.now = 1500;
  begin().stop();
  begin().stop();
  state.now = 2500;
  begin().stop();
  begin().stop();
  t.deepEqual(
    lines.map(({ act, selector, time }) => [act, selector, time]),
    [
      ['observe_opened', 'class camera', '1970-01-01T00:00:01.500Z'],
      ['observe_ended', 'class camera', '1970-01-01T00:00:02.000Z'],
    ],
  );
});

test('what is observed no more by another configuration has ended then', (t) => {
  const { state, lines, begin } = acting(t);
  state.observe = [
    { pep: 'edge', until: 2000 },
    { site: 'lyon', until: 2000 },
  ];
  const acts = begin();
  state.observe = [{ site: 'lyon', until: 2000 }];
  state.now = 100;
  acts.look();
  acts.look();
  t.deepEqual(
    lines.slice(2).map(({ act, selector, time }) => [act, selector, time]),
    [['observe_ended', 'pep edge', '1970-01-01T00:00:00.100Z']],
  );
});

test('while the log cannot be written, changes wait in the store', (t) => {
  const { state, lines, begin } = acting(t);
  state.writable = false;
  state.changes = [change(1)];
  const acts = begin();
  t.is(lines.length, 0);
  state.writable = true;
  acts.look();
  t.is(lines.length, 1);
});

test('a glass that is taken out of the configuration has ended then', (t) => {
  const { state, lines, begin } = acting(t);
  state.glass = [glass];
  state.now = 1500;
  const acts = begin();
  state.glass = [];
  state.now = 1600;
  acts.look();
  t.is(lines[1]?.act, 'break_glass_ended');
  t.is(lines[1]?.time, '1970-01-01T00:00:01.600Z');
});
