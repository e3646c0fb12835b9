// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { sha256Hex } from '../../src/lib/bytes.ts';
import { bundleOf, changed, endlessModule, granting, replaced, signedBundle } from '../helpers/bundles.ts';
import { httpSource, serves } from '../helpers/http-source.ts';
import type { HttpSource } from '../helpers/http-source.ts';
import { withOpa } from '../helpers/policies.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeSigningKeys } from '../helpers/signed-bundles.ts';
import { unpack } from '../helpers/unpack-bundle.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';
import { portreeve } from '../unit/cli/helpers/run.ts';

interface BundleStatus {
  readonly digest: string | null;
  readonly source: string | null;
  readonly signed_by: string | null;
  readonly pinned: { readonly digest: string; readonly who: string; readonly why: string } | null;
  readonly error: string | null;
}

interface Served {
  readonly world: World;
  readonly server: Server;
  /** What the policy grants now, or the reason of a denial. */
  readonly ask: () => Promise<string>;
  readonly bundle: () => Promise<BundleStatus>;
}

async function worldOf(t: ExecutionContext, policy: Document): Promise<World> {
  const world = await makeWorld({
    now: Date.now(),
    configure: forServer((document) => {
      document.policy = policy;
      document.server.workers = 2;
    }),
  });
  t.teardown(world.close);
  return world;
}

async function serve(t: ExecutionContext, world: World): Promise<Served> {
  const server = await startServer(t, world.configFile);
  const leaf = await world.leaf('meter/1');
  const client = server.client();
  return {
    world,
    server,
    ask: async () => {
      const decision = await client.decide({
        peer_chain: [leaf.der],
        authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
        source_ip: '10.20.0.7',
      });
      const { outcome, reasons, obligations } = decision;
      return outcome === 'allow' ? obligations.entitlements.join() : String(reasons[0]?.code);
    },
    bundle: async () => (await server.status()).bundle as BundleStatus,
  };
}

/** A server of bundles at which the source `office` is asked every second. */
async function office(
  t: ExecutionContext,
  first: Uint8Array | undefined,
  more: Document = {},
): Promise<{
  readonly http: HttpSource;
  readonly world: World;
  readonly offer: (bytes: Uint8Array) => void;
}> {
  const answer = (bytes: Uint8Array) => serves(bytes, `"${sha256Hex(bytes)}"`);
  const away = (_request: unknown, response: { writeHead(code: number): { end(): void } }): void =>
    response.writeHead(503).end();
  const http = await httpSource(t, first ? answer(first) : away);
  const world = await worldOf(t, {
    signed_by: [{ key_id: 'policy', file: keyFile, algorithm: 'ES256' }],
    ...more,
    sources: [{ name: 'office', url: `${http.origin}/bundles/policy.tar.gz`, interval: '1s' }],
  });
  return { http, world, offer: (bytes) => http.answer(answer(bytes)) };
}

const keys = makeSigningKeys('ES256');
const others = makeSigningKeys('ES256');
const signed = (rego: string): Promise<Uint8Array> => signedBundle(bundleOf(rego), keys, 'policy');

// One file for all: nobody writes to it.
const keyFolder = mkdtempSync(join(tmpdir(), 'portreeve-bundle-key-'));
const keyFile = join(keyFolder, 'policy.pub.pem');
writeFileSync(keyFile, keys.publicPem);
test.after.always(() => rmSync(keyFolder, { recursive: true }));

withOpa(
  'until a source has brought the first bundle everything is denied; then it decides, and is kept for a start without the source',
  async (t) => {
    const { http, world, offer } = await office(t, undefined);
    const first = await serve(t, world);
    t.is(await first.ask(), 'policy.bundle_missing');
    const one = await signed(granting('one'));
    offer(one);
    await until(async () => (await first.ask()) === 'one');
    const { digest, source, signed_by } = await first.bundle();
    t.deepEqual(
      { digest, source, signed_by },
      { digest: sha256Hex(one), source: 'office', signed_by: 'policy' },
    );
    // What it has already is not sent again.
    const asked = http.asked.length;
    await until(() => http.asked.length > asked);
    t.is(http.asked.at(-1)?.headers['if-none-match'], `"${sha256Hex(one)}"`);
    await first.server.stop();
    await http.close();
    const again = await serve(t, world);
    t.is(await again.ask(), 'one');
    t.is((await again.server.page('/readyz')).status, 200);
    await until(async () => (await again.server.status()).sources.some(({ failures }) => failures > 0));
    t.is(await again.ask(), 'one');
    // Decisions by it replay from what is kept.
    t.truthy(readFileSync(join(world.folder, 'audit/kept', sha256Hex(one))));
  },
);

