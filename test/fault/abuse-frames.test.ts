import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { abusedServer, answered, comes, soak } from '../helpers/abused.ts';
import { dice } from '../helpers/chain-mutations.ts';
import * as h2 from '../helpers/http2-frames.ts';
import { checkPath, decidePath } from '../helpers/raw-grpc.ts';
import type { RawHttp2 } from '../helpers/raw-http2.ts';

const { frame, frameType: type, flag, errorCode: code } = h2;
/** Bytes of headers that one call may have here. */
const headerBytes = 16_384;

const server = abusedServer((document) => {
  Object.assign(document['server'] as object, { connections: { header_bytes: headerBytes } });
});

const zeros = (bytes: number): Buffer => Buffer.alloc(bytes);

/** What breaks HTTP/2, and how the GOAWAY says so; null: the connection is closed without one. */
const broken: readonly (readonly [what: string, goaway: number | null, bytes: Buffer])[] = [
  ['a frame of 16 MB', code.frameSizeError, frame(type.data, 0, 1, zeros(100), 0xffffff)],
  ['DATA of more than the frame size that is allowed', code.frameSizeError, h2.data(1, zeros(16_385))],
  ['DATA on a stream that was never opened', code.protocolError, h2.data(1, zeros(1))],
  ['DATA on stream 0', code.protocolError, h2.data(0, zeros(1))],
  ['HEADERS on an even stream', code.protocolError, h2.headers(2, h2.grpcHeaders(checkPath))],
  ['HEADERS on stream 0', code.protocolError, h2.headers(0, h2.grpcHeaders(checkPath))],
  ['a header block that is no HPACK', code.compressionError, h2.headers(1, Buffer.alloc(40, 0xff))],
  [
    'a header field whose length does not end',
    code.compressionError,
    h2.headers(1, Buffer.concat([Buffer.of(0x00, 0x7f), Buffer.alloc(20, 0xff)])),
  ],
  ['CONTINUATION after nothing', code.protocolError, frame(type.continuation, flag.endHeaders, 1)],
  [
    'another frame within a header block',
    code.protocolError,
    Buffer.concat([frame(type.headers, 0, 1, h2.grpcHeaders(checkPath)), h2.ping()]),
  ],
  ['SETTINGS of five bytes', code.frameSizeError, frame(type.settings, 0, 0, zeros(5))],
  ['SETTINGS on a stream', code.protocolError, frame(type.settings, 0, 1, zeros(6))],
  ['a window of 2^31', code.flowControlError, h2.settings([[h2.setting.initialWindowSize, 2 ** 31]])],
  ['a frame size of 1', code.protocolError, h2.settings([[h2.setting.maxFrameSize, 1]])],
  ['a window that overflows', code.flowControlError, h2.windowUpdate(0, 0x7fffffff)],
  ['a window that grows by nothing', code.protocolError, h2.windowUpdate(0, 0)],
  ['PING of nine bytes', code.frameSizeError, frame(type.ping, 0, 0, zeros(9))],
  ['PING on a stream', code.protocolError, frame(type.ping, 0, 1, zeros(8))],
  ['RST_STREAM of a stream that was never opened', code.protocolError, h2.rstStream(1)],
  ['PUSH_PROMISE of a client', code.protocolError, frame(type.pushPromise, flag.endHeaders, 1, zeros(4))],
  [
    'padding that is longer than its frame',
    code.protocolError,
    Buffer.concat([
      h2.headers(1, h2.grpcHeaders(checkPath)),
      frame(type.data, flag.padded, 1, Buffer.of(200, 0, 0)),
    ]),
  ],
];

test.serial('whoever breaks HTTP/2 is told so and closed, and nobody else notices', async (t) => {
  await server.while(t, async (abused) => {
    for (const [what, goaway, bytes] of broken) {
      const connection = await abused.connect();
      await connection.send(bytes);
      await connection.ended;
      t.is(connection.goaway() ?? null, goaway, what);
    }
    t.is(await abused.ended('connections', 'protocol', broken.length), broken.length);
  });
});

