import { Server, ServerCredentials } from '@grpc/grpc-js';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { http2ServersOf, limitHttp2 } from '../../../src/api/http2-limits.ts';
import { grpcHeaders, headers, rstStream } from '../../helpers/http2-frames.ts';
import { rawHttp2 } from '../../helpers/raw-http2.ts';
import type { RawHttp2 } from '../../helpers/raw-http2.ts';
import { until } from '../../helpers/server.ts';
import { connections } from './fixtures.ts';

/** A connection to a gRPC server that takes ten calls at once and forgives this many resets. */
async function connected(t: ExecutionContext, burst: number): Promise<RawHttp2> {
  const server = new Server({ 'grpc.max_concurrent_streams': 10 });
  t.teardown(() => server.forceShutdown());
  limitHttp2(server, { ...connections, resets: { burst, rate: 1 } });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  t.is(http2ServersOf(server).length, 1);
  return rawHttp2(t, `127.0.0.1:${port}`);
}

/** A call that is begun, and one that is taken back in the same breath. */
const begun = (stream: number): Buffer => headers(stream, grpcHeaders('/nobody.Knows/This'));
const takenBack = (stream: number): Buffer => Buffer.concat([begun(stream), rstStream(stream)]);

/** This many calls in one piece, on streams from `first` on. */
const inOneGo = (first: number, count: number, call: (stream: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, n) => call(first + 2 * n)));

const answers = (connection: RawHttp2, stream: number): Promise<void> =>
  until(() => connection.closed() || connection.frames.some((one) => one.stream === stream));

test('calls that are taken back by the hundred count as open for a moment, and their connection goes on', async (t) => {
  const connection = await connected(t, 1000);
  await connection.send(begun(1));
  await answers(connection, 1);
  await connection.send(inOneGo(3, 350, takenBack));
  await connection.send(begun(1001));
  await answers(connection, 1001);
  t.is(connection.goaway(), undefined);
  t.false(connection.closed());
});

test('as many calls as are forgiven may be taken back, and the next one ends the connection', async (t) => {
  const connection = await connected(t, 200);
  for (let call = 0; call < 190; call += 5) await connection.send(inOneGo(1 + 2 * call, 5, takenBack));
  await connection.send(begun(1001));
  await answers(connection, 1001);
  t.false(connection.closed());
  await connection.send(inOneGo(1003, 100, takenBack));
  await connection.ended;
  t.pass();
});

test('a gRPC library of another shape is a fault that says so, and never a limit that is not in force', (t) => {
  const another = {} as Server;
  t.throws(() => limitHttp2(another, connections), { code: 'PDP_INTERNAL', message: /commonServerOptions/ });
  t.throws(() => http2ServersOf(another), { code: 'PDP_INTERNAL', message: /http2Servers/ });
});
