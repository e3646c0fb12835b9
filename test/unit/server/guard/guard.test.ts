import test from 'ava';
import type { RawHttp2 } from '../../../helpers/raw-http2.ts';
import {
  errorCode,
  frame,
  frameType,
  grpcHeaders,
  headers,
  rstStream,
} from '../../../helpers/http2-frames.ts';
import { until } from '../../../helpers/server.ts';
import { guarded } from './guarded.ts';
import type { Guarded } from './guarded.ts';

test('who says nothing is ended once the time for setting up is over, and not before', async (t) => {
  const server = await guarded(t, { setup: 10_000 });
  const before = server.guard.counts();
  const silent = await server.connect({ polite: false });
  const speaks = await server.connect();
  await server.pass(10_000);
  t.deepEqual([silent.closed(), server.counted()], [false, {}]);
  await server.pass(1);
  await silent.ended;
  t.is(silent.goaway(), errorCode.enhanceYourCalm);
  t.false(speaks.closed(), 'its SETTINGS have come');
  t.deepEqual(server.counted(), { setup: 1 });
  t.is(before.connections.setup, 0, 'counts are those of the moment at which they were asked for');
});

test('a connection without calls is ended when it was quiet for longer than it may be, and one with a call is not', async (t) => {
  const server = await guarded(t, { idle: 20_000, call: 1_000_000 });
  const quiet = await server.connect();
  const busy = await server.connect();
  await server.call(busy, 1, '/hold');
  await server.pass(20_000);
  t.deepEqual([quiet.closed(), server.counted()], [false, {}]);
  await server.pass(1);
  await quiet.ended;
  t.is(quiet.goaway(), errorCode.noError, 'a PEP that is merely idle has done nothing wrong');
  t.false(busy.closed());
  t.deepEqual(server.counted(), { idle: 1 });
});

test('quiet begins anew with the end of each call', async (t) => {
  const server = await guarded(t, { idle: 20_000 });
  const connection = await server.connect();
  await server.pass(15_000);
  await (await server.call(connection, 1, '/answer')).end();
  await server.pass(20_000);
  t.deepEqual([connection.closed(), server.counted()], [false, {}]);
  await server.pass(1);
  await connection.ended;
  t.deepEqual(server.counted(), { idle: 1 });
});

/** A call is timed from the sweep before it, so that it gets one period more (ms). */
const sweep = 500;

test('a call that is open for longer than any may be is reset, and its connection goes on', async (t) => {
  const server = await guarded(t, { call: 5000 });
  const connection = await server.connect();
  await server.call(connection, 1, '/hold');
  await server.pass(5000 + sweep);
  t.deepEqual([connection.resets.size, server.counted()], [0, {}]);
  await server.call(connection, 3, '/hold');
  await server.pass(1);
  await until(() => connection.resets.size > 0);
  t.deepEqual([...connection.resets], [[1, errorCode.cancel]], 'the later call has its own time');
  await (await server.call(connection, 5, '/answer')).end();
  t.false(connection.closed());
  t.deepEqual(server.counted(), { slow: 1 }, 'what we reset is no reset of theirs');
});

test('a call that was answered is never too slow, however long ago it came', async (t) => {
  const server = await guarded(t, { call: 5000, idle: 1_000_000 });
  const connection = await server.connect();
  await (await server.call(connection, 1, '/answer')).end();
  await server.pass(20_000);
  t.deepEqual([connection.resets.size, server.counted()], [0, {}]);
});

test('no call is reset while a decision may still be made within its budget', async (t) => {
  const server = await guarded(t, { call: 5000 }, 9000);
  const connection = await server.connect();
  await server.call(connection, 1, '/hold');
  await server.pass(9000 + 1000 + sweep);
  t.deepEqual([connection.resets.size, server.counted()], [0, {}]);
  await server.pass(1);
  await until(() => connection.resets.size > 0);
  t.deepEqual(server.counted(), { slow: 1 });
});

test('who waits to be told of health waits for as long as he likes, and hides no slow call behind him', async (t) => {
  const server = await guarded(t, { call: 5000 });
  const connection = await server.connect();
  await server.call(connection, 1, '/grpc.health.v1.Health/Watch');
  await server.call(connection, 3, '/hold');
  await server.pass(5000 + sweep + 1);
  await until(() => connection.resets.size > 0);
  t.deepEqual([...connection.resets], [[3, errorCode.cancel]]);
  t.deepEqual(server.counted(), { slow: 1 });
});

/** Begins this many calls that are compressed, on streams from `first` on. */
async function compressed(
  server: Guarded,
  connection: RawHttp2,
  first: number,
  count: number,
): Promise<void> {
  for (let stream = first; stream < first + 2 * count; stream += 2)
    await server.call(connection, stream, '/hold', { 'grpc-encoding': 'gzip' });
}

test('beyond sixteen compressed calls the newest of the connection that has most of them is refused', async (t) => {
  const server = await guarded(t);
  const [greedy, modest] = [await server.connect(), await server.connect()];
  await compressed(server, modest, 1, 1);
  await compressed(server, greedy, 1, 15);
  t.deepEqual([greedy.resets.size, server.counted()], [0, {}]);
  await compressed(server, modest, 3, 1);
  await until(() => greedy.resets.size > 0);
  t.deepEqual([...greedy.resets], [[29, errorCode.refusedStream]]);
  await compressed(server, greedy, 31, 1);
  await until(() => greedy.resets.size > 1);
  t.deepEqual([...greedy.resets.keys()], [29, 31], 'what was refused has left no room');
  await greedy.send(rstStream(1));
  await until(() => server.counted()['client_reset'] === 1);
  await compressed(server, modest, 5, 1);
  await server.swept();
  t.deepEqual(
    [greedy.resets.size, modest.resets.size],
    [2, 0],
    'what ended has, and what was refused took none',
  );
  t.deepEqual(server.counted(), { compressed: 2, client_reset: 1 });
});

