import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createRoot, issueLeaf } from '../../../../src/ca/index.ts';
import { retryAfterOf } from '../../../../src/server/sources/failures.ts';
import { fetchLimited, readAll } from '../../../../src/server/sources/fetch-limited.ts';
import type { Fetched, FetchOptions } from '../../../../src/server/sources/fetch-options.ts';
import { httpSource, serves } from '../../../helpers/http-source.ts';
import { hour } from '../../../helpers/world-pki.ts';

const now = Date.UTC(2026, 5, 1, 12);
const mib = 1024 * 1024;

const get = (url: string, o: Partial<FetchOptions> = {}): Promise<Fetched> =>
  fetchLimited(url, { maxBytes: mib, ...o }, now);

async function whole(url: string, o: Partial<FetchOptions> = {}): Promise<string> {
  const fetched = await get(url, o);
  if (fetched.status !== 'ok') throw new Error(fetched.status);
  return Buffer.from(await readAll(fetched.body)).toString();
}

/** A server that speaks raw bytes, for answers that no HTTP library would send. */
async function rawServer(t: ExecutionContext, answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('a body comes whole, with its validators, and nothing packed is asked for', async (t) => {
  const source = await httpSource(t, serves('hello', '"v1"'));
  const fetched = await get(`${source.origin}/x`);
  t.is(fetched.status, 'ok');
  t.is(fetched.etag, '"v1"');
  t.is(fetched.status === 'ok' && Buffer.from(await readAll(fetched.body)).toString(), 'hello');
  t.is(source.asked[0]?.headers['accept-encoding'], 'identity');
});

test('what is known already is asked for on a condition, and 304 means unchanged', async (t) => {
  const source = await httpSource(t, serves('hello', '"v1"'));
  t.is((await get(source.origin, { etag: '"v1"' })).status, 'unchanged');
  t.is(await whole(source.origin, { etag: '"v0"' }), 'hello');
  source.answer((_request, response) => void response.writeHead(304).end());
  t.is((await get(source.origin, { lastModified: 'yesterday' })).status, 'unchanged');
  t.is(source.asked.at(-1)?.headers['if-modified-since'], 'yesterday');
  await t.throwsAsync(get(source.origin), { code: 'PDP_SOURCE_UNAVAILABLE', message: /answers 304/ });
});

test('an error of the server is unavailable, and what it asks for by Retry-After is known', async (t) => {
  const source = await httpSource(
    t,
    (_request, response) => void response.writeHead(503, { 'retry-after': '120' }).end(),
  );
  const error = await t.throwsAsync(get(source.origin), {
    code: 'PDP_SOURCE_UNAVAILABLE',
    message: /answers 503/,
  });
  t.is(retryAfterOf(error), 120_000);
  source.answer(
    (_request, response) =>
      void response.writeHead(429, { 'retry-after': 'Mon, 01 Jun 2026 12:01:30 GMT' }).end(),
  );
  t.is(retryAfterOf(await t.throwsAsync(get(source.origin))), 90_000);
});

test('nobody there is unavailable', async (t) => {
  const source = await httpSource(t, serves('x'));
  await source.close();
  await t.throwsAsync(get(source.origin), { code: 'PDP_SOURCE_UNAVAILABLE', message: /ECONNREFUSED/ });
  await t.throwsAsync(get('http://no-such-host.invalid/'), { code: 'PDP_SOURCE_UNAVAILABLE' });
});

test('an answer that is announced as too large is refused before it is read', async (t) => {
  const source = await httpSource(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 10_737_418_240 });
    response.write('begin');
  });
  await t.throwsAsync(get(source.origin), {
    code: 'PDP_SOURCE_REFUSED',
    message: /10737418240 bytes are more/,
  });
});

