/**
 * A real server that somebody abuses while an honest PEP goes on asking, and what must be true of it afterwards. One
 * server serves a whole file: what one kind of abuse leaves behind, the next would meet.
 *
 *     const server = abusedServer();
 *     test.serial('…', (t) => server.while(t, async (abused) => { … }));
 */
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { decidePath, framedMessage } from './raw-grpc.ts';
import { data, frameType, grpcHeaders, headers } from './http2-frames.ts';
import { anonymousMb, peakMb } from './memory.ts';
import { valueOf } from './prometheus.ts';
import { rawHttp2 } from './raw-http2.ts';
import type { RawHttp2, RawHttp2Options } from './raw-http2.ts';
import { forServer, startServer } from './server.ts';
import type { Server } from './server.ts';
import { makeWorld } from './world.ts';
import type { World } from './world.ts';
import type { Document } from './world-document.ts';

/** Abuse is this many times as long in the soak. */
export const soak = Number(process.env['SOAK_FACTOR'] ?? 1);

export interface Abused {
  readonly world: World;
  readonly server: Server;
  /** A message that asks about a known device, in its frame. */
  readonly message: Buffer;
  /** The bytes of a call that is right in everything, and is answered. */
  call(stream: number): Buffer;
  /** A connection, as another PEP than the honest one, that sends what it is told to; ended with the file. */
  connect(options?: RawHttp2Options): Promise<RawHttp2>;
  /**
   * How often connections, or calls, were ended for this cause so far: once it counts no further, and where at least so
   * many are expected, those have come or were waited for in vain.
   */
  ended(what: 'connections' | 'calls', why: string, expected?: number): Promise<number>;
}

export interface AbusedServer {
  /**
   * Runs the abuse beside an honest PEP: every one of its calls is allowed, some of them in each second that the abuse
   * takes, and none is kept waiting for long. Then the worker is the same one, and its memory is, within some megabytes,
   * what it was.
   */
  while(t: ExecutionContext, run: (abused: Abused) => Promise<void>): Promise<void>;
}

/** What an honest call may take, while the abuse has its share of two cores that others use as well (ms). */
const slowestMs = 3000;

/**
 * Honest calls that are answered in each second of abuse but the first, at least: one after the other, they are a hundred
 * without it, and a dozen where this process makes the dearest certificates between them.
 */
const leastPerSecond = 3;

/** What may be more than before (MB): pools and tables that keep their size; far less than the abuse would have taken. */
const roomMb = 48;

/** Workers tell what they count with their sign of life: after so long it was told, where the machine is not too busy (ms). */
const severalHeartbeatsMs = 450;
/** On any machine it is told by then (ms). */
const countedWithinMs = 20_000;

/** Starts the server before the file's first test, on what `prepare` has made, and ends it after the last. */
export function abusedServer(
  more?: (document: Document) => void,
  prepare?: () => Promise<void>,
): AbusedServer {
  const steps: (() => unknown)[] = [];
  const held: { served?: Served } = {};
  test.before(async () => {
    await prepare?.();
    held.served = await serve({ teardown: (step) => void steps.unshift(step) }, more);
  });
  test.after.always(async () => {
    for (const step of steps) await step();
  });
  return {
    while: async (t, run) => {
      if (!held.served) throw new Error('the server did not start');
      const { abused, ask } = held.served;
      const { server } = abused;
      const [before] = (await server.status()).workers;
      const pid = before?.pid ?? 0;
      const least = await settled(pid);
      const state = { running: true, asked: 0, answers: 0, slowest: 0, peak: least };
      const asking = (async () => {
        while (state.running || state.asked === 0) {
          const asked = performance.now();
          state.asked += 1;
          t.is(await ask(), 'allow policy.ok');
          state.slowest = Math.max(state.slowest, performance.now() - asked);
          // One that the abuse held up until it was over is none that was answered meanwhile.
          if (state.running) state.answers += 1;
          state.peak = Math.max(state.peak, anonymousMb(pid));
          await pause(5);
        }
      })();
      // Whichever fails first is told.
      const began = performance.now();
      let seconds = 0;
      const abuse = run(abused).finally(() => {
        state.running = false;
        seconds = (performance.now() - began) / 1000;
      });
      await Promise.all([abuse, asking]);
      const [after] = (await server.status()).workers;
      t.deepEqual([after?.pid, after?.restarts], [pid, before?.restarts], 'the worker lives');
      let left = await settled(pid);
      while (left >= least + roomMb) left = await settled(pid);
      const { answers, slowest } = state;
      t.true(state.peak < peakMb, `${state.peak} MB`);
      t.true(
        answers >= leastPerSecond * Math.floor(seconds - 1),
        `${answers} honest answers in ${seconds} s`,
      );
      t.true(slowest < slowestMs, `an honest call took ${slowest} ms`);
      t.log(
        `${answers} honest calls answered in ${seconds.toFixed(1)} s, the slowest in ${slowest.toFixed(0)} ms; ${least} MB before, ${state.peak} MB at most, ${left} MB after`,
      );
    },
  };
}

