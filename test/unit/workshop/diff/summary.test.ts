import test from 'ava';
import { FlippedDevices } from '../../../../src/workshop/diff/flipped-devices.ts';
import { markdownOf } from '../../../../src/workshop/diff/markdown.ts';
import { summarize } from '../../../../src/workshop/diff/summary.ts';
import type { Limits, Summary } from '../../../../src/workshop/diff/summary.ts';
import { addCompared, addTally, addUndecidable, newTally } from '../../../../src/workshop/diff/tally.ts';
import type { Tally } from '../../../../src/workshop/diff/tally.ts';

const side = (name: string) => ({ name, bytes: new Uint8Array(), digest: 'ab'.repeat(32), revision: name });
const sides = { before: side('old'), after: side('new') };
const source = { kind: 'records', names: ['r'], sampled: false, assumptions: [] } as const;

function subject(device: string | null, weight = 1) {
  return {
    ...{ tenant: 'default', device_id: device, class: 'meter', site: 'nantes', weight },
    ...{ when: `2026-01-0${weight}`, ref: 'id' },
  };
}

const stays = { otherwise: null, denied: false } as const;

function tally(): Tally {
  const made = newTally();
  addCompared(made, subject('a', 2), stays, {
    direction: 'lock_out',
    reason: 'firmware.blocked',
    enforced: true,
  });
  addCompared(made, subject('b'), stays, { direction: 'let_in', reason: 'binding.none', enforced: false });
  addCompared(
    made,
    { ...subject('c', 7), class: 'camera' },
    { otherwise: 'reasons', denied: true },
    undefined,
  );
  addUndecidable(made, 'input.x is not there', 3);
  return made;
}

function summaryOf(made: Tally, limits: Limits = {}): Summary {
  const devices = new FlippedDevices(10);
  for (const flip of made.flips) devices.take(flip);
  return summarize(sides, source, { tally: made, devices }, { limits, listDevices: true });
}

test('counts are scaled by the weights of lines, and lines are counted beside them', (t) => {
  const summary = summaryOf(tally());
  t.like(summary, {
    ...{ compared: 10, lock_outs: 2, let_ins: 1, flips: 3, other_reasons: 7, undecidable: 3 },
    ...{ denied_by_both: 7, not_enforced: 1 },
    lines: { compared: 3, flips: 2, lock_outs: 1, let_ins: 1, undecidable: 1 },
  });
  t.deepEqual(summary.by_class, [
    { name: 'meter', compared: 3, lock_outs: 2, let_ins: 1 },
    { name: 'camera', compared: 7, lock_outs: 0, let_ins: 0 },
  ]);
  t.deepEqual(summary.by_reason, [
    { reason: 'firmware.blocked', lock_outs: 2, let_ins: 0 },
    { reason: 'binding.none', lock_outs: 0, let_ins: 1 },
  ]);
  t.deepEqual(summary.because, [{ why: 'input.x is not there', count: 3 }]);
});

test('what several threads counted is the same in any order', (t) => {
  const [one, other] = [newTally(), newTally()];
  const more = newTally();
  addCompared(more, subject('z', 4), stays, undefined);
  for (const part of [tally(), more]) addTally(one, part);
  for (const part of [more, tally()]) addTally(other, part);
  t.deepEqual(summaryOf(one), summaryOf(other));
  t.is(summaryOf(one).compared, 14);
});

test('each limit fails above itself and not at it, and nothing to compare fails', (t) => {
  const failures = (limits: Limits) => summaryOf(tally(), limits).failures.length;
  t.is(failures({ max_flips: 3, max_lockouts: 2, max_undecidable: 3 }), 0);
  t.is(failures({ max_flips: 2 }), 1);
  t.is(failures({ max_lockouts: 1 }), 1);
  t.is(failures({ max_undecidable: 2 }), 1);
  const undecidable = newTally();
  addUndecidable(undecidable, 'x', 1);
  t.deepEqual(summaryOf(undecidable, { max_flips: 0 }).failures, ['nothing could be compared']);
});

test('devices beyond the room are counted, those that are locked out come first', (t) => {
  const devices = new FlippedDevices(2);
  for (const flip of tally().flips.toReversed()) devices.take(flip);
  devices.take({ ...subject('d'), direction: 'lock_out', reason: 'x', enforced: true });
  t.deepEqual(
    devices.sorted().map((one) => one.device_id),
    ['a', 'b'],
  );
  t.is(devices.leftOut, 1);
});

test('the comment names counts, limits and what is undecidable, and no text from outside is markup in it', (t) => {
  const made = tally();
  const evil = '<img src=x> | @all `x` [a](http://b)';
  addCompared(made, { ...subject(evil), class: evil }, stays, {
    direction: 'lock_out',
    reason: 'r',
    enforced: true,
  });
  const comment = markdownOf(summaryOf(made, { max_lockouts: 0 }));
  t.regex(comment, /3 lock-outs: more than/);
  t.regex(comment, /undecidable: input\.x is not there \(3\)/);
  t.notRegex(comment, /<img|@all|\]\(http/);
  const rows = comment.split('\n').filter((line) => line.includes('img'));
  t.true(rows.length >= 2);
  t.true(rows.every((row) => row.split('|').length === 6));
});

test('a comment in which nothing flips is no good news where something could not be decided', (t) => {
  const made = newTally();
  addCompared(made, subject('a'), stays, undefined);
  t.regex(markdownOf(summaryOf(made, {})), /^### ✅ Policy change: no connection flips\n/);
  addUndecidable(made, 'input.x is not there', 1200);
  t.regex(markdownOf(summaryOf(made, {})), /^### ⚠️ Policy change: no connection flips, 1,200 undecidable\n/);
});
