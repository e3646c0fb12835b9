import test from 'ava';
import { createLogVoice } from '../../../src/server/log-voice.ts';

const group = {
  ...{ tenant: 'default', pep: 'envoy', door: 'native', network: null, count: 3 },
  ...{ first: '2026-11-22T10:00:00.000Z', last: '2026-11-22T10:00:00.000Z' },
  reasons: { 'identity.no_credential': 3 },
};

function speaking(writable = true) {
  const lines: { readonly kind: string; readonly count?: number }[] = [];
  const stats = { written: 7, lost: 0 };
  const voice = createLogVoice({
    writer: { program: 'portreeve test', instance: 'i' },
    clock: { now: () => 0, monotonic: () => 0 },
    ...{ site: 'lyon', heartbeat: 3_600_000, writable: () => writable, stats: () => stats },
    write: (written) => lines.push(...written.map((line) => JSON.parse(line) as { kind: string })),
  });
  return { voice, lines, stats };
}

const times = (count: number) => ({ total: { count } }) as never;

test('the last heartbeat tells what was not told yet, after the merged denials, and that none follows', (t) => {
  const { voice, lines, stats } = speaking();
  voice.start();
  voice.counted([
    { outcome: 'allow', enforced: true, times: times(5) },
    { outcome: 'deny', enforced: true, times: times(3) },
    { outcome: 'deny', enforced: false, times: times(1) },
  ]);
  voice.merged([group]);
  stats.written += 6;
  voice.stop();
  t.deepEqual(
    lines.map(({ kind }) => kind),
    ['merged', 'heartbeat'],
  );
  t.like(lines[1], {
    ...{ decisions: { allow: 5, deny: 3, let_pass: 1 }, merged: 3, next_s: 0, site: 'lyon' },
    records: { written: 6, lost: 0 },
  });
});

test('a server that never began to decide has no heartbeat', (t) => {
  const { voice, lines } = speaking();
  voice.stop();
  t.deepEqual(lines, []);
});
