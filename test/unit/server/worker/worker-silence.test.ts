import { spawn } from 'node:child_process';
import test from 'ava';
import { WorkerSilence } from '../../../../src/server/worker/worker-silence.ts';

/** A worker that runs for `share` of the time that passes; undefined where nobody can tell. */
function silent(share: number | undefined): { hangsAfter(ms: number): boolean } {
  let now = 0;
  const silence = new WorkerSilence(() => (share === undefined ? undefined : 5000 + now * share));
  silence.heard(0);
  return {
    hangsAfter: (ms) => {
      let hangs = false;
      for (now = 0; now <= ms; now += 100) hangs = silence.hangs(now, 1);
      return hangs;
    },
  };
}

test('a worker that runs without a sign of life hangs after a second', (t) => {
  t.false(silent(1).hangsAfter(1000));
  t.true(silent(1).hangsAfter(1100));
});

test('a worker that waits for a processor is not killed for its silence before five seconds', (t) => {
  t.false(silent(0.05).hangsAfter(5000));
  t.true(silent(0.05).hangsAfter(5100));
});

test('a worker that has half a processor and hangs is killed within two seconds', (t) => {
  t.false(silent(0.5).hangsAfter(1000));
  t.true(silent(0.5).hangsAfter(1400));
});

test('where the system does not tell how long it ran, silence of a second counts', (t) => {
  t.true(silent(undefined).hangsAfter(1100));
});

test('a sign of life begins the silence anew', (t) => {
  let ran = 0;
  const silence = new WorkerSilence(() => (ran += 500));
  silence.heard(0);
  t.false(silence.hangs(400, 1));
  silence.heard(900);
  t.false(silence.hangs(1300, 1));
  t.false(silence.hangs(1800, 1));
  t.true(silence.hangs(2000, 1));
});

test('a worker that is stopped by a signal waits for no processor: it hangs after a second', (t) => {
  const silence = new WorkerSilence(
    () => 5000,
    () => true,
  );
  silence.heard(0);
  t.false(silence.hangs(1000, 1));
  t.true(silence.hangs(1100, 1));
});

test('one that starts in the place of another hangs when it has run for 20 s without a sign of life', (t) => {
  let ran = 5000;
  const silence = new WorkerSilence(
    () => ran,
    () => false,
  );
  silence.heard(0);
  t.false(silence.hangsAtStart(100, 1, true));
  ran += 19_999;
  t.false(silence.hangsAtStart(20_100, 1, true));
  ran += 1;
  t.true(silence.hangsAtStart(20_200, 1, true));
  t.false(silence.hangsAtStart(20_200, 1, false), 'the first one has more time');
  silence.heard(20_300);
  t.false(silence.hangsAtStart(20_400, 1, true));
});

test('one that starts and does not get a processor has a minute', (t) => {
  for (const ran of [5000, undefined]) {
    const silence = new WorkerSilence(
      () => ran,
      () => false,
    );
    silence.heard(0);
    t.false(silence.hangsAtStart(60_000, 1, true));
    t.true(silence.hangsAtStart(60_001, 1, true));
  }
});

test('one that is stopped while it starts hangs after a second of that', (t) => {
  let stopped = true;
  const silence = new WorkerSilence(
    () => 0,
    () => stopped,
  );
  silence.heard(0);
  t.false(silence.hangsAtStart(5000, 1, false));
  t.false(silence.hangsAtStart(6000, 1, false));
  stopped = false;
  t.false(silence.hangsAtStart(6100, 1, false));
  stopped = true;
  t.false(silence.hangsAtStart(6200, 1, false));
  t.false(silence.hangsAtStart(7200, 1, false));
  t.true(silence.hangsAtStart(7201, 1, false));
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('how long this very process has run is told by the system', (t) => {
  const silence = new WorkerSilence();
  silence.heard(0);
  t.false(silence.hangs(400, process.pid));
  // It has not run for 400 ms between the two lines.
  t.false(silence.hangs(1500, process.pid));
});

onLinux('whether a process is stopped is told by the system', async (t) => {
  const child = spawn('sleep', ['60']);
  t.teardown(() => child.kill('SIGKILL'));
  const hangs = (): boolean => {
    const silence = new WorkerSilence(() => 5000);
    silence.heard(0);
    return silence.hangs(1500, child.pid as number);
  };
  t.false(hangs());
  child.kill('SIGSTOP');
  while (!hangs()) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGCONT');
  while (hangs()) await new Promise((resolve) => setTimeout(resolve, 5));
  t.pass();
});