withOpa(
  'what is wrong with a bundle is told by name everywhere, and the old one stays in force',
  async (t) => {
    const good = await signed(granting('good'));
    const { world, offer } = await office(t, good, { self_test_timeout: '1s' });
    const { server, ask, bundle } = await serve(t, world);
    await until(async () => (await ask()) === 'good');
    const other = bundleOf(granting('other'));
    const selfTest = Buffer.from('{"format":1,"cases":"none"}');
    const wrong: readonly (readonly [code: string, bytes: Uint8Array])[] = [
      ['PDP_BUNDLE_SIGNATURE_MISSING', other],
      ['PDP_BUNDLE_SIGNATURE_WRONG', await signedBundle(other, others, 'policy')],
      ['PDP_BUNDLE_SIGNATURE_KEY_UNKNOWN', await signedBundle(other, others, 'others')],
      ['PDP_BUNDLE_SIGNATURE_FILE_ADDED', replaced(good, { 'more.json': Buffer.from('{}') })],
      ['PDP_BUNDLE_SIGNATURE_FILE_CHANGED', replaced(good, { 'data.json': Buffer.from('{"a":1}') })],
      ['PDP_FORMAT_NEWER', await signedBundle(changed(other, { requires: '>=99.0.0' }), keys, 'policy')],
      [
        'PDP_BUNDLE_INVALID',
        await signedBundle(changed(other, {}, { 'self-test.json': selfTest }), keys, 'policy'),
      ],
      // One that never ends hangs neither the parent nor a worker: it is killed.
      [
        'PDP_BUNDLE_INVALID',
        await signedBundle(replaced(other, { 'policy.wasm': endlessModule }), keys, 'policy'),
      ],
      ['PDP_BUNDLE_INVALID', Buffer.from('not a bundle')],
    ];
    for (const [code, bytes] of wrong) {
      offer(bytes);
      // SIGHUP asks at once, whatever pause a failure has left.
      server.signal('SIGHUP');
      const failing = async (): Promise<string> => {
        const { error } = (await server.status()).sources.find(({ name }) => name === 'office') ?? {};
        return `${error?.code}: ${error?.message}`;
      };
      const told = code === 'PDP_BUNDLE_INVALID' && bytes.byteLength > 100 ? /self-test/ : /./;
      await until(async () => {
        const error = await failing();
        return error.startsWith(`${code}:`) && told.test(error);
      });
      t.is(await ask(), 'good');
      t.is((await bundle()).digest, sha256Hex(good));
      offer(good);
      server.signal('SIGHUP');
      await until(async () => (await failing()).startsWith('undefined'));
    }
    t.true(server.log.some((line) => line.includes('longer than policy.self_test_timeout')));
    t.true(server.log.some((line) => line.includes('needs portreeve >=99.0.0')));
    offer(other);
    server.signal('SIGHUP');
    await until(
      async () =>
        valueOf(await server.metrics(), 'portreeve_feed_error', { source: 'office', kind: 'policy' }) === 1,
    );
    t.deepEqual(
      (await server.status()).workers.map(({ restarts }) => restarts),
      [0, 0],
    );
  },
);