test('an answer of 10 GB that is not announced is cut off at the limit, and the server is left alone', async (t) => {
  let sent = 0;
  const gone = Promise.withResolvers<void>();
  const source = await httpSource(t, (_request, response) => {
    const chunk = Buffer.alloc(65_536);
    const pour = (): void => {
      while (sent < 10_737_418_240 && !response.destroyed) {
        sent += chunk.byteLength;
        if (!response.write(chunk)) return void response.once('drain', pour);
      }
    };
    response.on('close', () => gone.resolve());
    pour();
  });
  await t.throwsAsync(whole(source.origin), {
    code: 'PDP_SOURCE_REFUSED',
    message: /cut off after more than max_bytes/,
  });
  await gone.promise;
  t.true(sent < 64 * mib, `${sent} bytes were sent`);
});

test('an answer that ends before its announced length is no answer', async (t) => {
  const url = await rawServer(
    t,
    (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
  );
  await t.throwsAsync(whole(url), { code: 'PDP_SOURCE_UNAVAILABLE', message: /after 4 bytes/ });
});

test('a chunked answer that is broken off is no answer', async (t) => {
  const url = await rawServer(
    t,
    (socket) => void socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
  );
  await t.throwsAsync(whole(url), { code: 'PDP_SOURCE_UNAVAILABLE' });
});

test('an answer whose end is only that of the connection is refused, because nobody can tell it from a broken one', async (t) => {
  const url = await rawServer(t, (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nall of it?'));
  await t.throwsAsync(whole(url), {
    code: 'PDP_SOURCE_REFUSED',
    message: /neither how long it is nor where it ends/,
  });
});

test('an answer that is no HTTP is unavailable', async (t) => {
  const url = await rawServer(t, (socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
  await t.throwsAsync(whole(url), { code: 'PDP_SOURCE_UNAVAILABLE' });
});

test('a packed answer is refused, because what it unpacks to has no bound', async (t) => {
  const source = await httpSource(
    t,
    (_request, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 3 }).end('abc'),
  );
  await t.throwsAsync(whole(source.origin), { code: 'PDP_SOURCE_REFUSED', message: /packed \(gzip\)/ });
});

test('a server that says nothing is given up after the idle time', async (t) => {
  const source = await httpSource(t, () => undefined);
  await t.throwsAsync(get(source.origin, { timeouts: { idle: 100 } }), {
    code: 'PDP_SOURCE_UNAVAILABLE',
    message: /no answer within 100 ms/,
  });
});

test('a server that falls silent in the middle is given up after the idle time', async (t) => {
  const source = await httpSource(t, (_request, response) => void response.writeHead(200).write('half'));
  await t.throwsAsync(whole(source.origin, { timeouts: { idle: 100 } }), {
    code: 'PDP_SOURCE_UNAVAILABLE',
    message: /silent within 100 ms/,
  });
});

test('a slow drip ends with the total time, although it is never silent', async (t) => {
  const source = await httpSource(t, (_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('.'), 10);
    response.on('close', () => clearInterval(timer));
  });
  await t.throwsAsync(whole(source.origin, { timeouts: { idle: 5000, total: 300 } }), {
    code: 'PDP_SOURCE_UNAVAILABLE',
    message: /not finished within 300 ms/,
  });
});

test('an exchange ends when it is told to from outside', async (t) => {
  const ending = new AbortController();
  const source = await httpSource(t, () => ending.abort());
  await t.throwsAsync(get(source.origin, { signal: ending.signal }), { message: /ended from our side/ });
});

test('redirects are followed within an origin, and a circle of them is refused', async (t) => {
  const source = await httpSource(t, (request, response) => {
    const next = { '/a': '/b', '/b': '/c', '/x': '/y', '/y': '/x' }[request.url ?? ''];
    if (next) response.writeHead(302, { location: next }).end();
    else serves('there')(request, response);
  });
  t.is(await whole(`${source.origin}/a`), 'there');
  await t.throwsAsync(get(`${source.origin}/x`), { code: 'PDP_SOURCE_REFUSED', message: /in a circle/ });
});

test('redirects that never come round are refused above their limit', async (t) => {
  let count = 0;
  const source = await httpSource(
    t,
    (_request, response) => void response.writeHead(307, { location: `/${(count += 1)}` }).end(),
  );
  await t.throwsAsync(get(source.origin), { code: 'PDP_SOURCE_REFUSED', message: /too many redirects/ });
  t.is(count, 6);
});

test('a redirect to another host is followed only where that is allowed, and does not see our secrets', async (t) => {
  const other = await httpSource(t, serves('elsewhere'));
  const source = await httpSource(
    t,
    (_request, response) => void response.writeHead(301, { location: `${other.origin}/x?signature=1` }).end(),
  );
  const refusal = await t.throwsAsync(get(source.origin), {
    code: 'PDP_SOURCE_REFUSED',
    message: /may not lead/,
  });
  t.false(refusal?.message.includes('signature=1'), 'what a redirect signed stays out of the log');
  t.is(other.asked.length, 0);
  const secrets = { authorization: 'Bearer one' };
  t.is(
    await whole(source.origin, { secrets, mayVisit: (url) => url.host === `127.0.0.1:${other.port}` }),
    'elsewhere',
  );
  t.is(source.asked.at(-1)?.headers.authorization, 'Bearer one');
  t.is(other.asked[0]?.headers.authorization, undefined);
});

test('a redirect to what is no http is refused', async (t) => {
  for (const location of ['file:///etc/passwd', 'ftp://example.org/', 'http://user:pw@127.0.0.1/']) {
    const source = await httpSource(
      t,
      (_request, response) => void response.writeHead(302, { location }).end(),
    );
    await t.throwsAsync(
      get(source.origin, { mayVisit: () => true }),
      { code: 'PDP_SOURCE_REFUSED' },
      location,
    );
  }
});

test('a POST sends its body, is asked once and is never led elsewhere', async (t) => {
  const bodies: string[] = [];
  const source = await httpSource(t, (request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
    request.on('end', () => serves('answer')(request, response));
  });
  const post = { method: 'POST', body: Buffer.from('question') } as const;
  t.is(await whole(source.origin, post), 'answer');
  t.deepEqual(bodies, ['question']);
  source.answer((_request, response) => void response.writeHead(307, { location: '/again' }).end());
  await t.throwsAsync(get(source.origin, post), { code: 'PDP_SOURCE_REFUSED', message: /redirects a POST/ });
});

test('a TLS server counts only under the CA that is configured, and never leads to http', async (t) => {
  const life = { notBefore: Date.now() - hour, notAfter: Date.now() + hour };
  const root = await createRoot({ subject: 'CN=Web', ...life });
  const foreign = await createRoot({ subject: 'CN=Web', ...life });
  const leaf = await issueLeaf(root, {
    subject: 'CN=web',
    san: { dns: ['localhost'] },
    eku: ['serverAuth'],
    ...life,
  });
  const source = await httpSource(t, serves('by TLS'), { key: leaf.privateKeyPem, cert: leaf.pem });
  t.is(await whole(source.origin, { ca: root.pem }), 'by TLS');
  const unknown = {
    code: 'PDP_SOURCE_UNAVAILABLE',
    message: /signature|issuer|verify|self.signed/i,
  } as const;
  await t.throwsAsync(get(source.origin), unknown, 'the platform does not know it');
  await t.throwsAsync(get(source.origin, { ca: foreign.pem }), unknown, 'nor does another CA of that name');
  await t.throwsAsync(get(`https://127.0.0.1:${source.port}`, { ca: root.pem }), { message: /altname|IP/i });
  source.answer(
    (_request, response) => void response.writeHead(302, { location: 'http://localhost/' }).end(),
  );
  await t.throwsAsync(get(source.origin, { ca: root.pem, mayVisit: () => true }), {
    message: /from https to http/,
  });
});

test('where this machine is not to be led to, neither its addresses nor names for them are connected to', async (t) => {
  const source = await httpSource(t, serves('secret'));
  const hosts = [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '169.254.169.254',
    '[fe80::1]',
  ];
  for (const host of hosts) {
    const asked = get(`http://${host}:${source.port}/`, { mayBeLocal: () => false });
    await t.throwsAsync(asked, { code: 'PDP_SOURCE_REFUSED', message: /this machine or its links/ }, host);
  }
  t.is(source.asked.length, 0);
  t.is(await whole(source.origin, { mayBeLocal: (url) => url.origin === source.origin }), 'secret');
});
