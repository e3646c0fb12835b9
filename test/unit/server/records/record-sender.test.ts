import test from 'ava';
import type { MadeDecision } from '../../../../src/decision/types.ts';
import { PortreeveError } from '../../../../src/lib/errors.ts';
import type { ToParent } from '../../../../src/server/worker/channel.ts';
import { createRecordSender } from '../../../../src/server/records/record-sender.ts';
import { addDuration, noDurations } from '../../../../src/telemetry/durations.ts';
import type { Durations } from '../../../../src/telemetry/durations.ts';

const made = (id: string): MadeDecision =>
  ({
    decision: {
      decision_id: id,
      tenant: 'default',
      time: '2026-06-01T12:00:00.000Z',
      outcome: 'allow',
      enforced: true,
      reasons: [{ code: 'policy.ok', severity: 'info', message: 'fine' }],
      device_id: null,
      assurance: 'none',
      faults: [],
    },
    pep: { name: 'envoy' },
    door: 'native',
    timings: { facts: 1, policy: 1, conclude: 1, total: 3 },
  }) as unknown as MadeDecision;

function sending(send?: () => Promise<void>, beforeLeave?: () => void) {
  const left: (readonly string[])[] = [];
  const sent: (readonly string[])[] = [];
  const told: Extract<ToParent, { kind: 'decided' }>[] = [];
  const sender = createRecordSender(
    {
      send: async (bytes, gone) => {
        const lines = bytes.toString().split('\n').slice(0, -1);
        gone?.();
        left.push(lines);
        await send?.();
        sent.push(lines);
      },
    },
    {
      send: async (message) => {
        if (message.kind === 'decided') told.push(message);
      },
    },
    ({ decision }, { supersedes }) => `${decision.decision_id}${supersedes ? ' superseding' : ''}`,
    beforeLeave,
  );
  return { left, sent, told, sender };
}

test('records of one turn leave together, and each append waits until they are acknowledged', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { sent, sender } = sending(() => gate.promise);
  let answered = false;
  const both = Promise.all([sender.append(made('1')), sender.append(made('2'))]).then(
    () => (answered = true),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.false(answered);
  t.false(sender.late(), 'answers that always wait are never late');
  gate.resolve();
  await both;
  t.deepEqual(sent, [['1', '2']]);
});

function twice(us: number): Durations {
  const durations = noDurations();
  addDuration(durations, us);
  addDuration(durations, us);
  return durations;
}

test('decisions that are alike are counted together, each with its times, within milliseconds', async (t) => {
  const { told, sender } = sending();
  sender.count(made('1'));
  sender.count(made('2'));
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.is(told.length, 1);
  t.deepEqual(told[0]?.tallies, [
    {
      door: 'native',
      pep: 'envoy',
      outcome: 'allow',
      enforced: true,
      assurance: 'none',
      reason: 'policy.ok',
      reasons: [{ code: 'policy.ok', severity: 'info' }],
      faults: [],
      times: { facts: twice(1), policy: twice(1), conclude: twice(1), total: twice(3) },
    },
  ]);
  t.deepEqual(told[0]?.summaries, []);
});

test('decisions that differ in anything that is counted are told apart', async (t) => {
  const { told, sender } = sending();
  const like = made('1');
  const denied = { ...like.decision, outcome: 'deny' as const };
  const fault = { code: 'system.internal', stage: 'record', message: '' } as const;
  const others = [
    like,
    { ...like, door: 'cli' },
    { ...like, pep: { ...like.pep, name: 'other' } },
    { ...like, decision: denied },
    { ...like, decision: { ...denied, enforced: false } },
    { ...like, decision: { ...like.decision, faults: [fault] } },
    { ...like, decision: { ...like.decision, faults: [{ ...fault, stage: 'policy' as const }] } },
  ];
  for (const one of others) sender.count(one);
  await sender.flush();
  t.is(told[0]?.tallies.length, others.length);
});

test('each decision is told where somebody wants to see it', async (t) => {
  const { told, sender } = sending();
  sender.tellEach(true);
  sender.count(made('1'));
  await sender.flush();
  t.like(told[0]?.summaries[0], { decision_id: '1', outcome: 'allow', reason: 'policy.ok', pep: 'envoy' });
});

test('while the log cannot be written, append rejects; afterwards it does not', async (t) => {
  const { sender } = sending();
  sender.writable(false);
  await t.throwsAsync(sender.append(made('1')), { code: 'PDP_AUDIT_UNAVAILABLE' });
  sender.writable(true);
  await t.notThrowsAsync(sender.append(made('2')));
});

test('a broken channel rejects with a fault of the audit', async (t) => {
  const { sender } = sending(() => Promise.reject(new PortreeveError('PDP_CHANNEL_BROKEN', 'gone')));
  await t.throwsAsync(sender.append(made('1')), { code: 'PDP_AUDIT_UNAVAILABLE' });
});

test('a record that is not acknowledged in time makes append reject, long before a caller gives up', async (t) => {
  const never = Promise.withResolvers<void>();
  const { sender } = sending(() => never.promise);
  await t.throwsAsync(sender.append(made('1')), { code: 'PDP_AUDIT_UNAVAILABLE' });
});

test('denials that are only counted wait for a parent that reads nothing no longer than records do', async (t) => {
  const { sender } = sending();
  const never = new Promise<void>(() => undefined);
  sender.merging({ takes: () => never });
  sender.budget(30);
  const both = [sender.append(made('1')), sender.append(made('2'))];
  for (const one of both) await t.throwsAsync(one, { code: 'PDP_AUDIT_UNAVAILABLE' });
  sender.merging({ takes: () => Promise.resolve() });
  await t.notThrowsAsync(sender.append(made('3')));
});

