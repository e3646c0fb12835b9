import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SecureVersion, TLSSocket } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, credentials, makeClientConstructor } from '@grpc/grpc-js';
import type {
  ChannelCredentials,
  ServerOptions,
  ServiceDefinition,
  ServiceError,
  handleUnaryCall,
} from '@grpc/grpc-js';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createRoot, issueLeaf } from '../../../../src/ca/index.ts';
import type { Authority } from '../../../../src/ca/index.ts';
import type { Config, ListenerConfig } from '../../../../src/config/types.ts';
import { systemClock } from '../../../../src/lib/clock.ts';
import { openListeners } from '../../../../src/server/listen/listeners.ts';
import { connections } from '../../api/fixtures.ts';
import { readCertificates } from '../../../../src/server/material.ts';
import type { ListenOptions, Listeners } from '../../../../src/server/listen/listeners.ts';
import { freePorts } from '../../../helpers/ports.ts';
import { framed } from '../../../helpers/raw-grpc.ts';

const bytes = {
  requestSerialize: (value: Buffer) => value,
  requestDeserialize: (value: Buffer) => value,
  responseSerialize: (value: Buffer) => value,
  responseDeserialize: (value: Buffer) => value,
};
const echo: ServiceDefinition = {
  say: { path: '/test.Echo/Say', requestStream: false, responseStream: false, ...bytes },
};
const EchoClient = makeClientConstructor(echo, 'test.Echo');

/** A gRPC server that answers the common name of its caller, or `nobody`. */
function echoServer(hold?: Promise<void>, called?: () => void, options: ServerOptions = {}): Server {
  const server = new Server(options);
  const say: handleUnaryCall<Buffer, Buffer> = (call, answer) => {
    called?.();
    const subject = call.getAuthContext().sslPeerCertificate as { subject: { CN: string } } | undefined;
    const name = subject?.subject.CN ?? 'nobody';
    void (hold ?? Promise.resolve()).then(() => answer(null, Buffer.from(name)));
  };
  server.addService(echo, { say });
  return server;
}

function say(address: string, as: ChannelCredentials = credentials.createInsecure()): Promise<string> {
  const client = new EchoClient(address, as, {
    'grpc.enable_retries': 0,
    'grpc.ssl_target_name_override': 'pdp.test',
  });
  return new Promise<string>((resolve, reject) => {
    client.say?.(
      Buffer.from('hello'),
      { deadline: Date.now() + 5000 },
      (error: ServiceError | null, value: Buffer) => {
        client.close();
        if (error) reject(error);
        else resolve(value.toString());
      },
    );
  });
}

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'portreeve-listen-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const plain = (address: string, more: Partial<ListenerConfig> = {}): ListenerConfig => ({
  name: 'one',
  address,
  pep: 'envoy',
  tls: null,
  insecure: false,
  ...more,
});

function configOf(listener: ListenerConfig, workers = 1, cas: Config['trust']['pep_cas'] = []): Config {
  // Only what listeners read.
  return {
    server: { workers, budget: 150, connections, listeners: [listener] },
    trust: { pep_cas: cas },
  } as unknown as Config;
}

async function opened(
  t: ExecutionContext,
  config: Config,
  more: Partial<ListenOptions> = {},
): Promise<{ listeners: Listeners; problems: string[]; address: string; reload: () => void }> {
  const problems: string[] = [];
  const read = () => readCertificates('PEP CA', config.trust.pep_cas);
  let inForce = read();
  const listeners = await openListeners({
    config: () => config,
    certificates: () => inForce,
    index: 0,
    bound: [],
    clock: systemClock,
    serverFor: () => echoServer(),
    onProblem: (error) => void problems.push(error.message),
    ...more,
  });
  t.teardown(() => listeners.drain(0));
  const reload = (): void => {
    inForce = read();
    listeners.refresh();
  };
  return { listeners, problems, address: listeners.addresses[0]?.address ?? '', reload };
}

test('a plaintext listener on loopback answers on the port that port 0 became', async (t) => {
  const { address } = await opened(t, configOf(plain('127.0.0.1:0')));
  t.not(address, '127.0.0.1:0');
  t.is(await say(address), 'nobody');
});

