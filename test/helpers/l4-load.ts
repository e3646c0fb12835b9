import { createServer, type AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import type { Leaf } from '../../src/ca/index.ts';

const greeting = 'hello from the service\n';

/** A service over TCP that greets whoever connects, and then waits for the other side to close. */
export async function startGreeter(t: { teardown(step: () => unknown): void }): Promise<number> {
  const server = createServer((socket) => {
    socket.write(greeting);
    socket.resume();
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** What became of the connections of a load on layer 4. */
export interface L4Told {
  readonly sent: number;
  /** How many were greeted by the service, and how many ended with which error. */
  readonly answers: Readonly<Record<string, number>>;
  /** The longest that one took (ms). */
  readonly slowest: number;
}

export interface L4Load {
  told(): L4Told;
  /** Opens no more, and answers once the last is at its end. */
  stop(): Promise<L4Told>;
}

/** Connects as a device without a pause, so many times a second whatever becomes of it: each connection is one decision. */
export function loadL4(port: number, device: Leaf, { rate }: { readonly rate: number }): L4Load {
  const began = performance.now();
  const answers: Record<string, number> = {};
  const open = new Set<Promise<void>>();
  let [sent, slowest] = [0, 0];
  const timer = setInterval(() => {
    for (; sent < ((performance.now() - began) * rate) / 1000; sent += 1) {
      const due = performance.now();
      const done = greetedAt(port, device).then((answer) => {
        answers[answer] = (answers[answer] ?? 0) + 1;
        slowest = Math.max(slowest, performance.now() - due);
        open.delete(done);
      });
      open.add(done);
    }
  }, 5);
  const told = (): L4Told => ({ sent, answers, slowest });
  return {
    told,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
      return told();
    },
  };
}

/** Connects, speaks first as the check wants it, and hangs up; `greeted`, or how it ended otherwise. */
export function greetedAt(port: number, device: Leaf): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const { pem: cert, privateKeyPem: key } = device;
    const socket = connect(
      { port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false, cert, key },
      () => socket.write('CONNECT\n'),
    );
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (piece: Buffer) => {
      text += piece.toString();
      if (text === greeting) socket.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve(text === greeting ? 'greeted' : 'closed'));
  });
}
