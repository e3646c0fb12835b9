import test from 'ava';
import type { MadeDecision } from '../../../../src/decision/types.ts';
import { isSampled } from '../../../../src/server/shadow/sampled.ts';
import { createShadowSender } from '../../../../src/server/shadow/sender.ts';
import type { ShadowBatch } from '../../../../src/server/shadow/types.ts';

const made = (id: number): MadeDecision =>
  ({
    decision: { decision_id: `id-${id}` },
    facts: null,
    verdict: null,
    input: null,
  }) as unknown as MadeDecision;
const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function sender(share = 1) {
  const sent: ShadowBatch[] = [];
  const one = createShadowSender((batch) => sent.push(batch));
  one.ask({ bundle: 'b', share });
  return { one, sent };
}

test('nothing is sent while the decision is being answered, and one batch is on its way at a time', async (t) => {
  const { one, sent } = sender();
  for (let id = 0; id < 40; id += 1) one.note(made(id));
  t.is(sent.length, 0);
  await idle();
  await idle();
  t.deepEqual(
    sent.map(({ decisions, seen }) => [decisions.length, seen]),
    [[16, 40]],
  );
  for (const left of [16, 8]) {
    one.taken();
    await idle();
    t.is(sent.at(-1)?.decisions.length, left);
    t.is(sent.at(-1)?.seen, 0);
  }
  one.taken();
  await idle();
  t.is(sent.length, 3);
});

test('beyond the room for them decisions are dropped, and every one is counted', async (t) => {
  const { one, sent } = sender();
  for (let id = 0; id < 1000; id += 1) one.note(made(id));
  await idle();
  t.like(sent[0], { seen: 1000, chosen: 1000, dropped: 1000 - 512 });
  let judged = 0;
  for (let at = 0; at < sent.length; at += 1) {
    judged += sent[at]?.decisions.length ?? 0;
    one.taken();
    await idle();
  }
  t.is(judged, 512);
});

test('at the end what is left is told as dropped', (t) => {
  const { one, sent } = sender();
  one.note(made(1));
  one.note(made(2));
  one.end();
  t.deepEqual(sent, [{ bundle: 'b', decisions: [], seen: 2, chosen: 2, dropped: 2 }]);
});

test('without a bundle on trial nothing is gathered', async (t) => {
  const { one, sent } = sender();
  one.note(made(1));
  one.ask(null);
  one.note(made(2));
  await idle();
  one.end();
  t.deepEqual(sent, []);
});

test('a share chooses by the id alone: always the same ones, about so many, and those of every smaller share', (t) => {
  const ids = Array.from({ length: 2000 }, (_, id) => `018f-${id}`);
  const chosen = (share: number): string[] => ids.filter((id) => isSampled(id, share));
  t.deepEqual(chosen(0.1), chosen(0.1));
  t.true(chosen(0.1).every((id) => isSampled(id, 0.3)));
  // The ids are fixed, and so is what comes out.
  t.true(Math.abs(chosen(0.1).length - 200) < 60, `${chosen(0.1).length}`);
  t.is(chosen(1).length, ids.length);
});