test('plaintext off loopback is refused unless the configuration says insecure', async (t) => {
  await t.throwsAsync(opened(t, configOf(plain('0.0.0.0:0'))), { code: 'PDP_LISTEN_FAILED' });
  const { address } = await opened(t, configOf(plain('0.0.0.0:0', { insecure: true })));
  t.is(await say(address.replace('0.0.0.0', '127.0.0.1')), 'nobody');
});

test('several workers share one port and have a Unix socket each', async (t) => {
  const config = configOf(plain('127.0.0.1:0'), 2);
  const first = await opened(t, config);
  const second = await opened(t, config, { index: 1, bound: first.listeners.addresses });
  t.is(second.address, first.address);
  const path = join(folder(t), 'pdp.sock');
  const socket = configOf(plain(`unix:${path}`), 2);
  await opened(t, socket);
  const other = await opened(t, socket, { index: 1 });
  t.is(other.address, `unix:${path}.1`);
  t.is(await say(`unix:${path}`), 'nobody');
  t.is(await say(`unix:${path}.1`), 'nobody');
});

test('a range of ports gives each worker one of its own, and a socket path may say where the number stands', async (t) => {
  const [first, second] = await freePorts(2);
  const config = configOf(plain(`127.0.0.1:${first}-${second}`), 2);
  const zero = await opened(t, config);
  t.is(zero.address, `127.0.0.1:${first}`);
  // Alone on it: a second server there is refused, which a shared port would not tell.
  await t.throwsAsync(opened(t, config), { code: 'PDP_LISTEN_FAILED' });
  const one = await opened(t, config, { index: 1, bound: zero.listeners.addresses });
  t.is(one.address, `127.0.0.1:${second}`);
  t.is(await say(one.address), 'nobody');
  await t.throwsAsync(opened(t, config, { index: 2 }), {
    code: 'PDP_CONFIG_INVALID',
    message: /for worker 2/,
  });
  const path = join(folder(t), 'pdp-{worker}.sock');
  const socket = await opened(t, configOf(plain(`unix:${path}`), 2), { index: 1 });
  t.is(socket.address, `unix:${path.replace('{worker}', '1')}`);
});

test('one worker does not share its port with a second server', async (t) => {
  const { address } = await opened(t, configOf(plain('127.0.0.1:0')));
  await t.throwsAsync(opened(t, configOf(plain(address))), { code: 'PDP_LISTEN_FAILED' });
});

test('a socket file that nobody listens on is replaced, one in use and any other file are not', async (t) => {
  const at = folder(t);
  const stale = join(at, 'stale.sock');
  // A socket bound and renamed away outlives its server's close, as one of a killed process does.
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(join(at, 'dead.sock'), resolve));
  renameSync(join(at, 'dead.sock'), stale);
  await new Promise((resolve) => dead.close(resolve));
  t.true(existsSync(stale));
  await opened(t, configOf(plain(`unix:${stale}`)));
  t.is(await say(`unix:${stale}`), 'nobody');
  await t.throwsAsync(opened(t, configOf(plain(`unix:${stale}`))), { code: 'PDP_LISTEN_FAILED' });
  const file = join(at, 'file');
  writeFileSync(file, 'precious');
  await t.throwsAsync(opened(t, configOf(plain(`unix:${file}`))), { code: 'PDP_LISTEN_FAILED' });
  t.true(existsSync(file));
});

const hour = 3_600_000;
const life = (): { notBefore: number; notAfter: number } => ({
  notBefore: Date.now() - hour,
  notAfter: Date.now() + hour,
});

interface TlsFixture {
  readonly config: Config;
  readonly at: string;
  readonly root: Authority;
  readonly as: (issuer: Authority, name: string) => Promise<ChannelCredentials>;
  readonly server: (name: string) => Promise<{ pem: string; privateKeyPem: string }>;
}

async function tlsFixture(t: ExecutionContext): Promise<TlsFixture> {
  const at = folder(t);
  const root = await createRoot({ subject: 'CN=Mesh Root', ...life() });
  const server = async (name: string): Promise<{ pem: string; privateKeyPem: string }> =>
    issueLeaf(root, { subject: `CN=${name}`, san: { dns: ['pdp.test'] }, eku: ['serverAuth'], ...life() });
  const own = await server('first');
  writeFileSync(join(at, 'server.pem'), own.pem);
  writeFileSync(join(at, 'server.key'), own.privateKeyPem);
  writeFileSync(join(at, 'ca.pem'), root.pem);
  const listener = plain('127.0.0.1:0', {
    pep: null,
    tls: { certificate: join(at, 'server.pem'), key: join(at, 'server.key'), client_cas: ['mesh'] },
  });
  return {
    at,
    root,
    server,
    config: configOf(listener, 1, [
      {
        name: 'mesh',
        file: join(at, 'ca.pem'),
        revocation: { required: false, max_age: null, grace: 0 },
      },
    ]),
    as: async (issuer, name) => {
      const leaf = await issueLeaf(issuer, { subject: `CN=${name}`, ...life() });
      return credentials.createSsl(
        Buffer.from(root.pem),
        Buffer.from(leaf.privateKeyPem),
        Buffer.from(leaf.pem),
      );
    },
  };
}

