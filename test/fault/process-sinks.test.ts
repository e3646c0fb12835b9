import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { dirname, join } from 'node:path';
import test from 'ava';
import { leafHash } from '../../src/audit/tlog/hash.ts';
import { httpSource } from '../helpers/http-source.ts';
import { provedEntries } from '../helpers/log-folder.ts';
import { ocsfProblems } from '../helpers/ocsf.ts';
import { bodyOf, readLogs } from '../helpers/otlp-receiver.ts';
import type { ReceivedLog } from '../helpers/otlp-receiver.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { startSyslogReceiver } from '../helpers/syslog-receiver.ts';
import { tlsPki } from '../helpers/tls-pki.ts';
import { makeWorld } from '../helpers/world.ts';

interface View {
  readonly kind: string;
  readonly next: number;
  readonly lag: number;
  readonly failures: number;
  readonly error: string | null;
}

/** Where a message says that its record stands. */
interface Place {
  readonly index: number;
  readonly hash: string;
}

async function viewsOf(server: Server): Promise<readonly View[]> {
  return ((await server.status()) as unknown as { audit: { sinks: View[] } }).audit.sinks;
}

test('receivers and the server are killed and brought back: decisions go on, and no index is missing anywhere', async (t) => {
  t.timeout(120_000);
  const pki = await tlsPki(t);
  const syslog = await startSyslogReceiver(t, pki.server);
  const logs: ReceivedLog[] = [];
  const takes: RequestListener = (request, response) =>
    void bodyOf(request).then((body) => {
      logs.push(...readLogs(body));
      response.writeHead(200, { 'content-length': 0 }).end();
    });
  // Never answers.
  const collector = await httpSource(t, () => undefined);
  await syslog.kill();
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document.audit = {
        path: 'audit/log',
        sinks: [
          { name: 'lines', file: 'audit/records.ndjson' },
          { name: 'siem', syslog: `localhost:${syslog.port}`, ca: pki.ca },
          { name: 'collector', otlp: `${collector.origin}/v1/logs`, format: 'ocsf', timeout: '2s' },
        ],
      };
    }),
  });
  t.teardown(world.close);
  const folder = dirname(world.configFile);
  const leaf = await world.leaf('meter/1');
  const ask = async (server: Server, times: number): Promise<void> => {
    const client = server.client();
    for (let count = 0; count < times; count += 1) {
      const { outcome } = await client.decide({
        peer_chain: [leaf.der],
        authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
        source_ip: '10.20.0.7',
      });
      t.is(outcome, 'allow', 'whoever is down');
    }
  };
  /** SIGHUP ends pauses. */
  const caughtUp = async (server: Server, least: number): Promise<void> => {
    const isDone = async (): Promise<boolean> =>
      (await viewsOf(server)).every(({ lag, next, error }) => lag === 0 && next >= least && error === null);
    for (; !(await isDone()); await new Promise((resolve) => setTimeout(resolve, 300)))
      server.signal('SIGHUP');
  };

  const first = await startServer(t, world.configFile);
  await ask(first, 30);
  await until(async () => {
    const failures = new Map((await viewsOf(first)).map((view) => [view.kind, view.failures]));
    return (failures.get('syslog') ?? 0) > 0 && (failures.get('otlp') ?? 0) > 0;
  });
  await until(async () => (await viewsOf(first)).some(({ kind, next }) => kind === 'file' && next > 0));
  const samples = await first.metrics();
  const lag = samples.find(
    ({ name, labels }) => name === 'portreeve_audit_sink_lag' && labels['source'] === 'siem',
  );
  t.true((lag?.value ?? 0) > 0);
  t.true(samples.some(({ name, value }) => name === 'portreeve_audit_sink_failures_total' && value > 0));

  await syslog.revive();
  collector.answer(takes);
  await caughtUp(first, 30);
  // While the server sends, everybody dies.
  syslog.breakAfter = 3;
  await ask(first, 30);
  first.signal('SIGKILL');
  await first.ended;

  syslog.breakAfter = undefined;
  const second = await startServer(t, world.configFile);
  await ask(second, 30);
  await caughtUp(second, 91);
  t.is(await second.stop(), 0);

  const { entries } = await provedEntries(join(folder, 'audit/log'));
  const wanted = entries.map((entry) => Buffer.from(leafHash(Buffer.from(entry))).toString('hex'));
  const places = {
    file: readFileSync(join(folder, 'audit/records.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Place),
    syslog: syslog.messages.map(({ text }) => JSON.parse(text) as Place),
    otlp: logs.map(({ body }) => {
      const event = JSON.parse(body) as { metadata: { sequence: number; uid: string } };
      t.deepEqual(ocsfProblems(event as unknown as Readonly<Record<string, unknown>>), []);
      const { metadata } = event;
      return { index: metadata.sequence, hash: metadata.uid };
    }),
  };
  for (const [kind, sent] of Object.entries(places)) {
    const most = Math.max(...sent.map(({ index }) => index));
    t.true(most >= 90, kind);
    const got = new Set(sent.map(({ index, hash }) => `${index} ${hash}`));
    // All but the very last ones, which were written while the server ended, and wait for the next start.
    t.deepEqual(
      wanted.slice(0, most + 1).filter((hash, index) => !got.has(`${index} ${hash}`)),
      [],
      `${kind}: no index is missing`,
    );
    t.is(got.size, most + 1, `${kind}: the same index always has the same hash`);
  }
  t.deepEqual(syslog.problems, []);
});
