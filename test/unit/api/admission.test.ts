import test from 'ava';
import { createAdmission } from '../../../src/api/admission.ts';
import type { Admission, WaitingCall } from '../../../src/api/admission.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import type { FakeClock } from '../../helpers/fake-clock.ts';

/** A worker on a clock of its own, in which every decision takes 2 ms, and what became of its calls. */
function worker(room?: { calls: number; bytes: number }, recordsLate = () => false) {
  const clock = fakeClock(0);
  const admission = createAdmission(clock, { ...(room && { room }), recordsLate });
  const fates: string[] = [];
  const call = (name: string, over: Partial<WaitingCall> = {}): void => {
    const arrived = clock.monotonic();
    admission.enter({
      pep: name.slice(0, 1),
      bytes: 100,
      timing: { arrived, deadline: arrived + 100 },
      gone: () => false,
      begin: () => {
        fates.push(name);
        clock.advance(2);
        return Promise.resolve();
      },
      shed: (why) => void fates.push(`${name} ${why}`),
      ...over,
    });
  };
  return { clock, admission, fates, call };
}

/** Calls that are answered when the test says so, and wait for as long as need be. */
function slowCalls(fates: string[]) {
  const answers: (() => void)[] = [];
  const slow = {
    begin: () => {
      fates.push('begun');
      return new Promise<void>((resolve) => answers.push(resolve));
    },
    timing: { arrived: 0, deadline: Infinity },
  };
  return { slow, answers };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function turns(admission: Admission, clock: FakeClock, whatElseMs = 0): Promise<void> {
  for (let count = 0; count < 200 && admission.stats().waiting > 0; count += 1) {
    clock.advance(whatElseMs);
    await turn();
  }
  await turn();
}

test('calls are begun as they come while the thread keeps up', (t) => {
  const { call, fates, admission } = worker();
  call('a1');
  call('a2');
  t.deepEqual(fates, ['a1', 'a2']);
  t.is(admission.stats().waiting, 0);
});

test('beyond five milliseconds of a turn calls wait, in their order', async (t) => {
  const { call, fates, admission, clock } = worker();
  for (let index = 1; index <= 9; index += 1) call(`a${index}`);
  t.deepEqual(fates, ['a1', 'a2', 'a3']);
  t.is(admission.stats().waiting, 6);
  call('a10');
  await turns(admission, clock);
  t.deepEqual(fates, ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9', 'a10']);
});

test('the lines of PEPs are served in turn, however long one of them is', async (t) => {
  const { call, fates, admission, clock } = worker();
  for (let index = 1; index <= 30; index += 1) call(`a${index}`);
  call('b1');
  call('b2');
  await turns(admission, clock);
  t.true(fates.indexOf('b1') <= 5, fates.join(' '));
  t.true(fates.indexOf('b2') <= 7, fates.join(' '));
  t.is(fates.length, 32);
});

test('a call that has waited for half its time is shed, and never begun', async (t) => {
  const { call, fates, admission, clock } = worker();
  for (let index = 1; index <= 60; index += 1) call(`a${index}`);
  await turns(admission, clock);
  const begun = fates.filter((fate) => !fate.endsWith(' waited'));
  // 2 ms each: 25 of them in 50 ms, half of what they have; they came within the first 6 ms.
  t.true(begun.length >= 24 && begun.length <= 29, String(begun.length));
  t.is(admission.stats().shedWaited, 60 - begun.length);
  t.is(fates.at(-1), 'a60 waited');
});

test('a call that its PEP has given up is neither begun nor shed', async (t) => {
  const { call, fates, admission, clock } = worker();
  for (let index = 1; index <= 4; index += 1) call(`a${index}`);
  call('a5', { gone: () => true });
  await turns(admission, clock);
  t.deepEqual(fates, ['a1', 'a2', 'a3', 'a4']);
  t.is(admission.stats().abandoned, 1);
});

test('where there is no room the newest of the longest line goes, not the few calls of another PEP', (t) => {
  const { call, fates, admission } = worker({ calls: 5, bytes: 1_000_000 });
  for (let index = 1; index <= 8; index += 1) call(`a${index}`);
  fates.length = 0;
  call('b1');
  t.deepEqual(fates, ['a8 no_room']);
  call('a9');
  t.deepEqual(fates, ['a8 no_room', 'a9 no_room']);
  t.like(admission.stats(), { waiting: 5, shedNoRoom: 2 });
});

test('what waits is bounded by its bytes as well', (t) => {
  const { call, fates, admission } = worker({ calls: 1000, bytes: 1000 });
  for (let index = 1; index <= 3; index += 1) call(`a${index}`);
  call('a4', { bytes: 600 });
  call('a5', { bytes: 600 });
  t.deepEqual(fates.slice(3), ['a5 no_room']);
  t.is(admission.stats().waiting, 1);
});

test('where there are too many bytes the newest of those who brought most of them goes, however few they are', (t) => {
  const { call, fates, admission } = worker({ calls: 1000, bytes: 3000 });
  for (let index = 1; index <= 12; index += 1) call(`a${index}`);
  fates.length = 0;
  call('b1', { bytes: 1500 });
  call('b2', { bytes: 1500 });
  t.deepEqual(fates, ['b2 no_room']);
  t.is(admission.stats().waiting, 10);
});

test('what was given up makes room without being answered', (t) => {
  const { call, fates, admission } = worker({ calls: 2, bytes: 1_000_000 });
  for (let index = 1; index <= 5; index += 1) call(`a${index}`);
  for (let index = 1; index <= 4; index += 1) call(`a${5 + index}`, { gone: () => true });
  t.deepEqual(fates, ['a1', 'a2', 'a3']);
  t.like(admission.stats(), { waiting: 2, shedNoRoom: 0, abandoned: 4 });
});

test('a call that throws where it is begun or shed is its own problem: the others have their turns', async (t) => {
  const { call, fates, admission, clock } = worker({ calls: 5, bytes: 1_000_000 });
  const broken = (): never => {
    throw new Error('never happens');
  };
  call('a1', { begin: broken });
  for (let index = 2; index <= 5; index += 1) call(`a${index}`);
  call('b1', { begin: broken });
  call('b2');
  call('c1', { shed: broken, timing: { arrived: clock.monotonic() - 100, deadline: clock.monotonic() } });
  await turns(admission, clock);
  t.deepEqual(fates, ['a2', 'a3', 'a4', 'b2', 'a5'].toSorted());
});

test('decisions keep their part of the time where everything else takes much of it', async (t) => {
  const { call, fates, admission, clock } = worker();
  for (let index = 1; index <= 25; index += 1)
    call(`a${index}`, { timing: { arrived: clock.monotonic(), deadline: Infinity } });
  fates.length = 0;
  await turns(admission, clock, 20);
  // 22 of 2 ms in slices of 5 ms would take eight turns; they grow with what the rest of a turn takes.
  t.is(fates.length, 22);
  t.true(clock.monotonic() - 1000 < 6 + 22 * 2 + 5 * 20, String(clock.monotonic()));
});

test('while records are behind nothing more is begun than 128 calls; answers make room for the next ones', async (t) => {
  const { call, fates, admission, clock } = worker();
  const { slow, answers } = slowCalls(fates);
  for (let index = 0; index < 300; index += 1) call('a', slow);
  t.is(fates.length, 300, 'as long as none has waited for long');
  clock.advance(21);
  for (let index = 0; index < 10; index += 1) call('a', slow);
  await turn();
  await turn();
  t.is(fates.length, 300);
  t.is(admission.stats().waiting, 10);
  for (const answer of answers.splice(0, 200)) answer();
  await turn();
  await turn();
  t.is(fates.length, 310);
  t.is(admission.stats().waiting, 0);
});

test('where answers no longer go ahead of their records only 16 calls are begun at once, until they do again', async (t) => {
  let late = true;
  const { call, fates, admission } = worker(undefined, () => late);
  const { slow, answers } = slowCalls(fates);
  for (let index = 0; index < 100; index += 1) call('a', slow);
  t.is(fates.length, 16);
  t.is(admission.stats().waiting, 84);
  for (const answer of answers.splice(0, 4)) answer();
  await turn();
  await turn();
  t.is(fates.length, 20, 'each answer makes room for a call');
  late = false;
  answers.pop()?.();
  await turn();
  await turn();
  t.is(fates.length, 100);
});

/** Until no more than so many wait, or hope is gone. That somebody's time is over is looked for by real time. */
async function onlyWait(most: number, admission: Admission): Promise<void> {
  for (let count = 0; count < 200 && admission.stats().waiting > most; count += 1) await someLooks();
}

const someLooks = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

const stalled: readonly [why: string, late: boolean, begun: number][] = [
  ['answers no longer go ahead of their records', true, 16],
  ['records are behind', false, 128],
];
for (const [why, late, begun] of stalled) {
  test(`while ${why} a call is shed shortly before its time is over, though none of those in work has ended`, async (t) => {
    const { call, fates, admission, clock } = worker(undefined, () => late);
    const { slow } = slowCalls(fates);
    for (let index = 0; index < begun; index += 1) call('a', slow);
    clock.advance(21);
    call('a1');
    call('b1');
    await turn();
    clock.advance(20);
    call('b2');
    clock.advance(69);
    await someLooks();
    t.is(fates.length, begun, 'until then it is held');
    clock.advance(1);
    await onlyWait(1, admission);
    t.deepEqual(fates.slice(begun), ['a1 waited', 'b1 waited']);
    clock.advance(19);
    await someLooks();
    t.is(admission.stats().waiting, 1, 'of one line, each in its own time');
    clock.advance(1);
    await onlyWait(0, admission);
    t.deepEqual(fates.slice(begun), ['a1 waited', 'b1 waited', 'b2 waited']);
    t.like(admission.stats(), { waiting: 0, shedWaited: 3 });
  });
}

test('while nothing may be begun what was given up is dropped, and who has time left keeps his turn', async (t) => {
  const { call, fates, admission, clock } = worker(undefined, () => true);
  const { slow, answers } = slowCalls(fates);
  for (let index = 0; index < 16; index += 1) call('a', slow);
  const timing = { arrived: clock.monotonic(), deadline: clock.monotonic() + 1000 };
  call('b1', { timing });
  call('c1', { timing, gone: () => true });
  call('d1');
  clock.advance(90);
  await onlyWait(1, admission);
  t.deepEqual(fates.slice(16), ['d1 waited']);
  t.like(admission.stats(), { waiting: 1, abandoned: 1, shedWaited: 1 });
  answers.pop()?.();
  await onlyWait(0, admission);
  t.deepEqual(fates.slice(16), ['d1 waited', 'b1']);
});

test('what is shed while nothing may be begun takes no more of a turn than what is decided', async (t) => {
  const { call, fates, admission, clock } = worker(undefined, () => true);
  const { slow } = slowCalls(fates);
  for (let index = 0; index < 16; index += 1) call('a', slow);
  const shedOfTurn: number[] = [];
  let sameTurn = false;
  const shed = (): void => {
    if (!sameTurn) {
      shedOfTurn.push(0);
      setImmediate(() => (sameTurn = false));
    }
    sameTurn = true;
    shedOfTurn.push((shedOfTurn.pop() ?? 0) + 1);
    clock.advance(2);
  };
  for (let index = 0; index < 40; index += 1) call('a', { shed });
  clock.advance(90);
  await onlyWait(0, admission);
  t.is(
    shedOfTurn.reduce((sum, count) => sum + count, 0),
    40,
  );
  // 2 ms each, in slices of no more than 25 ms.
  t.true(Math.max(...shedOfTurn) <= 13, shedOfTurn.join(' '));
});

test('the most that waited is told once', (t) => {
  const { call, admission } = worker();
  for (let index = 1; index <= 9; index += 1) call(`a${index}`);
  t.is(admission.stats().mostWaiting, 6);
  t.is(admission.stats().mostWaiting, 6, 'they wait still');
});
