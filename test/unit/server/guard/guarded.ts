/**
 * A guard over a plain HTTP/2 server, on a clock that stands still until it is told otherwise. What a call gets, its path
 * says: `/answer` is answered whole, `/refuse` by headers while its body may still come, all others stay open.
 */
import { createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { ConnectionsConfig } from '../../../../src/config/types.ts';
import { createGuard } from '../../../../src/server/guard/guard.ts';
import type { Guard } from '../../../../src/server/guard/guard.ts';
import { noCounts } from '../../../../src/server/guard/counts.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import { data, grpcHeaders, headers } from '../../../helpers/http2-frames.ts';
import { rawHttp2 } from '../../../helpers/raw-http2.ts';
import type { RawHttp2, RawHttp2Options } from '../../../helpers/raw-http2.ts';
import { until } from '../../../helpers/server.ts';
import { connections } from '../../api/fixtures.ts';

export interface Guarded {
  readonly guard: Guard;
  /** Opens a connection, and waits until the guard knows of it. */
  connect(options?: RawHttp2Options): Promise<RawHttp2>;
  /** Begins a call and waits until it has come; answers how to send its message and its end. */
  call(connection: RawHttp2, stream: number, path: string, more?: Record<string, string>): Promise<Sending>;
  /** Lets time pass, and waits until the guard has looked around. */
  pass(ms: number): Promise<void>;
  /** Waits until the guard has looked around once more. */
  swept(): Promise<void>;
  /** How many still listen to calls that are over. */
  listeners(): number;
  /** Sessions that have not come to their end. */
  open(): number;
  /** What was counted, without what was not. */
  counted(): Record<string, number>;
}

export interface Sending {
  send(bytes: number): Promise<void>;
  /** Ends the message, and waits until the call is over. */
  end(): Promise<void>;
}

export async function guarded(
  t: ExecutionContext,
  over: Partial<ConnectionsConfig> = {},
  budgetMs = 150,
): Promise<Guarded> {
  const limits = { ...connections, ...over };
  const clock = fakeClock(0);
  let looks = 0;
  const guard = createGuard({
    limits,
    budgetMs,
    clock: {
      monotonic: () => {
        looks += 1;
        return clock.monotonic();
      },
    },
  });
  t.teardown(() => guard.stop());
  const server = createServer({
    streamResetBurst: limits.resets.burst,
    streamResetRate: limits.resets.rate,
  });
  const seen = { sessions: 0, ended: 0, calls: 0, over: 0 };
  const past: ServerHttp2Stream[] = [];
  server.on('stream', (stream: ServerHttp2Stream, { ':path': path }) => {
    stream.on('error', () => undefined);
    stream.on('close', () => {
      seen.over += 1;
      past.push(stream);
    });
    if (path === '/answer') stream.resume().respond({ ':status': 200 }, { endStream: true });
    if (path === '/refuse') stream.respond({ ':status': 200 });
  });
  guard.watch(server);
  server.on('session', (session) => {
    seen.sessions += 1;
    session.on('close', () => (seen.ended += 1));
    session.on('error', () => undefined);
  });
  server.on('stream', () => (seen.calls += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;

  const swept = async (): Promise<void> => {
    const before = looks;
    await until(() => looks > before);
  };
  return {
    guard,
    connect: async (options) => {
      const before = seen.sessions;
      const connection = await rawHttp2(t, `127.0.0.1:${port}`, options);
      await until(() => seen.sessions > before);
      return connection;
    },
    call: async (connection, stream, path, more) => {
      const before = seen.calls;
      await connection.send(headers(stream, grpcHeaders(path, more)));
      await until(() => seen.calls > before);
      return {
        send: (bytes) => connection.send(data(stream, Buffer.alloc(bytes), false)),
        end: async () => {
          const already = seen.over;
          await connection.send(data(stream, Buffer.alloc(0)));
          await until(() => seen.over > already);
        },
      };
    },
    pass: async (ms) => {
      clock.advance(ms);
      await swept();
    },
    swept,
    listeners: () =>
      past
        .flatMap((stream) =>
          stream.eventNames().map((name) => (name === 'error' ? 0 : stream.listenerCount(name))),
        )
        .reduce((sum, count) => sum + count, 0),
    open: () => seen.sessions - seen.ended,
    counted: () => {
      const { connections: ended, calls } = guard.counts();
      const all = Object.entries({ ...noCounts().connections, ...ended, ...calls });
      return Object.fromEntries(all.filter(([, count]) => count > 0));
    },
  };
}
