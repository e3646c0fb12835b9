import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { ServerCredentials, status } from '@grpc/grpc-js';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { sendWhole } from '../../../src/api/whole-answer.ts';
import { checkPath, decidePath, framed, framedMessage, rawClient } from '../../helpers/raw-grpc.ts';
import type { RawClient } from '../../helpers/raw-grpc.ts';
import { openDoors } from './grpc-fixtures.ts';

/** Passes on what a socket says and is told, and notes of which size each write of the server is. */
function noting(socket: Socket, sizes: number[]): Duplex {
  const noted = new Duplex({
    read: () => undefined,
    write: (piece: Buffer, _encoding, done) => {
      sizes.push(piece.byteLength);
      socket.write(piece, done);
    },
    writev: (pieces, done) => {
      const whole = Buffer.concat(pieces.map(({ chunk }) => chunk as Buffer));
      sizes.push(whole.byteLength);
      socket.write(whole, done);
    },
    final: (done) => void socket.end(done),
  });
  socket.on('data', (piece: Buffer) => noted.push(piece));
  socket.on('close', () => noted.destroy());
  for (const one of [socket, noted]) one.on('error', () => undefined);
  return noted;
}

/** A client of all doors, and the sizes of what the server has written since the last look. */
async function watched(t: ExecutionContext): Promise<{ client: RawClient; written: () => number[] }> {
  const { server } = await openDoors(t);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sizes: number[] = [];
  const sockets = createServer((socket) => injector.injectConnection(noting(socket, sizes)));
  await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve));
  t.teardown(() => sockets.close());
  const client = rawClient(t, `127.0.0.1:${(sockets.address() as AddressInfo).port}`);
  const written = (): number[] => sizes.splice(0);
  // By the first answer Node's own form of the status is learnt; with it come the settings of the connection.
  for (let time = 0; time < 3; time += 1) await client.call({ body: [framed(Buffer.alloc(0))] });
  return { client, written };
}

const calls = {
  Check: { path: checkPath, body: [framed(Buffer.alloc(0))] },
  Decide: { path: decidePath, body: [framed(Buffer.alloc(0))] },
  DecideBatch: {
    path: `${decidePath}Batch`,
    body: [framedMessage('portreeve.v1.DecideBatchRequest', { connections: [{}, {}] })],
  },
};

for (const [name, call] of Object.entries(calls))
  test(`an answer of ${name} leaves with its status in one write`, async (t) => {
    const { client, written } = await watched(t);
    written();
    for (let time = 0; time < 5; time += 1) {
      const answer = await client.call(call);
      t.like(answer, { grpcStatus: status.OK, grpcMessage: 'OK', broken: null });
      t.truthy(answer.message);
      t.is(written().length, 1);
    }
  });

test('where a stream is not shaped as known, an answer goes as the library sends it', (t) => {
  t.notThrows(() => sendWhole({}));
  t.notThrows(() => sendWhole({ stream: { destroyed: true } }));
  t.notThrows(() => sendWhole({ stream: { destroyed: false } }));
});