test.serial('what is not HTTP/2 is closed, in whatever words it comes', async (t) => {
  const words = [
    'GET / HTTP/1.1\r\nhost: pdp\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\t',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    '\0'.repeat(64),
  ];
  const roll = dice(7);
  const noise = Array.from({ length: 20 * soak }, () =>
    Buffer.from(Array.from({ length: 60 }, () => roll(256))),
  );
  await server.while(t, async (abused) => {
    const before = await abused.ended('connections', 'protocol');
    for (const bytes of [...words.map((text) => Buffer.from(text, 'latin1')), ...noise]) {
      const connection = await abused.connect({ polite: false });
      await connection.send(bytes);
      await connection.ended;
    }
    // Right so far, and then noise: as frames, whatever they may be.
    for (let round = 0; round < 40 * soak; round += 1) {
      const connection = await abused.connect();
      const bytes = Buffer.from(Array.from({ length: roll(80) }, () => roll(256)));
      await connection.send(frame(roll(12), roll(256), roll(6), bytes));
      // Some of it is a frame like any other, or one that waits for its end.
      await Promise.race([connection.ended, pause(20)]);
      connection.socket.destroy();
    }
    const all = before + words.length + noise.length;
    t.true((await abused.ended('connections', 'protocol', all)) >= all);
  });
});

/** Sends until the connection is closed or so much was sent; how often it was. */
async function flood(connection: RawHttp2, most: number, bytes: (round: number) => Buffer): Promise<number> {
  let round = 0;
  for (; round < most && !connection.closed(); round += 1) await connection.send(bytes(round));
  return round;
}

/** Streams of a client, odd and growing. */
const stream = (round: number): number => 2 * round + 1;

const open = (round: number): Buffer => h2.headers(stream(round), h2.grpcHeaders(checkPath));

/** What may be sent so often, and no more. */
const floods: readonly (readonly [what: string, most: number, bytes: (round: number) => Buffer])[] = [
  [
    'CONTINUATION without an end',
    5000,
    (round) =>
      round === 0
        ? frame(type.headers, 0, 1, h2.grpcHeaders(checkPath))
        : frame(type.continuation, 0, 1, h2.headerBlock([[`x-${round}`, 'y'.repeat(1000)]])),
  ],
  [
    'CONTINUATION of nothing',
    100_000,
    (round) =>
      round === 0 ? frame(type.headers, 0, 1, h2.grpcHeaders(checkPath)) : frame(type.continuation, 0, 1),
  ],
  ['SETTINGS', 100_000, () => Buffer.concat(Array.from({ length: 50 }, () => h2.settings()))],
  ['PING', 100_000, () => Buffer.concat(Array.from({ length: 50 }, () => h2.ping()))],
  [
    'frames that make the server reset its own streams',
    100_000,
    (round) => Buffer.concat([open(round), h2.windowUpdate(stream(round), 0)]),
  ],
];

test.serial('a flood of frames ends its connection, and what it took is given back', async (t) => {
  await server.while(t, async (abused) => {
    for (let again = 0; again < soak; again += 1) {
      for (const [what, most, bytes] of floods) {
        const connection = await abused.connect({ keep: false });
        // Acknowledgements wait for a reader, which is what makes such floods dear.
        connection.socket.pause();
        const sent = await flood(connection, most, bytes);
        connection.socket.resume();
        await connection.ended;
        t.true(sent < most, `${what}: ${sent}`);
      }
    }
  });
});

test.serial('headers beyond what one call may have are refused, and the connection goes on', async (t) => {
  const pairs = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`x-${n}`, 'v']));
  await server.while(t, async (abused) => {
    for (const more of [pairs, { 'x-long': 'v'.repeat(headerBytes) }]) {
      const connection = await abused.connect();
      // The limit is in force once it was acknowledged.
      t.true(await comes(connection, () => connection.frames.some((one) => one.type === type.settings)));
      await connection.send(headersInPieces(h2.grpcHeaders(checkPath, more)));
      t.true(await comes(connection, () => connection.resets.has(1)));
      t.is(connection.resets.get(1), code.enhanceYourCalm);
      await connection.send(abused.call(3));
      t.true(await comes(connection, () => answered(connection, 3)));
    }
    const connection = await abused.connect();
    await connection.send(headersInPieces(h2.grpcHeaders(checkPath, { 'x-long': 'v'.repeat(110_000) })));
    await connection.ended;
  });
});

