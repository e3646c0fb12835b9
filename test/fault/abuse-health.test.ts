import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { abusedServer, soak } from '../helpers/abused.ts';
import type { Abused } from '../helpers/abused.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { floodHttp, getOf, rawHttp } from '../helpers/raw-http.ts';
import type { RawHttp } from '../helpers/raw-http.ts';
import { until } from '../helpers/server.ts';

const server = abusedServer((document) => {
  (document['server'] as { health?: object }).health = { address: '127.0.0.1:0' };
});

/** Connections that one listener has at most, and of one address. */
const [most, perAddress] = [256, 64];

const isGiven = (answer: string): boolean => answer.startsWith('HTTP/1.1 200 ');

async function closed(abused: Abused, why: string): Promise<number> {
  const labels = { listener: 'health', why };
  return valueOf(await abused.server.metrics(), 'portreeve_admin_connections_ended_total', labels) ?? NaN;
}

/** A probe as a kubelet sends it: one connection, one request, a second of patience. */
async function probe(abused: Abused, localAddress: string): Promise<string> {
  const asked = rawHttp(abused.server.address('health'), getOf('/healthz'), { localAddress });
  await Promise.race([asked.ended, pause(1000)]);
  asked.socket.destroy();
  return asked.text().split('\r\n', 1)[0] ?? '';
}

/** Connections from one address that begin a request and never end it. */
async function halves(abused: Abused, localAddress: string, count: number): Promise<readonly RawHttp[]> {
  const all = Array.from({ length: count }, () =>
    rawHttp(abused.server.address('health'), getOf('/healthz').slice(0, -2), { localAddress }),
  );
  await Promise.all(
    all.map(({ socket, ended }) => Promise.race([once(socket, 'connect').catch(() => 0), ended])),
  );
  return all;
}

test.serial(
  'metrics that hundreds ask for without end are collected once a second, and twenty pages a second are given to an address',
  (t) =>
    server.while(t, async (abused) => {
      const began = performance.now();
      const answers = await floodHttp(abused.server.address('health'), '/metrics', {
        connections: 240,
        ms: 3000 * soak,
      });
      const seconds = (performance.now() - began) / 1000;
      // An honest caller is decided on meanwhile: what is collected anew is another text.
      const given = answers.filter(isGiven).map((text) => text.slice(text.indexOf('\r\n\r\n')));
      const collected = new Set(given).size;
      t.true(collected >= 2 && collected <= seconds + 1, `${collected} collections in ${seconds} s`);
      t.true(given.length <= 20 * (seconds + 1), `${given.length} pages`);
      const refused = answers.filter((text) => !isGiven(text));
      t.true(refused.length > given.length);
      t.true(
        refused.every((text) => text.startsWith('HTTP/1.1 429 ') && text.includes('\r\nretry-after: 1\r\n')),
      );
      const other = rawHttp(abused.server.address('health'), getOf('/metrics'), {
        localAddress: '127.0.0.9',
      });
      await other.ended;
      t.true(isGiven(other.text()), 'another address has its own twenty');
    }),
);

for (const path of ['/healthz', '/readyz', '/metrics', '/nothing'])
  test.serial(`thousands of requests for ${path} in one piece are one request, and decisions go on`, (t) =>
    server.while(t, async (abused) => {
      const many = getOf(path).repeat(2000);
      for (let round = 0; round < 5 * soak; round += 1) {
        const all = Array.from({ length: 16 }, () => rawHttp(abused.server.address('health'), many));
        await Promise.all(all.map(({ ended }) => ended));
        for (const one of all) t.true(one.text().split('HTTP/1.1 ').length <= 2);
      }
      t.is(await probe(abused, '127.0.0.1'), 'HTTP/1.1 200 OK');
    }),
  );

test.serial(
  'probes are answered while half requests are kept open, from the address of those and from another',
  (t) =>
    server.while(t, async (abused) => {
      const before = {
        address: await closed(abused, 'address_full'),
        all: await closed(abused, 'listener_full'),
      };
      const first = await halves(abused, '127.0.0.2', 300);
      for (const from of ['127.0.0.2', '127.0.0.3']) t.is(await probe(abused, from), 'HTTP/1.1 200 OK');
      const open = (all: readonly RawHttp[]): number => all.filter((one) => !one.closed()).length;
      await until(() => open(first) <= perAddress);
      t.true((await closed(abused, 'address_full')) > before.address);
      // The oldest ones went.
      t.false(first.at(-1)?.closed());
      const others: RawHttp[] = [];
      for (let at = 4; at < 10; at += 1) others.push(...(await halves(abused, `127.0.0.${at}`, perAddress)));
      for (const from of ['127.0.0.2', '127.0.0.3']) t.is(await probe(abused, from), 'HTTP/1.1 200 OK');
      await until(() => open([...first, ...others]) <= most);
      t.true((await closed(abused, 'listener_full')) > before.all);
      for (const { socket } of [...first, ...others]) socket.destroy();
    }),
);

test.serial('who begins no request, or does not end it, is closed after ten seconds', (t) =>
  server.while(t, async (abused) => {
    const before = await closed(abused, 'slow');
    const began = performance.now();
    const [half] = await halves(abused, '127.0.0.2', 1);
    const silent = rawHttp(abused.server.address('health'), '');
    await Promise.all([half?.ended, silent.ended]);
    const took = performance.now() - began;
    t.true(took >= 9000 && took < 20_000, `${took} ms`);
    t.is(await closed(abused, 'slow'), before + 2);
  }),
);
