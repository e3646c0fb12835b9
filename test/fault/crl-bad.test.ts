import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { issueCrl } from '../../src/ca/index.ts';
import type { CrlOptions } from '../../src/ca/index.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { serveRaw } from '../helpers/raw-server.ts';
import { until } from '../helpers/server.ts';
import { hour, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import { onlyObject, portreeve } from '../unit/cli/helpers/run.ts';

/** A CRL of the meters' CA, number 5 and empty unless told otherwise. */
async function crl(world: World, options: Partial<CrlOptions> = {}): Promise<Uint8Array> {
  const now = Date.now();
  const times = { thisUpdate: now - hour / 2, nextUpdate: now + hour };
  return (await issueCrl(world.pki.meters, { number: 5, ...times, revoked: [], ...options })).der;
}

interface Bad {
  readonly make: (world: World, revoked: CrlOptions['revoked']) => Promise<Uint8Array>;
  readonly code: string;
  readonly message: RegExp;
}

const bad: Readonly<Record<string, Bad>> = {
  'a half-written CRL': {
    make: async (world) => (await crl(world, { number: 6 })).subarray(0, 120),
    code: 'PDP_CRL_INVALID',
    message: /CRL is malformed: document cut off at byte 120/,
  },
  'an empty file': {
    make: () => Promise.resolve(Buffer.alloc(0)),
    code: 'PDP_CRL_INVALID',
    message: /CRL is malformed/,
  },
  'a half-written PEM': {
    make: async (world) =>
      Buffer.from(
        `-----BEGIN X509 CRL-----\n${Buffer.from(await crl(world))
          .toString('base64')
          .slice(0, 64)}\n`,
      ),
    code: 'PDP_CRL_INVALID',
    message: /CRL is malformed: PEM block is cut off/,
  },
  'a CRL that the wrong CA has signed': {
    make: (world) => crl(world, { number: 6, signWith: world.pki.foreignMeters }),
    code: 'PDP_CRL_INVALID',
    message: /CRL is not signed by .*Meters CA.*: the signature is wrong/,
  },
  'a CRL of a foreign CA of the same name': {
    make: async (world) => {
      const now = Date.now();
      const times = { thisUpdate: now - 1000, nextUpdate: now + hour };
      return (await issueCrl(world.pki.foreignMeters, { number: 6, ...times, revoked: [] })).der;
    },
    code: 'PDP_CRL_REFUSED',
    message:
      /no configured CA certificate has its issuer's name .*Meters CA.* and key; configure it as anchor/,
  },
  'a CRL whose number goes back': {
    make: (world) => crl(world, { number: 4 }),
    code: 'PDP_CRL_REFUSED',
    message: /its number 0?4 is lower than that of the CRL in force, 0?5/,
  },
  'another CRL of the number in force': {
    make: (world) => crl(world, { thisUpdate: Date.now() - 1000 }),
    code: 'PDP_CRL_REFUSED',
    message: /it has the number of the CRL in force/,
  },
};

test('in a watched folder, what is wrong with a CRL is told, what is known stays, and a good one counts at once', async (t) => {
  const asked = await serveRaw(t, (document) => {
    document['revocation'] = { crls: ['crls'], poll: '50ms' };
  });
  const { world, server } = asked;
  const leaf = await world.leaf('meter/1');
  const request = {
    peer_chain: [leaf.der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  };
  const revoked = [{ serial: leaf.serial, at: Date.now() - hour, reason: 'keyCompromise' }];
  const file = join(world.folder, 'crls/meters.crl');
  const feed = async () => (await server.status()).sources.find(({ name }) => name === file);
  mkdirSync(join(world.folder, 'crls'));
  writeFileSync(file, await crl(world, { revoked }));
  await until(async () => (await asked.decide(request)).reasons[0]?.code === 'revocation.revoked');

  for (const [what, { make, code, message }] of Object.entries(bad)) {
    writeFileSync(`${file}.new`, await make(world, revoked));
    renameSync(`${file}.new`, file);
    await until(async () => message.test((await feed())?.error?.message ?? ''));
    t.is((await feed())?.error?.code, code, what);
    t.is(
      (await asked.decide(request)).reasons[0]?.code,
      'revocation.revoked',
      `${what}: what is known stays`,
    );
    t.is(valueOf(await server.metrics(), 'portreeve_feed_error', { kind: 'crl', source: file }), 1, what);
    t.true(
      server.log.some((line) => line.startsWith(`${file} is not used: `) && message.test(line)),
      what,
    );
  }

  rmSync(file);
  symlinkSync('nowhere', file);
  await until(async () => /cannot be read/.test((await feed())?.error?.message ?? ''));
  t.like(await asked.decide(request), { reasons: [{ code: 'revocation.revoked' }] });
  t.is((await server.page('/readyz')).status, 200, 'stale feeds never make a server unready');
  rmSync(file);

  // Written in two halves, as by a program that does not rename: the second half completes it.
  const whole = await crl(world, { number: 7 });
  writeFileSync(file, whole.subarray(0, 100));
  await until(async () => /malformed/.test((await feed())?.error?.message ?? ''));
  writeFileSync(file, whole.subarray(100), { flag: 'a' });
  await until(async () => (await asked.decide(request)).outcome === 'OUTCOME_ALLOW');
  await until(async () => (await feed())?.error === null);
  await until(() => server.log.includes(`${file} is read again`));
  t.pass();
});

test('on the command line each of them is refused with exit code 2, where it is and why, and changes nothing', async (t) => {
  const world = await makeWorld({ now: Date.now() });
  t.teardown(world.close);
  const run = async (...files: string[]) => {
    const ran = await portreeve([
      'crl',
      'import',
      ...files,
      '--why',
      'test',
      '--config',
      world.configFile,
      '--json',
    ]);
    return { code: ran.code, told: onlyObject(ran) as { crls: Record<string, unknown>[] } };
  };
  const good = join(world.folder, 'good.crl');
  writeFileSync(good, await crl(world));
  t.is((await run(good)).code, 0);
  const before = world.deps.store.epochs();
  const files = await Promise.all(
    Object.values(bad).map(async ({ make }, index) => {
      mkdirSync(join(world.folder, `${index}`));
      const file = join(world.folder, `${index}`, 'meters.crl');
      writeFileSync(file, await make(world, []));
      return file;
    }),
  );
  const { code, told } = await run(...files, join(world.folder, 'missing.crl'));
  t.is(code, 2);
  t.is(told.crls.length, files.length + 1);
  for (const [index, one] of Object.values(bad).entries()) {
    const line = told.crls.find(({ source }) => source === files[index]) as {
      result: string;
      error: { code: string; message: string };
    };
    t.like(line, { result: 'refused', error: { code: one.code } });
    t.regex(line.error.message, one.message);
  }
  const missing = told.crls.find(({ source }) => String(source).endsWith('missing.crl')) as {
    error: { message: string };
  };
  t.regex(missing.error.message, /missing\.crl.*(ENOENT|no such file)/);
  t.deepEqual(world.deps.store.epochs(), before);
});
