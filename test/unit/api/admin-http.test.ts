import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createAdminServer } from '../../../src/api/admin-http.ts';
import type { AdminOptions } from '../../../src/api/admin-http.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function serve(
  t: ExecutionContext,
  over: Partial<AdminOptions> = {},
): Promise<(path: string, method?: string) => Promise<Answer>> {
  const server = createAdminServer({
    ready: () => ({ ready: true, missing: [] }),
    metrics: () => Promise.resolve('decisions_total 1\n'),
    version: { program: 'portreeve' },
    status: () => Promise.resolve({ epochs: {} }),
    ...over,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
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
