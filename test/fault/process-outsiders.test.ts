import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RequestListener } from 'node:http';
import test from 'ava';
import { openCheckpoint, parseCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import { cosignatureOf } from '../../src/audit/tlog/cosignature.ts';
import { parseVerifier } from '../../src/audit/tlog/note.ts';
import type { NoteVerifier } from '../../src/audit/tlog/note.ts';
import { httpSource } from '../helpers/http-source.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import { smallWitness } from '../helpers/small-witness.ts';
import { makeWorld } from '../helpers/world.ts';

interface View {
  readonly kind: string;
  readonly name: string;
  readonly size: number | null;
  readonly failures: number;
  readonly error: string | null;
}

test('a server shows its checkpoints to a witness and a store, and decides while both are down', async (t) => {
  const logs: NoteVerifier[] = [];
  const witness = smallWitness('witness.example/w', logs);
  const [witnessing, storing] = [
    await httpSource(t, () => undefined),
    await httpSource(t, (_, response) => void response.writeHead(503).end()),
  ];
  const pace = { interval: '1s', timeout: '2s' };
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document.audit = {
        ...{ path: 'audit/log', origin: 'pdp.example/lyon' },
        witnesses: [{ key: witness.verifier.text, url: witnessing.origin, ...pace }],
        anchors: [{ name: 'vault', put: `${storing.origin}/lyon/`, ...pace }],
      };
    }),
  });
  t.teardown(world.close);
  const folder = join(dirname(world.configFile), 'audit/log');
  const leaf = await world.leaf('meter/1');
  const server = await startServer(t, world.configFile);
  const ask = async (): Promise<string> => {
    const decision = await server.client().decide({
      peer_chain: [leaf.der],
      authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
      source_ip: '10.20.0.7',
    });
    return decision.outcome;
  };
  const views = async (): Promise<readonly View[]> =>
    ((await server.status()) as unknown as { audit: { outsiders: View[] } }).audit.outsiders;
  t.is(await ask(), 'allow');
  await until(async () => (await views()).every(({ failures }) => failures > 0));
  t.is(await ask(), 'allow', 'whoever is down');
  const failed = (await server.metrics()).filter(
    ({ name }) => name === 'portreeve_audit_outsider_failures_total',
  );
  t.deepEqual(failed.map(({ labels }) => labels['source']).sort(), ['vault', 'witness.example/w']);

  const list = JSON.parse(readFileSync(join(folder, 'keys/log.json'), 'utf8')) as { keys: { key: string }[] };
  logs.push(...list.keys.map(({ key }) => parseVerifier(key)));
  witnessing.answer(witness.handler);
  const accepts: RequestListener = (request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(201, { 'content-length': 0 }).end());
  };
  storing.answer(accepts);
  server.signal('SIGHUP');
  await until(async () => (await views()).every(({ size, error }) => size !== null && error === null));
  await until(() => existsSync(join(folder, 'witness/checkpoint')));
  const cosigned = parseCheckpoint(readFileSync(join(folder, 'witness/checkpoint')));
  t.truthy(cosignatureOf(cosigned.note, witness.verifier));
  t.notThrows(() => openCheckpoint(cosigned.bytes, logs));
  const gauges = (await server.metrics()).filter(({ name }) => name === 'portreeve_audit_unwitnessed');
  t.is(gauges.length, 2);
  t.is(await server.stop(), 0);
});
