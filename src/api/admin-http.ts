import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

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
}

interface Answer {
  readonly status: number;
  readonly type:
    'application/json' | 'text/plain; charset=utf-8' | 'text/plain; version=0.0.4; charset=utf-8';
  readonly body: string;
}

type Page = () => Answer | Promise<Answer>;

/**
 * The admin server, not yet listening: `/healthz` (the process answers), `/readyz` (503 with what is missing),
 * `/metrics`, `/version` and `/status`, for GET and HEAD. A page that fails answers 500 without saying why; the
 * others go on.
 */
export function createAdminServer(options: AdminOptions): Server {
  const pages = pagesOf(options);
  const server = createServer({ maxHeaderSize: 8 * 1024, requestTimeout: 10_000 }, (request, response) => {
    void respond(pages, request, response);
  });
  server.maxConnections = 256;
  return server;
}

function pagesOf(options: AdminOptions): ReadonlyMap<string, Page> {
  const health: [string, Page][] = [
    ['/healthz', () => json(200, { status: 'ok' })],
    [
      '/readyz',
      () => {
        const told = options.ready();
        return json(told.ready ? 200 : 503, told);
      },
    ],
    ['/metrics', async () => metricsPage(await options.metrics())],
  ];
  if (options.flavour === 'health') return new Map(health);
  return new Map<string, Page>([
    ...health,
    ['/version', () => json(200, options.version)],
    ['/status', async () => json(200, await options.status())],
  ]);
}

async function respond(
  pages: ReadonlyMap<string, Page>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] as string;
  const page = pages.get(path);
  if (page === undefined) return send(request, response, text(404, 'not found\n'));
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return send(request, response, text(405, 'only GET and HEAD\n'));
  }
  try {
    send(request, response, await page());
  } catch {
    send(request, response, text(500, 'internal error\n'));
  }
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  // Bodies are not read here; what is left of one must not keep the connection.
  request.resume();
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

function json(status: number, value: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

function metricsPage(body: string): Answer {
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body };
}
