import type { IncomingMessage, RequestListener } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { leafHash } from '../../../../src/audit/tlog/hash.ts';
import { httpSource } from '../../../helpers/http-source.ts';
import { provedEntries } from '../../../helpers/log-folder.ts';
import { bodyOf, logsAnswer, readLogs } from '../../../helpers/otlp-receiver.ts';
import type { ReceivedLog } from '../../../helpers/otlp-receiver.ts';
import { until } from '../../../helpers/server.ts';
import { assertComplete, origin, sinkSite } from '../../../helpers/sinks.ts';
import type { Sent } from '../../../helpers/sinks.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';
import { tlsPki } from '../../../helpers/tls-pki.ts';

/** A collector that takes logs. */
function collector(answer?: Uint8Array): { handler: RequestListener; logs: ReceivedLog[] } {
  const logs: ReceivedLog[] = [];
  return {
    logs,
    handler: (request: IncomingMessage, response) =>
      void bodyOf(request).then((body) => {
        if (request.url === '/v1/logs') logs.push(...readLogs(body));
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(answer);
      }),
  };
}

function sentTo(logs: readonly ReceivedLog[]): Sent[] {
  return logs.map(({ body }) => JSON.parse(body) as Sent);
}

/** Where a message of either format says that its record stands. */
function placeOf(body: string): { index: number; hash: string } {
  const { index, hash, metadata } = JSON.parse(body) as {
    index?: number;
    hash?: string;
    metadata?: { sequence: number; uid: string };
  };
  return { index: index ?? metadata?.sequence ?? -1, hash: hash ?? metadata?.uid ?? '' };
}

test('a collector gets each record as a log that is correlated with its trace', async (t) => {
  const site = await sinkSite(t);
  const { handler, logs } = collector();
  const server = await httpSource(t, handler);
  await site.grow(5);
  const trace = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) };
  const decision = {
    ...{ kind: 'decision', decision_id: 'd-1', tenant: 'default', time: '2026-11-01T00:00:05.250Z' },
    ...{ outcome: 'deny', enforced: true, faults: [], reasons: [{ code: 'credential.expired' }], ...trace },
  };
  await site.log.append([JSON.stringify(decision)]);
  await site.log.integrate();
  const sinks = site.start({ otlp: `${server.origin}/v1/logs` });
  await until(() => sinks.views()[0]?.next === 6);
  t.is(logs.length, 6);
  t.like(logs[5], {
    ...{ traceId: trace.trace_id, spanId: trace.span_id, event: 'portreeve.decision' },
    ...{ time: Date.parse(decision.time), severity: 13, severityText: 'warning' },
  });
  const { attributes, resource, body } = logs[5] as ReceivedLog;
  const sent = JSON.parse(body) as Sent;
  t.deepEqual(sent.record, decision);
  t.deepEqual(attributes, {
    ...{ 'portreeve.log.name': origin, 'portreeve.log.index': '5', 'portreeve.log.hash': sent.hash },
    ...{ 'portreeve.record.kind': 'decision', 'portreeve.decision_id': 'd-1', 'portreeve.tenant': 'default' },
    ...{ 'portreeve.outcome': 'deny', 'portreeve.reason': 'credential.expired' },
  });
  t.like(resource, { 'service.name': 'portreeve', 'service.instance.id': 'pdp-1' });
  t.is(logs[0]?.traceId, '', 'what has no trace names none');
  t.is(server.asked[0]?.headers['content-type'], 'application/x-protobuf');
});