interface Served {
  readonly abused: Abused;
  /** Asks as an honest PEP does. */
  readonly ask: () => Promise<string>;
}

async function serve(
  t: { teardown(step: () => unknown): void },
  more?: (document: Document) => void,
): Promise<Served> {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      const parts = document['server'] as { listeners: object[]; max_concurrent_streams: number };
      parts.listeners.push({ name: 'abused', address: '127.0.0.1:0', pep: 'edge' });
      // More than usual: what is abused here is what lies behind that bound.
      parts.max_concurrent_streams = 1000;
      more?.(document);
    }),
  });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile, {
    preload: [pathToFileURL(join(import.meta.dirname, 'collect-garbage.ts')).href],
  });
  const meter = await world.leaf('meter/1');
  const asked = {
    peer_chain: [meter.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  } as const;
  // A device of its own: one that is seen at two sites at once would be noticed, which is not what is asked about.
  const other = await world.leaf('meter/new');
  const message = framedMessage('portreeve.v1.DecideRequest', { ...asked, peer_chain: [other.der] });
  const block = grpcHeaders(decidePath);
  const client = server.client(20_000);
  const ask = async (): Promise<string> => {
    const { outcome, reasons } = await client.decide(asked);
    return `${outcome} ${reasons[0]?.code}`;
  };
  // The heap grows to the size that it keeps.
  for (let round = 0; round < 4; round += 1) await Promise.all(Array.from({ length: 100 }, ask));
  const abused: Abused = {
    world,
    server,
    message,
    call: (stream) => Buffer.concat([headers(stream, block), data(stream, message)]),
    connect: (options) => rawHttp2(t, server.address('abused'), options),
    ended: async (what, why, expected = 0) => {
      const counted = async (): Promise<number> =>
        valueOf(await server.metrics(), `portreeve_${what}_ended_total`, { why }) ?? NaN;
      const until = performance.now() + countedWithinMs;
      for (let before = await counted(); ;) {
        await pause(severalHeartbeatsMs);
        const now = await counted();
        if ((now === before && now >= expected) || performance.now() > until) return now;
        before = now;
      }
    },
  };
  return { abused, ask };
}

/** Whether a call on this stream was answered with a message. */
export function answered({ frames }: RawHttp2, stream: number): boolean {
  return frames.some(
    (one) => one.stream === stream && one.type === frameType.data && one.payload.byteLength > 5,
  );
}

/** Waits until something holds or the connection is at its end; whether it holds. */
export async function comes(connection: RawHttp2, holds: () => boolean): Promise<boolean> {
  while (!holds() && !connection.closed()) await pause(10);
  return holds();
}

/** Memory of its own that a process has after its garbage was collected (MB). */
async function settled(pid: number): Promise<number> {
  process.kill(pid, 'SIGUSR2');
  await pause(250);
  return anonymousMb(pid);
}
