import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { folderFiles } from '../../../../src/audit/log/folder-files.ts';
import { openLog } from '../../../../src/audit/log/open-log.ts';
import type { Log } from '../../../../src/audit/log/types.ts';
import { parseCheckpoint } from '../../../../src/audit/tlog/checkpoint.ts';
import { cosignatureOf } from '../../../../src/audit/tlog/cosignature.ts';
import { noteSigner, parseVerifier } from '../../../../src/audit/tlog/note.ts';
import type { NoteVerifier } from '../../../../src/audit/tlog/note.ts';
import { outsiders } from '../../../../src/audit/witness/outsiders.ts';
import type { Outsiders, OutsiderTrust } from '../../../../src/audit/witness/types.ts';
import type { AuditAnchorConfig, WitnessConfig } from '../../../../src/config/types.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { startOutsiders } from '../../../../src/server/audit/outsiders.ts';
import type { RunningOutsiders } from '../../../../src/server/audit/outsiders.ts';
import { httpSource } from '../../../helpers/http-source.ts';
import { withOpenssl } from '../../../helpers/openssl.ts';
import { opensslTsa } from '../../../helpers/openssl-tsa.ts';
import { until } from '../../../helpers/server.ts';
import { smallWitness } from '../../../helpers/small-witness.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';

interface Site {
  readonly folder: string;
  readonly log: Log;
  readonly verifier: NoteVerifier;
  grow(count: number): Promise<number>;
  start(o: {
    witnesses?: readonly WitnessConfig[];
    anchors?: readonly AuditAnchorConfig[];
  }): RunningOutsiders;
  readonly said: string[];
  verify(trust: Partial<OutsiderTrust>): Promise<Outsiders>;
}

const origin = 'pdp.example.org/lyon';

async function site(t: ExecutionContext, key = generateKeyPairSync('ed25519').privateKey): Promise<Site> {
  const folder = join(temporaryFolder(t), 'log');
  const keyFile = join(temporaryFolder(t), 'key.pem');
  writeFileSync(keyFile, key.export({ type: 'pkcs8', format: 'pem' }));
  const log = openLog(folder, {
    ...{ origin, defaultOrigin: origin, keyFile, mode: 'relaxed', flushMs: 100 },
    ...{ checkpointMs: 600_000, now: Date.now },
  });
  t.teardown(() => log.close());
  const { verifier } = noteSigner(origin, key);
  const said: string[] = [];
  let written = 0;
  return {
    ...{ folder, log, verifier, said },
    grow: async (count) => {
      const lines = Array.from({ length: count }, () => `{"entry":${written++}}`);
      await log.append(lines);
      return (await log.integrate()).size;
    },
    start: ({ witnesses = [], anchors = [] }) => {
      const running = startOutsiders({
        ...{ folder, log, config: { witnesses, anchors }, clock: systemClock },
        say: (line) => said.push(line),
      });
      t.teardown(() => running.stop());
      return running;
    },
    verify: async (trust) => {
      const files = folderFiles(folder);
      const current = parseCheckpoint((await files.read('checkpoint')) as Uint8Array);
      return outsiders(
        files,
        { log: [verifier], witnesses: [], timestampAnchors: [], ...trust },
        { current },
      );
    },
  };
}

const pace = { ca: null, interval: 1000, timeout: 5000 };

function anchorConfig(o: Partial<AuditAnchorConfig>): AuditAnchorConfig {
  const none = {
    put: null,
    timestamp: null,
    timestamp_cas: null,
    timestamp_policy: null,
    headers_file: null,
  };
  return { name: 'vault', ...none, ...pace, ...o };
}