test('a collector that breaks, is busy and comes back misses no index', async (t) => {
  const site = await sinkSite(t);
  const { handler, logs } = collector();
  let asked = 0;
  const server = await httpSource(t, (request, response) => {
    asked += 1;
    // Takes a batch and dies before it says so; then is busy; then is there.
    if (asked === 2)
      return void bodyOf(request).then((body) => (logs.push(...readLogs(body)), request.socket.destroy()));
    if (asked === 3) return void response.writeHead(503, { 'retry-after': '7' }).end();
    handler(request, response);
  });
  await site.grow(600);
  const sinks = site.start({ otlp: `${server.origin}/v1/logs` });
  await until(() => sinks.views()[0]?.failures === 1);
  t.is(sinks.views()[0]?.next, 128);
  sinks.ask();
  await until(() => sinks.views()[0]?.failures === 2);
  t.regex(sinks.views()[0]?.error ?? '', /503/);
  site.clock.advance(6999);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  t.is(sinks.views()[0]?.failures, 2, 'a collector that asks for seven seconds gets them');
  t.is(asked, 3);
  site.clock.advance(1);
  await site.caughtUp(sinks);
  t.is(assertComplete(t, sentTo(logs), site.entries), 128);
});

test('a collector that failed is tried with a few records before it gets many', async (t) => {
  const site = await sinkSite(t);
  const sizes: number[] = [];
  const server = await httpSource(t, (request, response) => {
    void bodyOf(request).then((body) => {
      sizes.push(readLogs(body).length);
      response.writeHead(sizes.length === 1 ? 500 : 200, { 'content-length': 0 }).end();
    });
  });
  await site.grow(200);
  const sinks = site.start({ otlp: `${server.origin}/v1/logs` });
  await site.caughtUp(sinks);
  t.deepEqual(sizes, [128, 32, 128, 40]);
});

/** A collector that answers a request by whether one of its logs is refused. */
async function choosing(
  t: ExecutionContext,
  refuses: (log: ReceivedLog) => number | undefined,
): Promise<{ origin: string; logs: ReceivedLog[]; sizes: number[] }> {
  const [logs, sizes]: [ReceivedLog[], number[]] = [[], []];
  const server = await httpSource(t, (request, response) => {
    void bodyOf(request).then((body) => {
      const got = readLogs(body);
      sizes.push(got.length);
      const status = got.map(refuses).find((one) => one !== undefined) ?? 204;
      if (status === 204) logs.push(...got);
      response.writeHead(status).end();
    });
  });
  return { origin: server.origin, logs, sizes };
}

for (const status of [400, 413, 422]) {
  for (const format of ['record', 'ocsf'] as const) {
    test(`a record that a collector never takes (${status}, ${format}) holds up no other: its place is sent, and it counts as rejected`, async (t) => {
      const site = await sinkSite(t);
      const collector = await choosing(t, ({ body }) => (body.includes('poison') ? status : undefined));
      await site.grow(40);
      await site.log.append([JSON.stringify({ kind: 'act', act: 'change', why: 'poison', detail: {} })]);
      await site.log.integrate();
      const { entries } = await provedEntries(site.folder);
      (site.entries as string[]).push(entries[40] ?? '');
      await site.grow(40);
      const sinks = site.start({ otlp: `${collector.origin}/v1/logs`, format });
      await site.caughtUp(sinks);
      const sent = collector.logs.map(({ body }) => placeOf(body));
      t.deepEqual(
        sent.map(({ index }) => index),
        [...site.entries.keys()],
      );
      t.is(sent[40]?.hash, Buffer.from(leafHash(Buffer.from(site.entries[40] ?? ''))).toString('hex'));
      t.false(collector.logs[40]?.body.includes('poison'));
      t.like(sinks.views()[0], { rejected: 1, sent: 81, failures: 0 });
    });
  }
}

test('a collector that refuses everything is waited for, and nothing is given up', async (t) => {
  const site = await sinkSite(t);
  let status: number | undefined = 400;
  const collector = await choosing(t, () => status);
  await site.grow(100);
  const sinks = site.start({ otlp: `${collector.origin}/v1/logs` });
  await until(() => sinks.views()[0]?.failures === 1);
  t.deepEqual(collector.sizes, [100, 50, 25, 12, 6, 3, 1, 1], 'a handful of requests, the last a stub');
  t.like(sinks.views()[0], { next: 0, rejected: 0, sent: 0 });
  t.regex(sinks.views()[0]?.error ?? '', /answers 400/);
  status = undefined;
  await site.caughtUp(sinks);
  t.is(assertComplete(t, sentTo(collector.logs), site.entries), 0);
});

