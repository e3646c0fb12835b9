import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { issueCrl } from '../../src/ca/index.ts';
import type { Leaf } from '../../src/ca/index.ts';
import { inlineBytes } from '../../src/server/helpers/apply-crl-file.ts';
import { openStore } from '../../src/store/open.ts';
import { serveRaw } from '../helpers/raw-server.ts';
import { until } from '../helpers/server.ts';
import { deviceId, hour } from '../helpers/world.ts';
import { portreeve } from '../unit/cli/helpers/run.ts';

const entries = 400_000;

test('while a large CRL is imported a server decides, and what an operator changes counts at once', async (t) => {
  const asked = await serveRaw(t, (document) => {
    document['revocation'] = { crls: ['crls'], poll: '50ms' };
  });
  const { world, server } = asked;
  const requestOf = (shown: Leaf) => ({
    peer_chain: [shown.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  });
  await world.importDevices([{ device_id: deviceId('meter/2'), status: 'active', class: 'meter' }]);
  const leaf = await world.leaf('meter/1');
  const [first, second] = [requestOf(leaf), requestOf(await world.leaf('meter/2'))];
  const ask = async (request: object): Promise<string> =>
    (await asked.decide(request)).reasons[0]?.code ?? '';
  t.is(await ask(first), 'policy.ok');
  t.is(await ask(second), 'policy.ok');

  const now = Date.now();
  const others = Array.from({ length: entries }, (_, index) => ({
    serial: (0x7000_0000 + index * 4099).toString(16),
    at: now - hour,
  }));
  const { der } = await issueCrl(world.pki.meters, {
    ...{ number: 50, thisUpdate: now, nextUpdate: now + hour },
    revoked: [...others, { serial: leaf.serial, at: now - hour, reason: 'keyCompromise' }],
  });
  t.true(der.byteLength > inlineBytes);
  const file = join(world.folder, 'crls/meters.crl');
  mkdirSync(join(world.folder, 'crls'));
  writeFileSync(`${file}.new`, der);
  renameSync(`${file}.new`, file);

  const store = openStore({ path: join(world.folder, 'state.db'), mode: 'read_only', now });
  t.teardown(() => store.close());
  const isStaging = (): boolean =>
    store.prepare(`SELECT 1 FROM generations WHERE kind = 'crl' AND state = 'staging'`).get() !== undefined;
  await until(() => Promise.resolve(isStaging()));
  const disable = ['device', 'set-status', deviceId('meter/2'), 'disabled', '--why', 'test'];
  t.is((await portreeve([...disable, '--config', world.configFile])).code, 0);
  await until(async () => (await ask(second)) !== 'policy.ok');
  t.is(await ask(first), 'policy.ok', 'nothing of the list is in force yet');
  t.true(isStaging(), 'the operator did not wait for the import');

  await until(async () => {
    const code = await ask(first);
    t.true(code === 'policy.ok' || code === 'revocation.revoked', code);
    return code === 'revocation.revoked';
  });
  const [crl] = (await server.status()).crls.filter(({ source }) => source === file);
  t.is(crl?.number, '32');
  t.true(server.log.some((line) => line.includes(`${entries + 1} added`)));
});
