import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { abusedServer, answered, comes } from '../helpers/abused.ts';
import * as h2 from '../helpers/http2-frames.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { checkPath, decidePath } from '../helpers/raw-grpc.ts';
import { until } from '../helpers/server.ts';

const { errorCode: code, setting } = h2;

const server = abusedServer((document) => {
  Object.assign(document['server'] as object, {
    budget: '1s',
    connections: { setup: '500ms', call: '1s', keepalive: '1s' },
  });
});

/** Odd ids of streams. */
const streams = (count: number): number[] => Array.from({ length: count }, (_, n) => 2 * n + 1);

test.serial('who opens no window gets no answers, and its calls are ended instead of being kept', (t) =>
  server.while(t, async (abused) => {
    const before = await abused.ended('calls', 'slow');
    const connection = await abused.connect({ settings: [[setting.initialWindowSize, 0]] });
    const all = streams(500);
    await connection.send(Buffer.concat(all.map((stream) => abused.call(stream))));
    t.true(await comes(connection, () => connection.resets.size === all.length));
    t.deepEqual([...new Set(connection.resets.values())], [code.cancel]);
    t.false(all.some((stream) => answered(connection, stream)));
    t.is(await abused.ended('calls', 'slow', before + all.length), before + all.length);
    await connection.send(
      Buffer.concat([h2.settings([[setting.initialWindowSize, 65_535]]), abused.call(9001)]),
    );
    t.true(await comes(connection, () => answered(connection, 9001)), 'once it reads, it is answered');
  }),
);

test.serial('who reads nothing at all is ended, and what waited for it is given back', (t) =>
  server.while(t, async (abused) => {
    const open = async (): Promise<number> =>
      valueOf(await abused.server.metrics(), 'portreeve_connections', {}) ?? NaN;
    const before = await open();
    const connection = await abused.connect({ keep: false });
    connection.socket.pause();
    // Acknowledged windows let answers be made; the socket holds them up.
    await connection.send(h2.windowUpdate(0, 2 ** 30));
    // No more than may be open at once: a flood of refusals would end it as well.
    for (const stream of streams(900)) {
      connection.socket.write(abused.call(stream));
      if (stream % 200 === 1) await pause(5);
    }
    await until(async () => (await open()) > before);
    // It does not hear of its end before it reads.
    await until(async () => (await open()) <= before);
    connection.socket.resume();
    await connection.ended;
    t.pass();
  }),
);

test.serial('who never ends what it begins is ended: handshake, headers or message', (t) =>
  server.while(t, async (abused) => {
    const before = await abused.ended('connections', 'setup');
    const silent = await abused.connect({ polite: false });
    const partly = await abused.connect({ polite: false });
    await partly.send(h2.preface.subarray(0, 10));
    const prefaceOnly = await abused.connect({ polite: false });
    await prefaceOnly.send(h2.preface);
    await Promise.all([silent, partly, prefaceOnly].map(({ ended }) => ended));
    t.is(await abused.ended('connections', 'setup', before + 3), before + 3);

    // A header block that never ends lets no sign of life through.
    const inHeaders = await abused.connect();
    await inHeaders.send(h2.frame(h2.frameType.headers, 0, 1, h2.grpcHeaders(checkPath)));
    const inFrame = await abused.connect();
    await inFrame.send(h2.headers(1, h2.grpcHeaders(checkPath)).subarray(0, 20));
    // This one is alive and polite, and sends a byte now and then.
    const inMessage = await abused.connect();
    await inMessage.send(h2.headers(1, h2.grpcHeaders(decidePath)));
    const dribble = async (): Promise<void> => {
      for (let at = 0; !inMessage.resets.has(1) && !inMessage.closed(); at += 1) {
        await inMessage.send(h2.data(1, abused.message.subarray(at, at + 1), false));
        await pause(50);
      }
    };
    await Promise.all([inHeaders.ended, inFrame.ended, dribble()]);
    t.is(inMessage.resets.get(1), code.cancel);
    t.false(inMessage.closed(), 'the call is ended, not its connection');
  }),
);