for (const [status, held] of [
  [401, true],
  [404, true],
  [500, true],
  [202, false],
  [204, false],
] as const) {
  test(`an answer of ${status} is one of a collector that ${held ? 'does not take' : 'has taken'} the batch`, async (t) => {
    const site = await sinkSite(t);
    const server = await httpSource(
      t,
      (request, response) => void bodyOf(request).then(() => response.writeHead(status).end()),
    );
    await site.grow(3);
    const sinks = site.start({ otlp: `${server.origin}/v1/logs` });
    await until(() => (sinks.views()[0]?.failures ?? 0) > 0 || sinks.views()[0]?.next === 3);
    t.is(sinks.views()[0]?.next, held ? 0 : 3);
    t.is(server.asked.length, 1);
  });
}

test('a record of the most bytes that one may have comes whole, in both formats', async (t) => {
  const site = await sinkSite(t);
  const { handler, logs } = collector();
  const server = await httpSource(t, handler);
  const record = JSON.stringify({ kind: 'act', why: 'x'.repeat(65_535 - '{"kind":"act","why":""}'.length) });
  t.is(Buffer.byteLength(record), 65_535);
  await site.log.append([record, record, record]);
  await site.log.integrate();
  for (const format of ['record', 'ocsf'] as const) {
    const sinks = site.start({ otlp: `${server.origin}/v1/logs`, format, name: format });
    await until(() => sinks.views()[0]?.next === 3);
  }
  const [line, event] = [logs[0], logs[3]].map(
    (log) => JSON.parse(log?.body ?? '') as Record<string, unknown>,
  );
  t.deepEqual(line?.['record'], JSON.parse(record));
  t.is(event?.['raw_data'], record);
});

test('what a collector says that it rejected is counted, and not sent again', async (t) => {
  const site = await sinkSite(t);
  const { handler, logs } = collector(logsAnswer(2));
  const server = await httpSource(t, handler);
  await site.grow(10);
  const sinks = site.start({ otlp: `${server.origin}/v1/logs` });
  await site.caughtUp(sinks);
  t.like(sinks.views()[0], { rejected: 2, sent: 10, failures: 0 });
  t.is(logs.length, 10);
  t.deepEqual(site.said, ['sink siem has refused 2 records for good']);
});

test('a collector that demands a certificate gets the records from who shows it, and from nobody else', async (t) => {
  const [site, pki] = [await sinkSite(t), await tlsPki(t)];
  const { handler, logs } = collector();
  const demanding = { ...pki.server, ca: pki.caPem, requestCert: true, rejectUnauthorized: true };
  const shown: string[] = [];
  const server = await httpSource(
    t,
    (request, response) => {
      shown.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
      handler(request, response);
    },
    demanding,
  );
  await site.grow(4);
  const to = { otlp: `${server.origin}/v1/logs`, ca: pki.ca };
  const bare = site.start({ ...to, name: 'bare' });
  await until(() => bare.views()[0]?.failures === 1);
  t.is(server.asked.length, 0);
  const sinks = site.start({ ...to, ...pki.client });
  await site.caughtUp(sinks);
  t.deepEqual(shown, ['pdp-1']);
  t.is(assertComplete(t, sentTo(logs), site.entries), 0);
});

test('a token goes by https alone, and only to a server of the configured CA', async (t) => {
  const [site, pki] = [await sinkSite(t), await tlsPki(t)];
  const { handler, logs } = collector();
  const server = await httpSource(t, handler, pki.server);
  const headers = join(temporaryFolder(t), 'headers');
  writeFileSync(headers, 'Authorization: Bearer secret\n');
  await site.grow(4);
  const to = { otlp: `${server.origin}/v1/logs`, headers_file: headers };
  const refused = site.start({ ...to, name: 'refused', ca: pki.other });
  await until(() => refused.views()[0]?.failures === 1);
  t.is(server.asked.length, 0);
  const sinks = site.start({ ...to, ca: pki.ca });
  await site.caughtUp(sinks);
  t.is(server.asked[0]?.headers.authorization, 'Bearer secret');
  t.is(assertComplete(t, sentTo(logs), site.entries), 0);
});
