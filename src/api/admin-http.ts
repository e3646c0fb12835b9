import { STATUS_CODES } from 'node:http';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { toDate } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import { peerNetwork } from '../lib/peer-network.ts';
import { createAskRate } from './ask-rate.ts';
import { createHeadReader } from './request-head.ts';
import type { RequestHead } from './request-head.ts';
import { shareAnswer } from './shared-answer.ts';

export interface AdminOptions {
  /** Which paths are served: all of them, or only health, readiness and metrics. */
  readonly flavour?: 'admin' | 'health';
  /** What `/readyz` answers, as it is. */
  ready(): {
    readonly ready: boolean;
    readonly missing: readonly string[];
    readonly workers?: readonly { readonly index: number; readonly ready: boolean }[];
  };
  /** Prometheus text over all workers. */
  metrics(): Promise<string>;
  /** What `/version` answers. */
  readonly version: object;
  status(): Promise<object>;
  readonly clock: Clock;
}

interface Answer {
  readonly status: number;
  readonly type:
    'application/json' | 'text/plain; charset=utf-8' | 'text/plain; version=0.0.4; charset=utf-8';
  readonly body: Buffer;
  readonly more?: readonly string[];
}

/** Made for whoever asks, by the network that it comes from; empty on Unix sockets. */
type Page = (who: string) => Answer | Promise<Answer>;

/** From one making of a page to the next (ms): whoever asks for it in between waits, and shares the next one. */
const apartMs = 50;
/** How long metrics are given again (ms) where anybody may ask for them: no scrape is that close to the one before. */
const keptMs = 1000;
/** How many a second one address gets there: a page has tens of kilobytes. */
const mostMetrics = 20;
/** How much of what follows a request is read, to be dropped (bytes): little work beside the answer. */
const mostDropped = 1024 * 1024;
/** How long the other side has to close as well once the answer has gone out (ms). */
const lingerMs = 500;

/**
 * The admin server, not yet listening: `/healthz` (the process answers), `/readyz` (503 with what is missing),
 * `/metrics`, `/version` and `/status`, for GET and HEAD. A page that fails answers 500 without saying why; the
 * others go on.
 *
 * It runs in the process that writes the records, and may be reached by anybody: a connection has one request, so that
 * what one brings costs one answer, and pages that cost something are made at most every 50 ms. `node:http` would begin
 * thousands of requests that came in one piece before anything else had its turn.
 */
export function createAdminServer(options: AdminOptions): Server {
  const pages = pagesOf(options);
  // Who has sent its request may close its side of the connection, and is answered.
  return createServer({ allowHalfOpen: true }, (socket) => {
    const read = createHeadReader();
    const onEnd = (): void => void socket.end();
    const onData = (piece: Buffer): void => {
      const head = read(piece);
      if (head === 'partial') return;
      socket.off('data', onData).off('end', onEnd);
      dropWhatFollows(socket);
      const who = peerNetwork(socket) ?? '';
      void answerTo(head, { pages, who }).then((answer) => send(socket, head, answer, options.clock));
    };
    socket.on('data', onData).on('end', onEnd);
    // A connection that merely broke off.
    socket.on('error', () => undefined);
  });
}

function pagesOf(options: AdminOptions): ReadonlyMap<string, Page> {
  const health = options.flavour === 'health';
  const { clock } = options;
  const shared = (kept: number, make: () => Answer | Promise<Answer>): Page =>
    shareAnswer(make, { apartMs, keptMs: kept, clock });
  const metrics = shared(health ? keptMs : 0, async () => metricsPage(await options.metrics()));
  const mayAsk = createAskRate(mostMetrics, clock);
  const forAll: [string, Page][] = [
    ['/healthz', () => json(200, { status: 'ok' })],
    [
      '/readyz',
      shared(0, () => {
        const told = options.ready();
        return json(told.ready ? 200 : 503, told);
      }),
    ],
    ['/metrics', (who) => (health && !mayAsk(who) ? tooMany : metrics(who))],
  ];
  if (health) return new Map(forAll);
  return new Map<string, Page>([
    ...forAll,
    ['/version', () => json(200, options.version)],
    ['/status', shared(0, async () => json(200, await options.status()))],
  ]);
}

async function answerTo(
  head: RequestHead | 'malformed' | 'too large',
  { pages, who }: { readonly pages: ReadonlyMap<string, Page>; readonly who: string },
): Promise<Answer> {
  if (head === 'malformed') return text(400, 'bad request\n');
  if (head === 'too large') return text(431, 'too large\n');
  const page = pages.get(head.target.split('?', 1)[0] as string);
  if (page === undefined) return text(404, 'not found\n');
  if (head.method !== 'GET' && head.method !== 'HEAD') {
    return { ...text(405, 'only GET and HEAD\n'), more: ['allow: GET, HEAD'] };
  }
  try {
    return await page(who);
  } catch {
    return text(500, 'internal error\n');
  }
}

/**
 * A body, or a second request, is read and forgotten: a socket that is closed with something unread breaks its connection
 * off, and takes from the other side what that has not read yet of the answer. Past a bound it stays with its sender.
 */
function dropWhatFollows(socket: Socket): void {
  let dropped = 0;
  socket.on('data', (piece: Buffer) => {
    dropped += piece.byteLength;
    if (dropped > mostDropped) socket.pause();
  });
}

function send(socket: Socket, asked: RequestHead | string, answer: Answer, clock: Clock): void {
  if (socket.destroyed) return;
  const lines = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`,
    `date: ${toDate(clock.now()).toUTCString()}`,
    `content-type: ${answer.type}`,
    `content-length: ${answer.body.byteLength}`,
    ...(answer.more ?? []),
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  const bodiless = typeof asked === 'object' && asked.method === 'HEAD';
  socket.cork();
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (!bodiless) socket.write(answer.body);
  // With the end of the other side the socket closes by itself; that is waited for, but not for long.
  socket.end(() => {
    const late = setTimeout(() => socket.destroy(), lingerMs).unref();
    socket.once('close', () => clearTimeout(late));
  });
}

function json(status: number, value: object): Answer {
  return { status, type: 'application/json', body: Buffer.from(`${JSON.stringify(value)}\n`) };
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(body) };
}

const tooMany: Answer = { ...text(429, 'too many requests\n'), more: ['retry-after: 1'] };

function metricsPage(body: string): Answer {
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: Buffer.from(body) };
}
