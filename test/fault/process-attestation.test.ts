// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { KeyObject } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { attestedKey, generateKeys, publicJwk, resultClaims, signToken } from '../../src/ca/index.ts';
import type { CryptoKeyPair } from '../../src/ca/index.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { hour, makeWorld } from '../helpers/world.ts';

const [first, second] = [await generateKeys('ec-p256'), await generateKeys('ec-p256')];

interface Served {
  readonly server: Server;
  /** Replaces the verifier's file by rename. */
  readonly publish: (...jwks: readonly object[]) => void;
  /** Outcome, first reason and assurance of the camera with a result that this key signed. */
  readonly ask: (keys: CryptoKeyPair, kid: string) => Promise<string>;
}

async function serving(t: ExecutionContext, overlap: string): Promise<Served> {
  const now = Date.now();
  const keysOf = (...jwks: readonly object[]): string => JSON.stringify({ keys: jwks });
  let file = '';
  const world = await makeWorld({
    now,
    files: (folder) => {
      file = join(folder, 'lab.jwks');
      writeFileSync(file, keysOf(publicJwk(first, 'k1')));
    },
    configure: forServer((document) => {
      document.classes.camera.attestation = 'required';
      document.attestation = {
        verifiers: [{ name: 'lab', keys: { file: 'lab.jwks', overlap }, algorithms: ['ES256'] }],
      };
    }),
  });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile);
  const client = server.client();
  return {
    server,
    publish: (...jwks) => {
      writeFileSync(`${file}.new`, keysOf(...jwks));
      renameSync(`${file}.new`, file);
    },
    ask: async (keys, kid) => {
      const { cameraLeaf: leaf } = world;
      const claims = resultClaims({
        ...{ dialect: 'veraison', issuedAt: now - 1000, expiresAt: now + hour, developer: 'x', build: 'y' },
        submods: { a: { status: 'affirming', key: attestedKey(leaf.keys) } },
      });
      const decision = await client.decide({
        peer_chain: [leaf.der],
        authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
        source_ip: '10.20.0.7',
        claims: { attestation: signToken(keys, claims, { kid }) },
      });
      return `${decision.outcome} ${decision.reasons[0]?.code} ${decision.assurance}`;
    },
  };
}

const attested = 'allow policy.ok attested';
const untrusted = 'deny attestation.verifier_untrusted device_proved';

/** What the status says of the verifier: names of keys, `*` behind those that count for a while only. */
async function told(server: Server): Promise<string> {
  const { attestation } = (await server.status()) as unknown as {
    attestation: { keys: { kid: string; accepted_until: string | null }[] }[];
  };
  const keys = attestation[0]?.keys ?? [];
  return keys.map(({ kid, accepted_until: until }) => `${kid}${until === null ? '' : '*'}`).join(' ');
}

test('keys that change in their file count for the next connection, and the old ones for their overlap', async (t) => {
  const { server, publish, ask } = await serving(t, '1h');
  t.is(await ask(first, 'k1'), attested);
  t.is(await ask(second, 'k2'), untrusted);
  // The set is kept by the source that watches the file, too.
  await until(async () =>
    (await server.status()).sources.some(({ kind, last_change }) => kind === 'jwks' && last_change),
  );
  publish(publicJwk(second, 'k2'));
  await until(async () => (await ask(second, 'k2')) === attested);
  await until(async () => (await told(server)) === 'k2 k1*');
  t.is(await ask(first, 'k1'), attested);
});

test('without an overlap a key that vanished counts no more', async (t) => {
  const { publish, ask } = await serving(t, '0s');
  t.is(await ask(first, 'k1'), attested);
  publish(publicJwk(second, 'k2'));
  await until(async () => (await ask(second, 'k2')) === attested);
  await until(async () => (await ask(first, 'k1')) === untrusted);
});

test('a file that publishes a secret, or nothing of use, is refused: the keys before it stay in force', async (t) => {
  const { server, publish, ask } = await serving(t, '1h');
  const secret = KeyObject.from(second.privateKey).export({ format: 'jwk' });
  for (const [jwks, problem] of [
    [[publicJwk(second, 'k2'), secret], /private key/],
    [[], /no public key/],
  ] as const) {
    publish(...jwks);
    await until(async () => problem.test((await server.status()).configuration.last_error?.message ?? ''));
    t.is(await ask(first, 'k1'), attested);
    t.is(await ask(second, 'k2'), untrusted);
  }
  publish(publicJwk(second, 'k2'));
  await until(async () => (await ask(second, 'k2')) === attested);
  // Told once all workers have them.
  await until(async () => (await server.status()).configuration.last_error === null);
  t.pass();
});