test('a witness cosigns checkpoint after checkpoint, which say so and verify', async (t) => {
  const lyon = await site(t);
  const witness = smallWitness('witness.example/w', [lyon.verifier]);
  const server = await httpSource(t, witness.handler);
  await lyon.grow(3);
  const config = { key: witness.verifier.text, url: `${server.origin}/w/`, ...pace };
  const running = lyon.start({ witnesses: [config] });
  await until(() => running.views()[0]?.size === 3);
  const checkpoint = parseCheckpoint(readFileSync(join(lyon.folder, 'checkpoint')));
  t.truthy(cosignatureOf(checkpoint.note, witness.verifier));
  t.is(server.asked[0]?.path, '/w/add-checkpoint');

  await lyon.grow(300);
  t.is(running.views()[0]?.unseen, 300);
  running.ask();
  await until(() => running.views()[0]?.size === 303);
  t.is(server.asked.length, 2);
  t.deepEqual(running.views()[0]?.error, null);
  const cosigned = parseCheckpoint(readFileSync(join(lyon.folder, 'witness/checkpoint')));
  t.is(cosigned.size, 303);
  t.truthy(cosignatureOf(cosigned.note, witness.verifier));
  await running.stop();

  // Another process goes on from what is kept; a further witness joins, which has seen nothing.
  const second = smallWitness('second.example/w', [lyon.verifier]);
  const secondServer = await httpSource(t, second.handler);
  await lyon.grow(10);
  const again = lyon.start({
    witnesses: [config, { ...config, key: second.verifier.text, url: secondServer.origin }],
  });
  await until(() => again.views().every(({ size }) => size === 313));
  t.is(server.asked.length, 3);
  const both = parseCheckpoint(readFileSync(join(lyon.folder, 'witness/checkpoint')));
  t.truthy(cosignatureOf(both.note, witness.verifier));
  t.truthy(cosignatureOf(both.note, second.verifier));
  const found = await lyon.verify({ witnesses: [witness.verifier, parseVerifier(second.verifier.text)] });
  t.deepEqual(found.problems, []);
  t.deepEqual([...new Set(found.witnessed.map(({ size }) => size))], [3, 303, 313]);
});

test('a witness that has seen more, or another history, is told of as a contradiction', async (t) => {
  const key = generateKeyPairSync('ed25519').privateKey;
  const [before, after] = [await site(t, key), await site(t, key)];
  const witness = smallWitness('witness.example/w', [before.verifier]);
  const server = await httpSource(t, witness.handler);
  const config = { key: witness.verifier.text, url: server.origin, ...pace };
  await before.grow(20);
  const first = before.start({ witnesses: [config] });
  await until(() => first.views()[0]?.size === 20);
  await first.stop();

  // A copy of the log that was put back.
  await after.grow(19);
  const running = after.start({ witnesses: [config] });
  await until(() => (running.views()[0]?.failures ?? 0) > 0);
  t.like(running.views()[0], {
    size: null,
    contradicts: true,
    error: 'witness.example/w has cosigned 20 entries, and the log has 19: is it an older copy?',
  });
  // It goes on with another history.
  await after.log.append(['{"entry":"other"}', '{"entry":20}']);
  await after.log.integrate();
  running.ask();
  await until(() => running.views()[0]?.error?.includes('does not cosign') === true);
  t.is(witness.seen.get(origin)?.size, 20);
  t.is(after.said.length, 2);
  t.false(readdirSync(join(after.folder, 'witness')).includes('checkpoint'));
});

test('a witness that is down, slow, answers nonsense or does not know the log blocks nothing', async (t) => {
  const lyon = await site(t);
  await lyon.grow(5);
  const witness = smallWitness('witness.example/w', []);
  const answers: readonly (readonly [RequestListener, RegExp])[] = [
    [witness.handler, /answers 404/],
    [(_, response) => void response.writeHead(503, { 'retry-after': '1' }).end(), /answers 503/],
    [(_, response) => void response.writeHead(200, { 'content-length': 3 }).end('abc'), /line of signature/],
    [(_, response) => void response.writeHead(200, { 'content-length': 99999 }).end(), /max_bytes/],
    [(_, response) => void response.writeHead(409, { 'content-length': 2 }).end('x\n'), /409 without a size/],
    [(_, response) => void response.writeHead(302, { location: 'http://127.0.0.1/' }).end(), /answers 302/],
    [() => undefined, /no answer within 1000 ms|not finished within 1000 ms/],
  ];
  const server = await httpSource(t, witness.handler);
  const config = { key: witness.verifier.text, url: server.origin, ...pace, timeout: 1000 };
  const running = lyon.start({ witnesses: [config] });
  let failures = 0;
  for (const [handler, message] of answers) {
    server.answer(handler);
    running.ask();
    await until(() => message.test(running.views()[0]?.error ?? ''));
    const view = running.views()[0];
    t.true((view?.failures ?? 0) > failures);
    failures = view?.failures ?? 0;
    t.is(await lyon.grow(1), lyon.log.size);
  }
  await server.close();
  running.ask();
  await until(() => /ECONNREFUSED/.test(running.views()[0]?.error ?? ''));
  t.is(running.views()[0]?.size, null);
  t.is((await lyon.verify({})).longestUnseen, 'operator only');
});

