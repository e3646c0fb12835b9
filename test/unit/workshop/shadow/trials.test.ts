import test from 'ava';
import type { ShadowRecord, ShadowSummaryRecord } from '../../../../src/audit/shadow-record.ts';
import { summarize } from '../../../../src/workshop/diff/summary.ts';
import { readTrials } from '../../../../src/workshop/shadow/trials.ts';
import type { FoundTrial } from '../../../../src/workshop/shadow/trials.ts';

const [one, other] = ['1'.repeat(64), '2'.repeat(64)];

function flip(device: string, over: Partial<ShadowRecord> = {}, share = 1): ShadowRecord {
  return {
    ...{ schema: 1, kind: 'shadow', time: '2026-11-20T08:00:01.000Z', decision_id: `id-${device}` },
    ...{ decision_time: '2026-11-20T08:00:00.000Z', tenant: 'default', device_id: device },
    ...{ class: 'meter', site: 'lyon', reasons: [] },
    answered: { bundle: other, outcome: 'allow', enforced: true, reasons: ['policy.ok'] },
    shadow: {
      ...{ bundle: one, revision: 'next', share, differs: 'outcome', direction: 'lock_out' },
      would: {
        ...{ outcome: 'deny', enforced: true, valid_until: null, faults: [] },
        reasons: [{ code: 'firmware.below_minimum', severity: 'deny', message: 'too old' }],
      },
    },
    ...over,
  };
}

function summary(over: Partial<ShadowSummaryRecord>, share = 1): ShadowSummaryRecord {
  return {
    ...{ schema: 1, kind: 'shadow_summary', time: '2026-11-20T08:01:00.000Z', instance: 'i' },
    since: '2026-11-20T08:00:00.000Z',
    answered: { bundle: other, revision: 'live' },
    shadow: { bundle: one, revision: 'next', share },
    ...{ seen: 0, chosen: 0, dropped: 0, compared: 0, agreed: 0, lock_outs: 0, let_ins: 0 },
    ...{ other_reasons: 0, other_obligations: 0, not_enforced: 0, denied_by_both: 0, not_asked: 0 },
    ...{ undecidable: 0, because: [], by_class: [], by_site: [], ...over },
  };
}

const counted = { seen: 20, chosen: 10, compared: 10, agreed: 5 };

async function read(...records: readonly object[]): Promise<ReadonlyMap<string, FoundTrial>> {
  async function* entries() {
    for (const record of records) yield { origin: 'log', record: record as Record<string, unknown> };
    await Promise.resolve();
  }
  return readTrials(entries(), 100);
}

function told(trial: FoundTrial | undefined) {
  if (!trial) throw new Error('no trial');
  const side = (name: string) => ({ name, digest: '', revision: '' });
  const source = { kind: 'records', names: [], sampled: false, assumptions: [] } as const;
  return summarize({ before: side('live'), after: side('trial') }, source, trial, {
    ...{ limits: {}, listDevices: true },
  });
}

test('differences and exact counts of what agreed are put together by class, site, reason and device', async (t) => {
  const trials = await read(
    { kind: 'decision', time: '2026-11-20T08:00:00.000Z' },
    flip('a'),
    flip('b', { class: 'camera', site: null }),
    summary({
      ...{ seen: 10, chosen: 10, compared: 8, agreed: 5, lock_outs: 2, other_reasons: 1, not_asked: 2 },
      by_class: [
        { name: 'meter', count: 6 },
        { name: 'camera', count: 2 },
      ],
      by_site: [
        { name: 'lyon', count: 6 },
        { name: null, count: 2 },
      ],
    }),
  );
  const found = told(trials.get(one));
  t.like(found, { compared: 8, same: 5, other_reasons: 1, lock_outs: 2, let_ins: 0, not_asked: 2, flips: 2 });
  t.deepEqual(
    found.by_class.map(({ name, compared, lock_outs }) => [name, compared, lock_outs]),
    [
      ['camera', 2, 1],
      ['meter', 6, 1],
    ],
  );
  t.deepEqual(found.by_reason, [{ reason: 'firmware.below_minimum', lock_outs: 2, let_ins: 0 }]);
  t.deepEqual(found.devices.listed?.map(({ device_id, lock_outs }) => [device_id, lock_outs]).sort(), [
    ['a', 1],
    ['b', 1],
  ]);
});

test('what a share chose, and what was not dropped, stands for all decisions of its time', async (t) => {
  const trials = await read(
    flip('a', {}, 0.5),
    summary({ seen: 100, chosen: 50, dropped: 25, compared: 25, agreed: 24, lock_outs: 1 }, 0.5),
  );
  const trial = trials.get(one);
  t.like(told(trial), { compared: 100, same: 96, lock_outs: 4 });
  t.true(trial?.partial);
  t.is(trial?.dropped, 25);
});

test('flips whose own records could not be written count by the summary, and are told', async (t) => {
  const trials = await read(
    flip('a', {}, 0.5),
    summary({ ...counted, lock_outs: 3, let_ins: 2, not_enforced: 1 }, 0.5),
    summary({ ...counted, lock_outs: 5 }, 0.5),
  );
  t.is(trials.get(one)?.unrecorded, 9);
  const found = told(trials.get(one));
  t.like(found, { compared: 40, same: 20, lock_outs: 16, let_ins: 4, flips: 20, not_enforced: 2 });
  t.deepEqual(found.by_reason, [{ reason: 'firmware.below_minimum', lock_outs: 2, let_ins: 0 }]);
  t.like(told((await read(summary({ ...counted, lock_outs: 5 }))).get(one)), { lock_outs: 10, compared: 20 });
});

test('flips after the last summary count by the share, and are told', async (t) => {
  const trials = await read(summary({ seen: 4, chosen: 4, compared: 4, agreed: 4 }), flip('a', {}, 0.25));
  t.is(trials.get(one)?.unsummarized, 1);
  t.like(told(trials.get(one)), { compared: 8, same: 4, lock_outs: 4 });
});

test('a let-in counts under the reason that keeps it out now, and trials of several bundles are apart', async (t) => {
  const denied = { bundle: one, outcome: 'deny', enforced: false, reasons: ['hold.device'] } as const;
  const base = flip('a');
  const letIn = { ...base.shadow, bundle: other, direction: 'let_in' } as const;
  const trials = await read(base, { ...base, answered: denied, shadow: letIn });
  t.is(trials.size, 2);
  t.like(told(trials.get(other)), { let_ins: 1, not_enforced: 1, lock_outs: 0 });
  t.deepEqual(told(trials.get(other)).by_reason, [{ reason: 'hold.device', lock_outs: 0, let_ins: 1 }]);
});

test('what is no such record is passed over', async (t) => {
  t.is(
    (await read({ kind: 'shadow' }, { ...flip('a'), more: 1 }, { kind: 'shadow_summary', seen: -1 })).size,
    0,
  );
});