test('a log that fails while records are on their way to it makes their appends reject at once', async (t) => {
  const never = Promise.withResolvers<void>();
  const { left, sender } = sending(() => never.promise);
  sender.budget(1_000_000);
  const appended = sender.append(made('1'));
  while (left.length === 0) await new Promise((resolve) => setImmediate(resolve));
  sender.writable(false);
  await t.throwsAsync(appended, { message: /^the log failed while the record was on its way/ });
});

test('how long a record may take follows from the budget of a decision', async (t) => {
  const never = Promise.withResolvers<void>();
  const { sender } = sending(() => never.promise);
  sender.budget(45);
  await t.throwsAsync(sender.append(made('1')), { message: 'the record was not written in 30 ms' });
});

test('what was answered in the place of a record that has left follows it, and is not lost', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { left, told, sender } = sending(() => gate.promise);
  await t.throwsAsync(sender.append(made('1')));
  sender.supersede(made('1'));
  sender.count(made('1'));
  const next = sender.append(made('2'));
  gate.resolve();
  await next;
  await sender.flush();
  t.deepEqual(left, [['1'], ['1 superseding', '2']]);
  t.is(told[0]?.unrecorded, 0);
});

test('a decision whose record never left is lost, and counted', async (t) => {
  const { left, told, sender } = sending();
  sender.writable(false);
  await t.throwsAsync(sender.append(made('1')));
  sender.supersede(made('1'));
  sender.count(made('1'));
  await sender.flush();
  t.deepEqual(left, []);
  t.is(told[0]?.unrecorded, 1);
});

test.serial('an acknowledgement that waits to be read while this process is late is in time', async (t) => {
  const { sender } = sending(() => new Promise((resolve) => setImmediate(resolve)));
  const appended = sender.append(made('1'));
  await new Promise((resolve) => setImmediate(resolve));
  const from = performance.now();
  while (performance.now() - from < 200);
  await t.notThrowsAsync(appended);
});

test('a parent that does not keep up makes append reject instead of growing without end', async (t) => {
  const never = Promise.withResolvers<void>();
  const { sender } = sending(() => never.promise);
  const waiting = Array.from({ length: 10_000 }, (_, index) => sender.append(made(String(index))));
  for (const one of waiting) one.catch(() => undefined);
  await t.throwsAsync(sender.append(made('one more')), { code: 'PDP_AUDIT_UNAVAILABLE' });
});

test('in the relaxed mode answers go ahead of their records once one stands in the log, and only then', async (t) => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let batch = 0;
  const { sent, sender } = sending(() => (gates[batch++] as PromiseWithResolvers<void>).promise);
  sender.mode('relaxed', 10_000);
  let first = false;
  const answered = sender.append(made('1')).then(() => (first = true));
  await aWhile();
  t.false(first, 'nothing is known of the log yet');
  gates[0]?.resolve();
  await answered;
  await sender.append(made('2'));
  t.deepEqual(sent, [['1']], 'the answer was there before its record');
  gates[1]?.resolve();
  await sender.flush();
  t.deepEqual(sent, [['1'], ['2']]);
});

test('in the relaxed mode answers wait for a log that does not keep up, and are refused by one that cannot be written', async (t) => {
  let gate = Promise.resolve();
  const { sender } = sending(() => gate);
  sender.mode('relaxed', 60);
  await sender.append(made('1'));
  const stuck = Promise.withResolvers<void>();
  gate = stuck.promise;
  await sender.append(made('2'));
  t.false(sender.late());
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.true(sender.late());
  let answered = false;
  const third = sender.append(made('3')).then(() => (answered = true));
  await aWhile();
  t.false(answered, 'the second one has been on its way for longer than 30 ms');
  stuck.resolve();
  await third;
  t.false(sender.late());
  sender.writable(false);
  await t.throwsAsync(sender.append(made('4')), { code: 'PDP_AUDIT_UNAVAILABLE' });
});

test('records that went after their answers and could not leave are counted as lost', async (t) => {
  let broken = false;
  const { told, sender } = sending(undefined, () => {
    if (broken) throw new Error('the volume is full');
  });
  sender.mode('relaxed', 10_000);
  await sender.append(made('1'));
  await aWhile();
  broken = true;
  await sender.append(made('2'));
  sender.count(made('2'));
  await sender.flush();
  t.is(told.at(-1)?.unrecorded, 1);
  await t.throwsAsync(sender.append(made('3')), { code: 'PDP_AUDIT_UNAVAILABLE' }, 'the next one waits');
});

test('records that could not leave are told, also where no further decision is counted', async (t) => {
  let broken = false;
  const { told, sender } = sending(undefined, () => {
    if (broken) throw new Error('the volume is full');
  });
  sender.mode('relaxed', 10_000);
  await sender.append(made('1'));
  broken = true;
  await sender.append(made('2'));
  while (told.length === 0) await aWhile();
  t.like(told[0], { tallies: [], unrecorded: 1 });
});

test('the end of a drain says whether every record stands in the log', async (t) => {
  const { sender } = sending();
  await sender.append(made('1'));
  t.true(await sender.flush());
  const stuck = sending(() => new Promise(() => undefined));
  stuck.sender.budget(3);
  await t.throwsAsync(stuck.sender.append(made('2')));
  // Its own timer keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(alive));
  t.false(await stuck.sender.flush());
});

function aWhile(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