test('a store gets each checkpoint under a name of its own, with the headers of a file by https only', async (t) => {
  const lyon = await site(t);
  await lyon.grow(7);
  const objects = new Map<string, { bytes: Buffer; at: number }>();
  const server = await httpSource(t, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'PUT')
        objects.set(request.url ?? '', { bytes: Buffer.concat(chunks), at: Date.now() });
      response.writeHead(200, { etag: '"e1"', 'x-amz-version-id': 'v1', 'content-length': 0 }).end();
    });
  });
  const config = anchorConfig({ put: `${server.origin}/lyon/?sig=secret` });
  const running = lyon.start({ anchors: [config] });
  await until(() => running.views()[0]?.size === 7);
  await lyon.grow(1);
  running.ask();
  await until(() => running.views()[0]?.size === 8);
  const names = [...objects.keys()];
  t.regex(names[0] ?? '', /^\/lyon\/0000000000000007-[0-9a-f]{16}\.checkpoint\?sig=secret$/);
  t.regex(names[1] ?? '', /^\/lyon\/0000000000000008-/);
  const day = readdirSync(join(lyon.folder, 'anchors')).find((name) => name.endsWith('.ndjson')) ?? '';
  const lines = readFileSync(join(lyon.folder, 'anchors', day), 'utf8');
  t.false(lines.includes('secret'));
  t.regex(lines, /"etag":"\\"e1\\"","version":"v1"/);

  const found = await lyon.verify({
    readObject: (url) => {
      const object = objects.get(`${new URL(url).pathname}?sig=secret`);
      return Promise.resolve(object && { bytes: object.bytes, at: object.at });
    },
  });
  t.deepEqual(
    found.anchored.map(({ by, name, size }) => [by, name, size]),
    [
      ['put', 'vault', 7],
      ['put', 'vault', 8],
    ],
  );

  const headers = join(lyon.folder, '..', 'headers');
  writeFileSync(headers, 'authorization: Bearer x\n');
  const clear = lyon.start({ anchors: [{ ...config, name: 'clear', headers_file: headers }] });
  await until(() => (clear.views()[0]?.failures ?? 0) > 0);
  t.regex(clear.views()[0]?.error ?? '', /sent by https only/);
});

withOpenssl('an authority stamps checkpoints; a stamp that does not verify is not kept', async (t) => {
  const lyon = await site(t);
  await lyon.grow(7);
  const [tsa, other] = [await opensslTsa(t), await opensslTsa(t)];
  const server = await httpSource(t, tsa.handler);
  const config = anchorConfig({
    name: 'stamps',
    timestamp: `${server.origin}/tsa`,
    timestamp_cas: tsa.caFile,
  });
  const running = lyon.start({ anchors: [config] });
  await until(() => running.views()[0]?.size === 7);
  t.is(running.views()[0]?.error, null);
  t.is(server.asked[0]?.headers['content-type'], 'application/timestamp-query');
  // Another authority takes its place.
  server.answer(other.handler);
  await lyon.grow(2);
  running.ask();
  await until(() => (running.views()[0]?.failures ?? 0) > 0);
  t.regex(running.views()[0]?.error ?? '', /the time-stamp does not verify: .*does not lead to a configured/);
  t.is(running.views()[0]?.size, 7);
  const found = await lyon.verify({ timestampAnchors: [parseCertificate(tsa.ca.der)] });
  t.deepEqual(found.problems, []);
  t.deepEqual(
    found.anchored.map(({ name, size }) => [name, size]),
    [['stamps (CN=Test TSA)', 7]],
  );
});

test('what a kill cut off is ended before the next line', async (t) => {
  const lyon = await site(t);
  const witness = smallWitness('witness.example/w', [lyon.verifier]);
  const server = await httpSource(t, witness.handler);
  const config = { key: witness.verifier.text, url: server.origin, ...pace };
  await lyon.grow(3);
  const first = lyon.start({ witnesses: [config] });
  await until(() => first.views()[0]?.size === 3);
  await first.stop();
  const names = readdirSync(join(lyon.folder, 'witness'));
  const day = join(lyon.folder, 'witness', names.find((name) => name.endsWith('.ndjson')) ?? '');
  writeFileSync(day, '{"at":"2026', { flag: 'a' });
  writeFileSync(join(lyon.folder, 'witness/standing.json'), '{"outs');
  await lyon.grow(1);
  const again = lyon.start({ witnesses: [config] });
  await until(() => again.views()[0]?.size === 4);
  const found = await lyon.verify({ witnesses: [witness.verifier] });
  t.deepEqual(
    found.witnessed.map(({ size }) => size),
    [3, 4],
  );
  t.deepEqual(
    found.problems.map(({ kind, count }) => [kind, count]),
    [['invalid', 1]],
  );
});