test('a compressed call that ends makes room for the next, and one that is not compressed needs none', async (t) => {
  const server = await guarded(t);
  const connection = await server.connect();
  await compressed(server, connection, 1, 16);
  await server.call(connection, 33, '/hold', { 'grpc-encoding': 'identity' });
  await server.call(connection, 35, '/hold');
  await connection.send(rstStream(1));
  await until(() => server.counted()['client_reset'] === 1);
  await compressed(server, connection, 41, 1);
  await server.swept();
  t.is(connection.resets.size, 0);
  t.deepEqual(server.counted(), { client_reset: 1 });
});

test('beyond what may be unfinished in memory the connection that has most of it is ended, and no other', async (t) => {
  const server = await guarded(t, { buffered: 40_000 });
  const [large, small] = [await server.connect(), await server.connect()];
  const buffered = (): number => server.guard.counts().bufferedBytes;
  for (const stream of [1, 3]) await (await server.call(large, stream, '/hold')).send(14_000);
  const one = await server.call(small, 1, '/hold');
  await one.send(12_000);
  await until(() => buffered() === 40_000);
  t.deepEqual([large.closed(), server.counted()], [false, {}]);
  await one.send(1);
  await large.ended;
  t.is(large.goaway(), errorCode.enhanceYourCalm);
  await until(() => server.open() === 1);
  t.deepEqual([small.closed(), buffered()], [false, 12_001]);
  t.deepEqual(server.counted(), { buffered: 1 });
});

test('nobody listens any more to a call that is over, so that nothing of it is kept by its stream', async (t) => {
  const server = await guarded(t);
  const connection = await server.connect();
  await (await server.call(connection, 1, '/answer')).end();
  const broken = await server.call(connection, 3, '/hold');
  await broken.send(10);
  await connection.send(rstStream(3));
  await until(() => server.counted()['client_reset'] === 1);
  t.is(server.listeners(), 0);
});

test('what was answered is not unfinished, be its end to come or not', async (t) => {
  const server = await guarded(t, { buffered: 1000 });
  const connection = await server.connect();
  const refused = await server.call(connection, 1, '/refuse');
  await refused.send(10_000);
  for (let stream = 3; stream < 23; stream += 2) {
    const call = await server.call(connection, stream, '/hold');
    await call.send(1000);
    await until(() => server.guard.counts().bufferedBytes === 1000);
    await connection.send(rstStream(stream));
    await until(() => server.guard.counts().bufferedBytes === 0);
  }
  t.deepEqual(server.counted(), { client_reset: 10 });
  const other = await server.connect();
  await (await server.call(other, 1, '/hold')).send(1001);
  await other.ended;
  t.false(connection.closed(), 'who has had most is not who has most');
  t.deepEqual(server.counted(), { client_reset: 10, buffered: 1 });
});

test('more resets than are forgiven end a connection, and are told from a broken protocol', async (t) => {
  const server = await guarded(t, { resets: { burst: 20, rate: 1 } });
  const takeBack = async (connection: RawHttp2, count: number): Promise<void> => {
    const before = server.counted()['client_reset'] ?? 0;
    for (let call = 0; call < count; call += 1) {
      const stream = 1 + 2 * call;
      await connection.send(Buffer.concat([headers(stream, grpcHeaders('/hold')), rstStream(stream)]));
    }
    await until(() => connection.closed() || server.counted()['client_reset'] === before + count);
  };
  const patient = await server.connect();
  await takeBack(patient, 20);
  t.deepEqual([patient.closed(), server.counted()], [false, { client_reset: 20 }]);
  const broken = frame(frameType.data, 0, 0, Buffer.alloc(1));
  const other = await server.connect();
  await takeBack(other, 19);
  await other.send(broken);
  await other.ended;
  await until(() => server.open() === 1);
  t.deepEqual(server.counted(), { client_reset: 39, protocol: 1 });
  const rapid = await server.connect();
  await takeBack(rapid, 35);
  await rapid.ended;
  await until(() => server.open() === 1);
  const { resets, protocol } = server.counted();
  t.deepEqual({ resets, protocol }, { resets: 1, protocol: 1 });
});

test('a connection that merely breaks off is nobody’s abuse', async (t) => {
  const server = await guarded(t, { setup: 10_000, idle: 20_000 });
  const connection = await server.connect();
  await server.call(connection, 1, '/hold');
  connection.socket.resetAndDestroy();
  await until(() => server.open() === 0);
  await server.pass(20_001);
  t.deepEqual(
    Object.keys(server.counted()).filter((why) => why !== 'client_reset'),
    [],
  );
});

test('a guard that was stopped ends nothing more', async (t) => {
  const [stopped, other] = [await guarded(t, { setup: 10 }), await guarded(t, { setup: 10 })];
  const silent = await stopped.connect({ polite: false });
  const seen = await other.connect({ polite: false });
  stopped.guard.stop();
  const late = stopped.pass(11);
  await other.pass(11);
  await seen.ended;
  for (const again of [1, 2]) await other.pass(again);
  t.false(silent.closed());
  t.deepEqual(stopped.counted(), {});
  // It looks at the clock for a new connection, and at no other time.
  await stopped.connect();
  await late;
});
