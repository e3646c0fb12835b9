import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { abusedServer, answered, comes } from '../helpers/abused.ts';
import type { Abused } from '../helpers/abused.ts';
import { flag, frameType, grpcHeaders, headers, ping, rstStream } from '../helpers/http2-frames.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { checkPath } from '../helpers/raw-grpc.ts';
import type { RawHttp2 } from '../helpers/raw-http2.ts';
import { until } from '../helpers/server.ts';

/** What docs/operations.md promises of a server whose configuration says nothing of it. */
const [burst, rate] = [30_000, 5000];
/** How long an attack may go on before its connection is ended (ms). */
const endedWithinMs = 10_000;

// The other cases of abuse are at limits of their own; here only what all of them share is put back.
const server = abusedServer((document) => {
  delete (document['server'] as { max_concurrent_streams?: number }).max_concurrent_streams;
});

const block = grpcHeaders(checkPath);

/** Takes calls back as soon as they are made: a thousand, on streams from `first` on. */
async function takeBackThousand(connection: RawHttp2, first: number): Promise<void> {
  for (let sent = 0; sent < 1000 && !connection.closed(); sent += 10) {
    const ten = Array.from({ length: 10 }, (_, n) => first + 2 * (sent + n));
    await connection.send(
      Buffer.concat(ten.flatMap((stream) => [headers(stream, block), rstStream(stream)])),
    );
  }
}

/** Waits until the server has read what was sent before, or has ended the connection. */
async function isRead(connection: RawHttp2): Promise<void> {
  const acknowledged = (): number =>
    connection.frames.filter((one) => one.type === frameType.ping && one.flags === flag.ack).length;
  const before = acknowledged();
  await connection.send(ping());
  await comes(connection, () => acknowledged() > before);
}

/** Whether the connection still serves calls: what was taken back counts as open for a moment, and some are refused. */
async function serves(abused: Abused, connection: RawHttp2, from: number): Promise<boolean> {
  for (let stream = from; !connection.closed(); stream += 2) {
    await connection.send(abused.call(stream));
    await comes(connection, () => answered(connection, stream) || connection.resets.has(stream));
    if (answered(connection, stream)) return true;
  }
  return false;
}

/**
 * Connections that were ended for either cause: what was refused is taken back unseen, and where much of an attack was, it
 * counts as broken HTTP/2.
 */
async function endings(abused: Abused): Promise<number> {
  const metrics = await abused.server.metrics();
  return ['resets', 'protocol']
    .map((why) => valueOf(metrics, 'portreeve_connections_ended_total', { why }) ?? NaN)
    .reduce((sum, one) => sum + one);
}

test.serial(
  'at the limits that ship, 30,000 calls may be taken back at once and 5,000 a second, and an attack is ended in seconds',
  (t) =>
    server.while(t, async (abused) => {
      const connection = await abused.connect();
      const began = performance.now();
      let sent = 0;
      for (; sent < burst - 1000; sent += 1000) await takeBackThousand(connection, 2 * sent + 1);
      t.true(await serves(abused, connection, 2 * sent + 1), 'what is promised is forgiven');
      // Two seconds at the least, as whole ones are counted, forgive ten thousand.
      await pause(2500);
      for (; sent < burst - 1000 + 8000; sent += 1000) await takeBackThousand(connection, 2 * sent + 50_001);
      t.true(await serves(abused, connection, 2 * sent + 50_001), 'and it comes back with time');
      t.is(await endings(abused), 0);

      const attacked = performance.now();
      const tookMs = (): number => performance.now() - attacked;
      for (; !connection.closed() && tookMs() < endedWithinMs; sent += 1000) {
        await takeBackThousand(connection, 2 * sent + 100_001);
        await isRead(connection);
      }
      t.true(connection.closed(), `not ended after ${tookMs()} ms`);
      const seconds = (performance.now() - began) / 1000;
      t.log(`ended after ${sent} calls in ${seconds.toFixed(1)} s, ${tookMs().toFixed(0)} ms of attack`);
      // Seconds are counted whole, and calls by the thousand.
      t.true(sent <= burst + rate * (seconds + 1) + 1000, `${sent} calls were taken back in ${seconds} s`);
      await until(async () => (await endings(abused)) === 1);
    }),
);