withOpa(
  'a rollback is in force on all workers when the command returns, stays until it is unpinned, and both are recorded',
  async (t) => {
    const one = await signed(granting('one'));
    const two = await signed(granting('two'));
    const { world, offer } = await office(t, one);
    const { server, ask, bundle } = await serve(t, world);
    await until(async () => (await ask()) === 'one');
    offer(two);
    await until(async () => (await ask()) === 'two');
    const policy = (...args: string[]) => portreeve(['policy', ...args, '--json'], { cwd: world.folder });
    const back = await policy('rollback', '--why', 'case 31', '--who', 'night shift');
    t.is(back.code, 0, back.stdout);
    t.like(JSON.parse(back.stdout), { pinned: true, in_force: true, bundle: { digest: sha256Hex(one) } });
    const { workers } = await server.status();
    t.deepEqual(
      workers.map((worker) => worker.bundle),
      [sha256Hex(one), sha256Hex(one)],
    );
    t.is(await ask(), 'one');
    t.like((await bundle()).pinned, { digest: sha256Hex(one), who: 'night shift', why: 'case 31' });
    const three = await signed(granting('three'));
    offer(three);
    const brought = async (): Promise<boolean> => (await policy('list')).stdout.includes(sha256Hex(three));
    await until(brought);
    t.is(await ask(), 'one');
    t.is((await policy('unpin', '--why', 'mended')).code, 0);
    await until(async () => (await ask()) === 'three');
    t.is((await policy('unpin', '--why', 'again')).code, 1);
    t.is((await policy('rollback', 'ffff0000', '--why', 'nobody')).code, 1);
    await server.stop();
    const acts = readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { act?: string; actor?: string; why?: string; detail?: { kind?: string } },
      )
      .filter(({ detail }) => detail?.kind?.startsWith('policy.'));
    t.deepEqual(
      acts.map(({ detail, why }) => [detail?.kind, why]),
      [
        ['policy.rollback', 'case 31'],
        ['policy.unpin', 'mended'],
      ],
    );
    // A pin outlives the server.
    t.is((await policy('rollback', sha256Hex(two).slice(0, 12), '--why', 'case 32')).code, 0);
    const again = await serve(t, world);
    t.is(await again.ask(), 'two');
  },
);

withOpa(
  'the first source that is not stale decides; a file and an unpacked folder are sources too',
  async (t) => {
    const world = await worldOf(t, {
      sources: [
        { name: 'folder', folder: 'unpacked', interval: '1s' },
        { name: 'file', file: 'late.tar.gz', interval: '1s' },
      ],
    });
    const { server, ask, bundle } = await serve(t, world);
    t.is(await ask(), 'policy.bundle_missing');
    writeFileSync(join(world.folder, 'late.tar.gz'), bundleOf(granting('file')));
    await until(async () => (await ask()) === 'file');
    t.is((await bundle()).source, 'file');
    unpack(bundleOf(granting('folder')), join(world.folder, 'unpacked'));
    await until(async () => (await ask()) === 'folder');
    t.is((await bundle()).source, 'folder');
    writeFileSync(join(world.folder, 'late.tar.gz'), bundleOf(granting('later')));
    await until(async () => server.log.some((line) => line.includes('policy source file: bundle')));
    t.is(await ask(), 'folder');
  },
);

withOpa(
  'bundles are exchanged under load: no call fails, and no decision is mixed from two bundles',
  async (t) => {
    const names = ['one', 'two'] as const;
    const bundles = await Promise.all(names.map((name) => signed(granting(name))));
    const granted = new Map(bundles.map((bytes, index) => [sha256Hex(bytes), names[index] as string]));
    const { world, offer } = await office(t, bundles[0]);
    const { server, ask } = await serve(t, world);
    await until(async () => (await ask()) === 'one');
    const leaf = await world.leaf('meter/1');
    const clients = [server.client(), server.client(), server.client(), server.client()];
    let running = true;
    const seen = new Map<string, number>();
    const load = clients.map(async (client) => {
      while (running) {
        const { outcome, obligations, versions } = await client.decide({
          peer_chain: [leaf.der],
          authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
          source_ip: '10.20.0.7',
        });
        t.is(outcome, 'allow');
        const [entitlement = ''] = obligations.entitlements;
        t.is(granted.get(versions.bundle ?? ''), entitlement);
        seen.set(entitlement, (seen.get(entitlement) ?? 0) + 1);
      }
    });
    for (const bytes of [bundles[1], bundles[0], bundles[1]] as Uint8Array[]) {
      offer(bytes);
      server.signal('SIGHUP');
      const digest = sha256Hex(bytes);
      await until(async () => (await server.status()).workers.every((worker) => worker.bundle === digest));
    }
    running = false;
    await Promise.all(load);
    for (const name of names) t.true((seen.get(name) ?? 0) > 0, name);
    t.deepEqual(
      (await server.status()).workers.map(({ restarts }) => restarts),
      [0, 0],
    );
  },
);
