import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A real HTTP or HTTPS server of a test; what it answers may change while it runs. */
export interface HttpSource {
  readonly origin: string;
  readonly port: number;
  /** What was asked so far, oldest first. */
  readonly asked: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  answer(handler: RequestListener): void;
  close(): Promise<void>;
}

interface Test {
  teardown(step: () => unknown): void;
}

/** Starts a server on a free port of loopback, closed with its connections after the test. */
export async function httpSource(
  t: Test,
  first: RequestListener,
  tls?: Pick<ServerOptions, 'key' | 'cert' | 'ca' | 'requestCert' | 'rejectUnauthorized'>,
): Promise<HttpSource> {
  let handler = first;
  const asked: { path: string; headers: IncomingHttpHeaders }[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push({ path: request.url ?? '', headers: request.headers });
    // Clients that cut an answer off are what these tests are about.
    response.on('error', () => undefined);
    handler(request, response);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  t.teardown(close);
  return {
    origin: `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}`,
    port,
    asked,
    answer: (next) => {
      handler = next;
    },
    close,
  };
}

/** Answers one document with an ETag, and 304 to whoever has it already. */
export function serves(
  body: Uint8Array | string,
  etag = `"${Buffer.from(body).byteLength}"`,
): RequestListener {
  return (request, response) => {
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
    const bytes = Buffer.from(body);
    response.writeHead(200, { etag, 'content-length': bytes.byteLength }).end(bytes);
  };
}

/** Answers with what stands under the path; 404 for everything else. */
export function servesPaths(paths: Readonly<Record<string, Uint8Array | string>>): RequestListener {
  return (request, response) => {
    const body = paths[request.url ?? ''];
    if (body === undefined) return void response.writeHead(404).end();
    serves(body, `"${Buffer.from(body).toString('base64').slice(-40)}"`)(request, response);
  };
}
