import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { abusedServer, answered, comes, soak } from '../helpers/abused.ts';
import * as h2 from '../helpers/http2-frames.ts';
import { decidePath, framed, rawClient } from '../helpers/raw-grpc.ts';

const { errorCode: code } = h2;
const mb = 1024 * 1024;

const server = abusedServer((document) => {
  Object.assign(document['server'] as object, {
    connections: { buffered: 8 * mb },
  });
});

/** Odd ids of streams. */
const streams = (count: number): number[] => Array.from({ length: count }, (_, n) => 2 * n + 1);

test.serial('unfinished messages take so much memory and no more: who has most of it is ended', (t) =>
  server.while(t, async (abused) => {
    const before = await abused.ended('connections', 'buffered');
    const modest = await abused.connect();
    await modest.send(h2.headers(1, h2.grpcHeaders(decidePath)));
    await modest.send(h2.data(1, abused.message.subarray(0, 100), false));
    for (let round = 0; round < soak; round += 1) {
      const greedy = await abused.connect({ keep: false });
      const claims = framed(Buffer.alloc(4 * mb - 10)).subarray(0, 16_384);
      for (const stream of streams(800)) {
        if (greedy.closed()) break;
        await greedy.send(
          Buffer.concat([h2.headers(stream, h2.grpcHeaders(decidePath)), h2.data(stream, claims, false)]),
        );
      }
      await greedy.ended;
    }
    t.is(await abused.ended('connections', 'buffered', before + soak), before + soak);
    t.false(modest.closed());
  }),
);

test.serial(
  'a compressed message that is malformed or a bomb is refused, and nothing falls over',
  async (t) => {
    // CVE-2026-48069: the error of the decompressor had no listener, and ended the process.
    const bomb = gzipSync(Buffer.alloc(64 * mb));
    const whole = gzipSync(Buffer.from('not a message'));
    const malformed = [
      ['gzip', Buffer.of(1, 2, 3, 4)],
      ['deflate', Buffer.of(0xff, 0xff, 0xff, 0xff)],
      ['gzip', Buffer.alloc(0)],
      ['gzip', whole.subarray(0, whole.byteLength - 6)],
      ['gzip', Buffer.concat([whole.subarray(0, 12), Buffer.alloc(200, 0xa5)])],
      ['deflate', whole],
      ['br', whole],
      ['gzip, gzip', whole],
      ['gzip', bomb],
    ] as const;
    await server.while(t, async (abused) => {
      const client = rawClient(t, abused.server.address('abused'));
      for (const [encoding, bytes] of malformed) {
        const answer = await client.call({
          path: decidePath,
          body: [framed(bytes, true)],
          headers: { 'grpc-encoding': encoding },
        });
        t.true(
          answer.grpcStatus !== 0 && answer.grpcStatus !== null,
          `${encoding}: ${JSON.stringify(answer)}`,
        );
      }
      const answer = await client.call({ path: decidePath, body: [framed(whole, true)] });
      t.is(answer.grpcStatus, 0, 'compressed, and not said how: no such message, hence denied');

      // All at once they would take 4 MB each.
      const before = await abused.ended('calls', 'compressed');
      const many = await abused.connect();
      const small = gzipSync(Buffer.alloc(4 * mb - 1));
      const block = h2.grpcHeaders(decidePath, { 'grpc-encoding': 'gzip' });
      const all = streams(400);
      await many.send(
        Buffer.concat(
          all.flatMap((stream) => [h2.headers(stream, block), h2.data(stream, framed(small, true))]),
        ),
      );
      await comes(many, () => many.resets.size > 100);
      t.true([...many.resets.values()].every((reset) => reset === code.refusedStream));
      t.true((await abused.ended('calls', 'compressed', before + 101)) > before + 100);
    });
  },
);

test.serial('who holds all compressed calls that may be open keeps nobody else from having one', (t) =>
  server.while(t, async (abused) => {
    const block = h2.grpcHeaders(decidePath, { 'grpc-encoding': 'gzip' });
    const holding = await abused.connect();
    await holding.send(Buffer.concat(streams(16).map((stream) => h2.headers(stream, block))));
    await pause(100);
    t.is(holding.resets.size, 0);
    const other = await abused.connect();
    const message = framed(gzipSync(abused.message.subarray(5)), true);
    await other.send(Buffer.concat([h2.headers(1, block), h2.data(1, message)]));
    t.true(await comes(other, () => answered(other, 1) || other.resets.has(1)));
    t.true(answered(other, 1));
    t.deepEqual([...holding.resets], [[31, code.refusedStream]], 'the newest of theirs had to go');
  }),
);
