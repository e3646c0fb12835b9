import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { granting } from '../helpers/bundles.ts';
import { startNginx, withNginxAnd } from '../helpers/nginx.ts';
import { opa } from '../helpers/policies.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import { makeSigningKeys } from '../helpers/signed-bundles.ts';
import { makeWorld } from '../helpers/world.ts';

const keys = makeSigningKeys('ES256');
const folder = mkdtempSync(join(tmpdir(), 'portreeve-bundle-server-'));
const keyFile = join(folder, 'policy.pub.pem');
writeFileSync(keyFile, keys.publicPem);
writeFileSync(join(folder, 'policy.key.pem'), keys.privatePem);
test.after.always(() => rmSync(folder, { recursive: true }));

/** Builds and signs a bundle with `opa` alone, as its own users do, and puts it where its servers expect it. */
function publish(t: ExecutionContext, at: string, entitlement: string): void {
  const sources = mkdtempSync(join(folder, 'sources-'));
  writeFileSync(join(sources, 'policy.rego'), granting(entitlement));
  const manifest = { revision: entitlement, roots: [''], metadata: { portreeve: { input_version: 1 } } };
  writeFileSync(join(sources, '.manifest'), JSON.stringify(manifest));
  mkdirSync(join(at, 'bundles'), { recursive: true });
  const staged = join(at, 'bundles/staged');
  const signing = ['--signing-key', join(folder, 'policy.key.pem'), '--signing-alg', 'ES256'];
  const line = ['build', '-t', 'wasm', '-e', 'portreeve/decision', ...signing, '-b', sources, '-o', staged];
  const { status, stderr } = spawnSync(opa.path, line, { encoding: 'utf8' });
  t.is(status, 0, stderr);
  renameSync(staged, join(at, 'bundles/portreeve.tar.gz'));
}

withNginxAnd(opa.lack)(
  "what opa has built and signed comes from a plain nginx, once for each change, and outlives the server's absence",
  async (t) => {
    t.timeout(120_000);
    const nginx = await startNginx(t, mkdtempSync(join(folder, 'nginx-')));
    const url = `${nginx.origin}/bundles/portreeve.tar.gz`;
    const world = await makeWorld({
      now: Date.now(),
      configure: forServer((document) => {
        document.policy = {
          sources: [{ name: 'nginx', url, interval: '1s' }],
          // What `opa build` calls a key that nobody has named.
          signed_by: [{ key_id: 'default', file: keyFile, algorithm: 'ES256' }],
        };
      }),
    });
    t.teardown(world.close);
    const leaf = await world.leaf('meter/1');
    const asking = (client: ReturnType<typeof server.client>) => async (): Promise<string> => {
      const { outcome, reasons, obligations } = await client.decide({
        peer_chain: [leaf.der],
        authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
        source_ip: '10.20.0.7',
      });
      return outcome === 'allow' ? obligations.entitlements.join() : String(reasons[0]?.code);
    };
    publish(t, nginx.folder, 'first');
    const server = await startServer(t, world.configFile);
    const ask = asking(server.client());
    await until(async () => (await ask()) === 'first');
    await until(() => nginx.answered().includes(304));
    publish(t, nginx.folder, 'second');
    await until(async () => (await ask()) === 'second');
    // The first request of all asked whether it runs.
    t.is(nginx.answered().filter((status) => status === 200).length, 2);
    await server.stop();
    await nginx.stop();
    const again = await startServer(t, world.configFile);
    t.is(await asking(again.client())(), 'second');
  },
);