test('a TLS listener knows its caller by a certificate of its CAs, and lets nobody else in', async (t) => {
  const { config, root, as } = await tlsFixture(t);
  const { address } = await opened(t, config);
  t.is(await say(address, await as(root, 'envoy-1')), 'envoy-1');
  const stranger = await createRoot({ subject: 'CN=Mesh Root', ...life() });
  await t.throwsAsync(say(address, await as(stranger, 'envoy-1')));
  await t.throwsAsync(say(address, credentials.createSsl(Buffer.from(root.pem))));
  await t.throwsAsync(say(address));
});

test('a listener whose CA the configuration does not have is refused', async (t) => {
  const { config } = await tlsFixture(t);
  const without = { ...config, trust: { ...config.trust, pep_cas: [] } };
  await t.throwsAsync(opened(t, without), { message: /names the CA mesh/ });
});

test('a replaced certificate counts for new connections, files that do not fit never, CAs once they are in force', async (t) => {
  const { config, at, root, as, server } = await tlsFixture(t);
  const { address, problems, reload } = await opened(t, config);
  const envoy = await as(root, 'envoy-1');
  t.is(await say(address, envoy), 'envoy-1');

  const next = await server('second');
  const replace = (name: string, text: string): void => {
    writeFileSync(join(at, `.${name}`), text);
    renameSync(join(at, `.${name}`), join(at, name));
  };
  replace('server.key', next.privateKeyPem);
  await until(() => problems.length > 0);
  t.is(await say(address, envoy), 'envoy-1');
  replace('server.pem', next.pem);

  const otherRoot = await createRoot({ subject: 'CN=Next Root', ...life() });
  replace('ca.pem', otherRoot.pem);
  const moved = await as(otherRoot, 'envoy-2');
  await t.throwsAsync(say(address, moved), undefined, 'a file alone puts no CA in force');
  reload();
  await until(async () => (await say(address, moved).catch(() => '')) === 'envoy-2');
  await t.throwsAsync(say(address, envoy));
});

test('draining lets a call in flight end and accepts no further one', async (t) => {
  const [hold, called] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { listeners, address } = await opened(t, configOf(plain('127.0.0.1:0')), {
    serverFor: () => echoServer(hold.promise, () => called.resolve()),
  });
  const inFlight = say(address);
  await called.promise;
  const drained = listeners.drain(10_000);
  await t.throwsAsync(say(address));
  hold.resolve();
  t.is(await inFlight, 'nobody');
  await drained;
});