/** HEADERS and as many CONTINUATION frames as a block needs. */
function headersInPieces(block: Buffer): Buffer {
  const count = Math.ceil(block.byteLength / 16_000);
  const pieces = Array.from({ length: count }, (_, n) =>
    frame(
      n === 0 ? type.headers : type.continuation,
      n === count - 1 ? flag.endHeaders : 0,
      1,
      block.subarray(n * 16_000, (n + 1) * 16_000),
    ),
  );
  return Buffer.concat(pieces);
}

test.serial(
  'headers that unfold from a few bytes to many are bounded by what a connection may take',
  async (t) => {
    // One field of 4,000 bytes goes into the table of RFC 7541, and is then told 100 times for each call by its index.
    const value = 'v'.repeat(4000);
    const put = Buffer.concat([Buffer.of(0x40), h2.headerBlock([['x-a', value]]).subarray(1)]);
    const again = Buffer.concat([h2.grpcHeaders(checkPath), Buffer.alloc(100, 0x80 + 62)]);
    await server.while(t, async (abused) => {
      for (let round = 0; round < soak; round += 1) {
        // Before the limit was acknowledged it does not count; what bounds it then is that nothing is copied.
        for (const acknowledged of [false, true]) {
          const connection = await abused.connect({ keep: acknowledged });
          const settings = (): boolean => connection.frames.some((one) => one.type === type.settings);
          if (acknowledged) t.true(await comes(connection, settings));
          await connection.send(h2.headers(1, Buffer.concat([h2.grpcHeaders(checkPath), put])));
          await flood(connection, 900, (at) => h2.headers(stream(at + 1), again));
          if (acknowledged) t.true(await comes(connection, () => connection.resets.size === 900));
          await connection.send(abused.call(9001));
          t.true(await comes(connection, () => !acknowledged || answered(connection, 9001)));
          connection.socket.destroy();
        }
      }
    });
  },
);

test.serial('streams that break off before grpc-js has a call for them do the worker nothing', async (t) => {
  // CVE-2026-48068: the error of such a stream had no listener, and ended the process.
  const starts = [
    h2.grpcHeaders(checkPath, { 'content-type': 'text/html' }),
    h2.grpcHeaders('/nobody.Knows/This'),
    h2.grpcHeaders(''),
    h2.grpcHeaders(checkPath, { ':method': 'GET' }),
    h2.grpcHeaders(checkPath, { 'content-type': 'application/grpc+nothing', 'grpc-timeout': 'x' }),
    h2.headerBlock([
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', '*'],
    ]),
    h2.headerBlock([[':method', 'CONNECT']]),
    h2.headerBlock([]),
    h2.grpcHeaders(decidePath, { 'content-length': '-1' }),
    h2.grpcHeaders(decidePath, { 'x-Upper': 'no' }),
    h2.grpcHeaders(decidePath, { connection: 'close' }),
    h2.grpcHeaders(decidePath, { 'bad-bin': '*' }),
  ];
  await server.while(t, async (abused) => {
    for (const block of starts) {
      for (const error of [code.protocolError, code.internalError, code.cancel, 0x77]) {
        const connection = await abused.connect();
        await connection.send(Buffer.concat([h2.headers(1, block), h2.rstStream(1, error)]));
        await connection.send(Buffer.concat([h2.headers(3, block), h2.data(3, Buffer.of(9, 9), false)]));
        await connection.send(h2.rstStream(3, error));
        await Promise.race([connection.ended, pause(15)]);
        connection.socket.resetAndDestroy();
      }
    }
  });
});
