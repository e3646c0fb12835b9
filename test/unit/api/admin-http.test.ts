import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createAdminServer } from '../../../src/api/admin-http.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import type { AdminOptions } from '../../../src/api/admin-http.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function serverWith(t: ExecutionContext, over: Partial<AdminOptions>): Promise<Server> {
  const server = createAdminServer({
    ready: () => ({ ready: true, missing: [] }),
    metrics: () => Promise.resolve('decisions_total 1\n'),
    version: { program: 'portreeve' },
    clock: systemClock,
    status: () => Promise.resolve({ epochs: {} }),
    ...over,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function serve(
  t: ExecutionContext,
  over: Partial<AdminOptions> = {},
): Promise<(path: string, method?: string) => Promise<Answer>> {
  const port = portOf(await serverWith(t, over));
  return (path, method = 'GET') =>
    new Promise((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path, method, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => (body += text));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      sent.on('error', reject);
      sent.end();
    });
}

test('every page answers', async (t) => {
  const get = await serve(t);
  t.deepEqual(JSON.parse((await get('/healthz')).body), { status: 'ok' });
  t.deepEqual(JSON.parse((await get('/readyz?verbose')).body), { ready: true, missing: [] });
  t.deepEqual(JSON.parse((await get('/version')).body), { program: 'portreeve' });
  t.deepEqual(JSON.parse((await get('/status')).body), { epochs: {} });
  const metrics = await get('/metrics');
  t.is(metrics.body, 'decisions_total 1\n');
  t.regex(String(metrics.headers['content-type']), /^text\/plain; version=0\.0\.4/);
});

test('not ready is 503 and says what is missing; healthy all the same', async (t) => {
  const get = await serve(t, { ready: () => ({ ready: false, missing: ['policy'] }) });
  const answer = await get('/readyz');
  t.is(answer.status, 503);
  t.deepEqual(JSON.parse(answer.body), { ready: false, missing: ['policy'] });
  t.is((await get('/healthz')).status, 200);
});

test('HEAD answers the headers alone', async (t) => {
  const get = await serve(t);
  const answer = await get('/metrics', 'HEAD');
  t.is(answer.status, 200);
  t.is(answer.body, '');
  t.is(answer.headers['content-length'], '18');
});

test('other methods are 405, other paths 404', async (t) => {
  const get = await serve(t);
  const answer = await get('/status', 'POST');
  t.is(answer.status, 405);
  t.is(answer.headers['allow'], 'GET, HEAD');
  for (const path of ['/', '/healthz/', '/..%2fstatus', '/constructor', '/__proto__']) {
    t.is((await get(path)).status, 404, path);
  }
});

test('the health flavour serves health, readiness and metrics, and nothing else', async (t) => {
  const get = await serve(t, { flavour: 'health' });
  for (const path of ['/healthz', '/readyz', '/metrics']) t.is((await get(path)).status, 200, path);
  for (const path of ['/status', '/version']) t.is((await get(path)).status, 404, path);
});

test('a page that fails answers 500 without saying why', async (t) => {
  const get = await serve(t, { status: () => Promise.reject(new Error('secret')) });
  const answer = await get('/status');
  t.is(answer.status, 500);
  t.notRegex(answer.body, /secret/);
  t.is((await get('/healthz')).status, 200);
});

test('pages that cost something are made once for all who ask at the same time, on either listener', async (t) => {
  const made = { ready: 0, metrics: 0, status: 0 };
  const pages: Partial<AdminOptions> = {
    ready: () => ((made.ready += 1), { ready: true, missing: [] }),
    metrics: () => Promise.resolve(`metrics_total ${(made.metrics += 1)}\n`),
    status: () => Promise.resolve({ made: (made.status += 1) }),
  };
  for (const flavour of ['admin', 'health'] as const) {
    Object.assign(made, { ready: 0, metrics: 0, status: 0 });
    const get = await serve(t, { ...pages, flavour });
    const paths = ['/readyz', '/metrics', ...(flavour === 'admin' ? ['/status'] : [])];
    const began = performance.now();
    await Promise.all(paths.flatMap((path) => Array.from({ length: 15 }, () => get(path))));
    const most = Math.floor((performance.now() - began) / 50) + 1;
    for (const [page, times] of Object.entries(made)) t.true(times <= most, `${page}: ${times} of ${most}`);
  }
});

test('on the health listener metrics are given again for a second, and to one address twenty times in it', async (t) => {
  const clock = fakeClock(0);
  let made = 0;
  const metrics = (): Promise<string> => Promise.resolve(`metrics_total ${(made += 1)}\n`);
  const get = await serve(t, { flavour: 'health', metrics, clock });
  for (let asked = 0; asked < 20; asked += 1) t.is((await get('/metrics')).body, 'metrics_total 1\n');
  const refused = await get('/metrics');
  t.deepEqual([refused.status, refused.headers['retry-after']], [429, '1']);
  t.is((await get('/healthz')).status, 200);
  clock.advance(1000);
  t.is((await get('/metrics')).body, 'metrics_total 2\n');
});

test('a connection has one request; what is none is 400, and too much of one 431', async (t) => {
  const get = await serve(t);
  t.is((await get('/healthz')).headers['connection'], 'close');
  t.is((await get('/healthz', 'M-SEARCH')).status, 400);
  t.is((await get(`/${'x'.repeat(9000)}`)).status, 431);
});

/** Sends these pieces, then reads what comes piece by piece and slowly: how much that was, and whether the connection broke off. */
async function askedSlowly(
  port: number,
  pieces: readonly string[],
): Promise<{ bytes: number; broke: boolean }> {
  const socket = connect({ port, host: '127.0.0.1' });
  const seen = { bytes: 0, broke: false };
  socket.on('error', () => (seen.broke = true));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const piece of pieces) socket.write(piece);
  socket.on('data', (piece: Buffer) => {
    seen.bytes += piece.byteLength;
    socket.pause();
    setTimeout(() => socket.resume(), 2);
  });
  await closed;
  return seen;
}

test('an answer arrives whole, whatever its connection sends besides: a second request, or a body', async (t) => {
  const metrics = '#'.repeat(4_000_000);
  const port = portOf(await serverWith(t, { metrics: () => Promise.resolve(metrics) }));
  const get = 'GET /metrics HTTP/1.1\r\n\r\n';
  for (const more of [get, 'x'.repeat(500_000)]) {
    const { bytes, broke } = await askedSlowly(port, [get, more]);
    t.false(broke, String(more.length));
    t.true(bytes > metrics.length, `${bytes} of an answer with ${metrics.length}, and ${more.length} sent`);
  }
});

test('of what a connection sends besides its request no more than a bound is read, and it is answered all the same', async (t) => {
  const server = await serverWith(t, {});
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { bytes } = await askedSlowly(portOf(server), [
    'POST /readyz HTTP/1.1\r\n\r\n',
    'x'.repeat(50_000_000),
  ]);
  const [{ bytesRead }] = await accepted;
  t.true(bytes > 0);
  t.true(bytesRead < 1_500_000, String(bytesRead));
});

test('a connection closes with its other side, and where that does not close, soon after the answer', async (t) => {
  const port = portOf(await serverWith(t, {}));
  for (const allowHalfOpen of [false, true]) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    // What is sent to a connection that is gone breaks it off.
    socket.on('error', () => undefined);
    socket.write('GET /healthz HTTP/1.1\r\n\r\n');
    await once(socket.resume(), 'end');
    const sending = allowHalfOpen ? setInterval(() => socket.write('x'), 20) : undefined;
    await closed;
    clearInterval(sending);
  }
  t.pass();
});

test('what is no HTTP is told so at once: TLS, line breaks of its own, a word in lower case', async (t) => {
  const port = portOf(await serverWith(t, {}));
  for (const sent of ['\x16\x03\x01', 'GET /healthz HTTP/1.0\n\n', 'hello']) {
    const socket = connect({ port, host: '127.0.0.1' });
    let text = '';
    socket.on('data', (piece: Buffer) => (text += piece.toString('latin1')));
    socket.write(sent, 'latin1');
    await once(socket, 'close');
    t.regex(text, /^HTTP\/1\.1 400 /, sent);
  }
});

test('a target may be absolute, and empty lines stand before a request', async (t) => {
  const port = portOf(await serverWith(t, {}));
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  socket.on('data', (piece: Buffer) => (text += piece.toString('latin1')));
  socket.write('\r\nGET http://x/healthz HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(socket, 'close');
  t.regex(text, /^HTTP\/1\.1 200 [^]*"ok"/);
});
