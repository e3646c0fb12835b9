import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { readRecordPipe, recordPipeOver } from '../../../../src/server/records/record-pipe.ts';
import type { RecordPipe } from '../../../../src/server/records/record-pipe.ts';
import type { Written } from '../../../../src/server/records/waiting.ts';

/** Two ends of a real socket. */
async function socketPair(t: ExecutionContext): Promise<readonly [worker: Socket, parent: Socket]> {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-pipe-'));
  const server = createServer().listen(join(folder, 'pipe'));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const worker = connect(join(folder, 'pipe'));
  const parent = await accepted;
  t.teardown(() => {
    worker.destroy();
    parent.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return [worker, parent];
}

interface Received {
  readonly lines: string;
  readonly written: Written;
}

/** Both ends of a pipe; `received` has each block with what acknowledges it. */
async function piping(t: ExecutionContext): Promise<{
  pipe: RecordPipe;
  received: readonly Received[];
  worker: Socket;
  parent: Socket;
  broken: () => boolean;
}> {
  const [worker, parent] = await socketPair(t);
  const received: Received[] = [];
  let broken = false;
  readRecordPipe(parent, (block, written) =>
    received.push({ lines: Buffer.from(block.bytes).toString(), written }),
  );
  const pipe = recordPipeOver(worker, () => (broken = true));
  return { pipe, received, worker, parent, broken: () => broken };
}

const lines = (...texts: readonly string[]): Buffer => Buffer.from(texts.map((text) => `${text}\n`).join(''));

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

/** Whether it has resolved by now. */
function watch(t: ExecutionContext, sent: Promise<void>): () => boolean {
  let resolved = false;
  sent.then(
    () => (resolved = true),
    (thrown: unknown) => t.fail(String(thrown)),
  );
  return () => resolved;
}

test('what is sent is safe once it is acknowledged, and not when it has left', async (t) => {
  const { pipe, received } = await piping(t);
  const safe = watch(t, pipe.send(lines('a', 'é')));
  await until(() => received.length === 1);
  t.is(received[0]?.lines, 'a\né\n');
  await aMoment();
  t.false(safe());
  received[0]?.written();
  await until(safe);
  t.pass();
});

test('an acknowledgement covers what was sent before it and nothing after', async (t) => {
  const { pipe, received } = await piping(t);
  const sent: (() => boolean)[] = [];
  for (const line of ['a', 'b', 'c']) {
    sent.push(watch(t, pipe.send(lines(line))));
    await until(() => received.length === sent.length);
  }
  received[0]?.written();
  received[1]?.written();
  await until(() => sent[1]?.() === true);
  await aMoment();
  t.deepEqual(
    sent.map((safe) => safe()),
    [true, true, false],
  );
});

test('blocks that were written together are acknowledged once', async (t) => {
  const { pipe, received, worker } = await piping(t);
  let bytes = 0;
  worker.on('data', (chunk: Buffer) => (bytes += chunk.byteLength));
  const sent: (() => boolean)[] = [];
  for (const line of ['a', 'b', 'c']) {
    sent.push(watch(t, pipe.send(lines(line))));
    await until(() => received.length === sent.length);
  }
  for (const { written } of received) written();
  await until(() => sent.every((safe) => safe()));
  t.is(bytes, 8);
});

test('an acknowledgement that comes in pieces counts once it is whole', async (t) => {
  const [worker, parent] = await socketPair(t);
  const pipe = recordPipeOver(worker, () => undefined);
  const safe = watch(t, pipe.send(lines('abc')));
  const acknowledgement = Buffer.alloc(8);
  acknowledgement.writeBigUInt64LE(4n);
  parent.write(acknowledgement.subarray(0, 3));
  await aMoment();
  t.false(safe());
  parent.write(acknowledgement.subarray(3));
  await until(safe);
  t.pass();
});

test('what is sent with a line that the log does not take is never safe, and what is sent before and after it is', async (t) => {
  const { pipe, received } = await piping(t);
  const tooLong = { code: 'PDP_LIMIT_EXCEEDED' };
  const [before, of] = [watch(t, pipe.send(lines('a'))), pipe.send(lines('b', 'long', 'c', 'long'))];
  const refused = t.throwsAsync(of, tooLong);
  const [after, alone] = [watch(t, pipe.send(lines('d'))), pipe.send(lines('long'))];
  const last = t.throwsAsync(alone, tooLong);
  await until(() => received.map((one) => one.lines).join('') === 'a\nb\nlong\nc\nlong\nd\nlong\n');
  let begin = 0;
  for (const { lines: texts, written } of received) {
    const ends = [9, 16, 23].filter((end) => end > begin && end <= begin + texts.length);
    written(ends.map((end) => end - begin));
    begin += texts.length;
  }
  await Promise.all([refused, last]);
  await until(() => before() && after());
});

test('a line that the log does not take is told of before anything behind it is acknowledged', async (t) => {
  const { pipe, received, worker } = await piping(t);
  const told: bigint[] = [];
  worker.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.byteLength; at += 8) told.push(chunk.readBigUInt64LE(at));
  });
  for (const line of ['a', 'long', 'b']) {
    const count = received.length;
    void pipe.send(lines(line)).catch(() => undefined);
    await until(() => received.length > count);
  }
  received[0]?.written();
  received[1]?.written([5]);
  received[2]?.written();
  await until(() => told.includes(9n));
  t.deepEqual(told, [(1n << 63n) | 7n, 9n]);
});

test('a parent that is gone is told, and nothing of what it did not acknowledge counts as safe', async (t) => {
  const { pipe, received, parent, broken } = await piping(t);
  const safe = watch(t, pipe.send(lines('a')));
  await until(() => received.length === 1);
  parent.destroy();
  await until(broken);
  t.false(safe());
});

test('a worker that is gone does not disturb the parent', async (t) => {
  const { pipe, received, worker, parent } = await piping(t);
  void pipe.send(lines('a')).catch(() => undefined);
  await until(() => received.length === 1);
  const closed = new Promise((resolve) => parent.once('close', resolve));
  worker.destroy();
  await closed;
  t.notThrows(() => received[0]?.written());
  await aMoment();
});
