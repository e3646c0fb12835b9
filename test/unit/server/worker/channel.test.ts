import { EventEmitter } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import test from 'ava';
import type { PortreeveError } from '../../../../src/lib/errors.ts';
import { channelToWorker } from '../../../../src/server/worker/channel.ts';
import type { ToParent } from '../../../../src/server/worker/channel.ts';

/** As much of a child process as a channel touches. */
class Child extends EventEmitter {
  readonly sent: unknown[] = [];
  failure: Error | null = null;
  send(message: unknown, done: (error: Error | null) => void): boolean {
    this.sent.push(message);
    done(this.failure);
    return true;
  }
}

function channel() {
  const child = new Child();
  const heard: ToParent[] = [];
  const broken: PortreeveError[] = [];
  const toWorker = channelToWorker(child as unknown as ChildProcess, {
    message: (message) => void heard.push(message),
    broken: (error) => void broken.push(error),
  });
  return { child, heard, broken, toWorker };
}

test('messages of the known kinds come through', (t) => {
  const { child, heard, broken } = channel();
  child.emit('message', { kind: 'drained', kept: true });
  t.deepEqual(heard, [{ kind: 'drained', kept: true }]);
  t.is(broken.length, 0);
});

for (const wrong of [undefined, null, 'drained', {}, { kind: 1 }, { kind: 'start' }, { kind: '__proto__' }]) {
  test(`${JSON.stringify(wrong)} breaks the channel`, (t) => {
    const { child, heard, broken } = channel();
    child.emit('message', wrong);
    t.is(heard.length, 0);
    t.is(broken[0]?.code, 'PDP_CHANNEL_BROKEN');
  });
}

test('a message that cannot be sent rejects', async (t) => {
  const { child, toWorker } = channel();
  await toWorker.send({ kind: 'audit', writable: true });
  t.deepEqual(child.sent, [{ kind: 'audit', writable: true }]);
  child.failure = new Error('EPIPE');
  await t.throwsAsync(toWorker.send({ kind: 'audit', writable: true }), { code: 'PDP_CHANNEL_BROKEN' });
});
