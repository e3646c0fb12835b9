import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { abusedServer, answered, comes, soak } from '../helpers/abused.ts';
import type { Abused } from '../helpers/abused.ts';
import { errorCode, grpcHeaders, headers, rstStream } from '../helpers/http2-frames.ts';
import { checkPath } from '../helpers/raw-grpc.ts';
import type { RawHttp2 } from '../helpers/raw-http2.ts';

// What Node's own limit forgives is about 1,000.
const server = abusedServer((document) => {
  Object.assign(document['server'] as object, { connections: { resets: { burst: 2000, rate: 400 } } });
});

/** Calls that are taken back as soon as they are made, on streams from `first` on; how many were sent. */
async function takeBack(
  connection: RawHttp2,
  calls: { readonly first: number; readonly count: number; readonly bytes: (stream: number) => Buffer },
): Promise<number> {
  let sent = 0;
  for (; sent < calls.count && !connection.closed(); sent += 10) {
    const ten = Array.from({ length: 10 }, (_, n) => calls.first + 2 * (sent + n));
    await connection.send(Buffer.concat(ten.flatMap((stream) => [calls.bytes(stream), rstStream(stream)])));
  }
  return sent;
}

const begun = (stream: number): Buffer => headers(stream, grpcHeaders(checkPath));

/** Waits until the server has looked at what was sent before: it is answered in order. */
async function seen(abused: Abused, connection: RawHttp2, stream: number): Promise<boolean> {
  await connection.send(abused.call(stream));
  return comes(connection, () => answered(connection, stream));
}

test.serial("a PEP's own calls that time out by the thousand do not close its connection", (t) =>
  server.while(t, async (abused) => {
    const connection = await abused.connect({ keep: true });
    // Some had their message sent, and some not even that.
    await takeBack(connection, { first: 1, count: 1200, bytes: begun });
    await takeBack(connection, { first: 2401, count: 600, bytes: (stream) => abused.call(stream) });
    t.true(await seen(abused, connection, 9001), 'the same connection goes on');
    t.is(connection.goaway(), undefined);
    t.true((await abused.ended('calls', 'client_reset', 1200)) >= 1200);
    t.is(await abused.ended('connections', 'resets'), 0);
  }),
);

test.serial('a rapid reset is bounded: its connection is ended, and that is counted', (t) =>
  server.while(t, async (abused) => {
    for (let round = 0; round < soak; round += 1) {
      const connection = await abused.connect({ keep: false });
      const sent = await takeBack(connection, { first: 1, count: 100_000, bytes: begun });
      await connection.ended;
      t.true(sent < 100_000, `${sent}`);
    }
    t.is(await abused.ended('connections', 'resets', soak), soak);
  }),
);

test.serial('what is forgiven comes back with time', (t) =>
  server.while(t, async (abused) => {
    const connection = await abused.connect();
    await takeBack(connection, { first: 1, count: 1900, bytes: begun });
    t.true(await seen(abused, connection, 6001));
    await pause(1000);
    await takeBack(connection, { first: 6003, count: 300, bytes: begun });
    t.true(await seen(abused, connection, 9001));
    t.is(connection.resets.get(1) ?? errorCode.cancel, errorCode.cancel);
  }),
);
