import test from 'ava';
import type { MadeDecision } from '../../../src/decision/types.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import type { ToParent } from '../../../src/server/channel.ts';
import { createRecordSender } from '../../../src/server/record-sender.ts';

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

function sending(send?: (message: ToParent) => Promise<void>) {
  const sent: Extract<ToParent, { kind: 'records' }>[] = [];
  const sender = createRecordSender(
    {
      send: async (message) => {
        await send?.(message);
        if (message.kind === 'records') sent.push(message);
      },
    },
    ({ decision }) => decision.decision_id,
  );
  return { sent, sender };
}

test('records of one turn leave in one message, and each append waits until it has left', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { sent, sender } = sending(() => gate.promise);
  let answered = false;
  const both = Promise.all([sender.append(made('1')), sender.append(made('2'))]).then(
    () => (answered = true),
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.false(answered);
  gate.resolve();
  await both;
  t.deepEqual(
    sent.map(({ lines }) => lines),
    [['1', '2']],
  );
});

test('summaries follow within milliseconds and carry what was answered', async (t) => {
  const { sent, sender } = sending();
  sender.count(made('1'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.is(sent.length, 1);
  t.like(sent[0]?.summaries[0], { decision_id: '1', outcome: 'allow', reason: 'policy.ok', pep: 'envoy' });
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

test('a parent that takes nothing makes append reject, long before a caller gives up', async (t) => {
  const never = Promise.withResolvers<void>();
  const { sender } = sending(() => never.promise);
  await t.throwsAsync(sender.append(made('1')), { code: 'PDP_AUDIT_UNAVAILABLE' });
});

test('a parent that does not keep up makes append reject instead of growing without end', async (t) => {
  const never = Promise.withResolvers<void>();
  const { sender } = sending(() => never.promise);
  const waiting = Array.from({ length: 10_000 }, (_, index) => sender.append(made(String(index))));
  for (const one of waiting) one.catch(() => undefined);
  await t.throwsAsync(sender.append(made('one more')), { code: 'PDP_AUDIT_UNAVAILABLE' });
});