test('a call that outlasts the grace is ended', async (t) => {
  const [never, called] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { listeners, address } = await opened(t, configOf(plain('127.0.0.1:0')), {
    serverFor: () => echoServer(never.promise, () => called.resolve()),
  });
  const inFlight = say(address);
  inFlight.catch(() => undefined);
  await called.promise;
  await listeners.drain(20);
  await t.throwsAsync(inFlight);
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('a connection that has not said a word is closed by the drain too', async (t) => {
  const { listeners, address } = await opened(t, configOf(plain('127.0.0.1:0')));
  const silent = connect(Number(address.split(':')[1]), '127.0.0.1');
  await until(() => listeners.connections() === 1);
  const closed = new Promise((resolve) => silent.resume().once('close', resolve));
  await listeners.drain(10_000);
  await closed;
  t.is(listeners.connections(), 0);
});

test('idle TLS connections do not hold a drain up', async (t) => {
  const { config, root, as } = await tlsFixture(t);
  const { listeners, address } = await opened(t, config);
  const client = new EchoClient(address, await as(root, 'envoy-1'), {
    'grpc.ssl_target_name_override': 'pdp.test',
  });
  t.teardown(() => client.close());
  await new Promise<void>((resolve, reject) => {
    client.say?.(Buffer.from('hello'), (error: ServiceError | null) => (error ? reject(error) : resolve()));
  });
  await listeners.drain(60_000);
  t.is(listeners.connections(), 0);
});

test('a peer that is due to be asked whether it is there loses no call of a server that drains', async (t) => {
  const [hold, called] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { listeners, address } = await opened(t, configOf(plain('127.0.0.1:0')), {
    serverFor: () => echoServer(hold.promise, () => called.resolve(), { 'grpc.keepalive_time_ms': 300 }),
  });
  const inFlight = say(address);
  await called.promise;
  const drained = listeners.drain(10_000);
  await pause(700);
  hold.resolve();
  t.is(await inFlight, 'nobody');
  await drained;
});

test('a peer that ends its connection gets the answers to what it asked before, also where it is due to be asked whether it is there', async (t) => {
  const [hold, called] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { address } = await opened(t, configOf(plain('127.0.0.1:0')), {
    serverFor: () => echoServer(hold.promise, () => called.resolve(), { 'grpc.keepalive_time_ms': 300 }),
  });
  const session = connectHttp2(`http://${address}`);
  session.on('error', () => undefined);
  t.teardown(() => session.destroy());
  const headers = { ':method': 'POST', ':path': '/test.Echo/Say', 'content-type': 'application/grpc' };
  const call = session.request({ ...headers, te: 'trailers' });
  call.on('error', () => undefined);
  const status = new Promise((resolve) => {
    call.once('trailers', (trailers) => resolve(trailers['grpc-status']));
    call.once('close', () => resolve(undefined));
  });
  call.resume().end(framed(Buffer.from('hello')));
  await called.promise;
  session.goaway(constants.NGHTTP2_NO_ERROR);
  await pause(700);
  hold.resolve();
  t.is(await status, '0');
});

/** Connects as a PEP that shows its own certificate, with a session of before or over a connection that is there. */
async function handshake(
  { root }: TlsFixture,
  address: string,
  more: {
    readonly session?: Buffer<ArrayBuffer>;
    readonly maxVersion?: SecureVersion;
    readonly socket?: Socket;
  } = {},
): Promise<TLSSocket> {
  const leaf = await issueLeaf(root, { subject: 'CN=envoy-1', ...life() });
  const own = { cert: leaf.pem, key: leaf.privateKeyPem, ca: root.pem };
  const port = Number(address.split(':')[1]);
  const socket = connectTls({
    ...{ host: '127.0.0.1', port, servername: 'pdp.test', ALPNProtocols: ['h2'] },
    ...own,
    ...more,
  });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('secureConnect', resolve).once('close', resolve));
  return socket;
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`no session of ${maxVersion} is resumed, for it would forget the CAs that the PEP sent, also with another certificate`, async (t) => {
    const fixture = await tlsFixture(t);
    const { address, reload } = await opened(t, fixture.config);
    for (const step of ['as it was opened', 'with CAs of a reload']) {
      const first = await handshake(fixture, address, { maxVersion });
      let session = first.getSession();
      first.on('session', (later: Buffer<ArrayBuffer>) => (session = later));
      await pause(100);
      const second = await handshake(fixture, address, { maxVersion, ...(session && { session }) });
      t.is(second.getProtocol(), maxVersion);
      t.false(second.isSessionReused(), step);
      for (const socket of [first, second]) socket.destroy();
      reload();
    }
  });

test('a handshake that ends after the drain began lets nobody in, and holds nothing up', async (t) => {
  const fixture = await tlsFixture(t);
  const { listeners, address } = await opened(t, fixture.config);
  const held = await handshake(fixture, address);
  await until(() => listeners.connections() === 1);
  const raw = connect(Number(address.split(':')[1]), '127.0.0.1');
  t.teardown(() => raw.destroy());
  await new Promise((resolve) => raw.once('connect', resolve));
  await pause(50);
  const drained = listeners.drain(60_000);
  const late = await handshake(fixture, address, { socket: raw });
  // A server that takes a connection begins with its settings.
  let told = 0;
  late.on('data', (bytes: Buffer) => (told += bytes.byteLength));
  await new Promise((resolve) => late.once('close', resolve));
  t.is(told, 0);
  held.destroy();
  await drained;
  t.is(listeners.connections(), 0);
});
