import test from 'ava';
import {
  describeEnd,
  endedHow,
  restartPause,
  startFailure,
} from '../../../../src/server/worker/worker-end.ts';

test('a worker that keeps ending is started again at once, then after pauses that double up to five seconds', (t) => {
  t.deepEqual([0, 1, 2, 3, 4, 7, 8, 50].map(restartPause), [0, 0, 100, 200, 400, 3200, 5000, 5000]);
});

test('an end is told by its first cause: drained, hung, the signal, the exit code', (t) => {
  const killed = { code: null, signal: 'SIGKILL' } as const;
  const left = { code: 1, signal: null };
  t.is(endedHow(true, 'exit', { code: 0, signal: null }), 'drained');
  t.is(endedHow(false, 'hung', killed), 'hung');
  t.is(endedHow(false, 'exit', killed), 'signal');
  t.is(endedHow(false, 'exit', left), 'exit');
  t.is(describeEnd('hung', killed), 'hung and was killed');
  t.is(describeEnd('exit', killed), 'ended (SIGKILL)');
  t.is(describeEnd('exit', left), 'ended (1)');
});

test('a start fails with the last words of the worker; a code that no start may end with is internal', (t) => {
  const { code, message } = startFailure({ code: 'PDP_LISTEN_FAILED', message: 'in use' }, 'worker 0 ended');
  t.deepEqual([code, message], ['PDP_LISTEN_FAILED', 'in use']);
  t.is(startFailure({ code: 'PDP_USAGE', message: 'odd' }, 'worker 0 ended').code, 'PDP_INTERNAL');
  const silent = startFailure(undefined, 'worker 0 ended');
  t.deepEqual([silent.code, silent.message], ['PDP_INTERNAL', 'worker 0 ended']);
});
