import { createServer } from 'node:net';
import type { Server as NetServer, Socket } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Server as GrpcServer } from '@grpc/grpc-js';
import { http2ServersOf } from '../../api/http2-limits.ts';
import type { Config, ListenerConfig } from '../../config/types.ts';
import { parseWorkerAddresses } from '../../config/worker-address.ts';
import type { Clock } from '../../lib/clock.ts';
import { PortreeveError, asPortreeveError } from '../../lib/errors.ts';
import { formatAddress, isLocal, parseAddress } from './address.ts';
import type { ListenAddress } from './address.ts';
import { bindAddress } from './bind.ts';
import type { BoundAddress } from '../worker/channel.ts';
import { createGuard } from '../guard/guard.ts';
import type { Guard } from '../guard/guard.ts';
import type { GuardCounts } from '../guard/counts.ts';
import { createTlsServer, followTlsFiles } from './listener-tls.ts';
import type { TlsListenerConfig } from './listener-tls.ts';

export interface Listeners {
  readonly addresses: readonly BoundAddress[];
  /** Open connections over all listeners. */
  connections(): number;
  /** What was refused or ended because it went beyond its bounds. */
  guarded(): GuardCounts;
  /** Gives new connections the CAs of the configuration that is in force now. */
  refresh(): void;
  /** Stops accepting, lets calls in flight end, and after `graceMs` ends what is left. */
  drain(graceMs: number): Promise<void>;
}

export interface ListenOptions {
  readonly config: () => Config;
  /** Bytes of the CAs' files that are in force, by path. */
  readonly certificates: () => ReadonlyMap<string, Uint8Array>;
  /** Number of this worker: which of a listener's addresses is its own. */
  readonly index: number;
  /** Where earlier workers really listen, so that a port that was 0 is the same for all. */
  readonly bound: readonly BoundAddress[];
  readonly clock: Clock;
  /** One gRPC server for each listener, because the listener says who may ask. */
  readonly serverFor: (listener: ListenerConfig) => GrpcServer;
  /** Something that goes on all the same. */
  readonly onProblem: (error: PortreeveError) => void;
}

/** One listener, open. */
interface OpenListener {
  readonly address: BoundAddress;
  readonly sockets: NetServer;
  connections(): number;
  refresh(): void;
  drain(graceMs: number): Promise<void>;
}

/**
 * Opens every listener of the configuration. The sockets are our own and are handed to gRPC one by one: so Unix
 * sockets, shared ports, limits and the change of certificates are in our hands. Throws PDP_LISTEN_FAILED after
 * having closed again what was open.
 */
export async function openListeners(options: ListenOptions): Promise<Listeners> {
  const open: OpenListener[] = [];
  const { budget, connections: limits, listeners } = options.config().server;
  const guard = createGuard({ limits, budgetMs: budget, clock: options.clock });
  try {
    for (const listener of listeners) open.push(await openOne(listener, options, guard));
  } catch (thrown) {
    guard.stop();
    await Promise.all(open.map((one) => one.drain(0)));
    throw asPortreeveError(thrown, 'PDP_LISTEN_FAILED');
  }
  return {
    addresses: open.map((one) => one.address),
    connections: () => open.reduce((sum, one) => sum + one.connections(), 0),
    guarded: () => guard.counts(),
    refresh: () => open.forEach((one) => one.refresh()),
    drain: async (graceMs) => {
      await Promise.all(open.map((one) => one.drain(graceMs)));
      guard.stop();
    },
  };
}

async function openOne(
  listener: ListenerConfig,
  options: ListenOptions,
  guard: Guard,
): Promise<OpenListener> {
  const wanted = addressFor(listener, options);
  refuseOpenPlaintext(listener, wanted);
  const grpc = options.serverFor(listener);
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  for (const server of http2ServersOf(grpc)) guard.watch(server);
  const tls = isTls(listener) ? createTlsServer({ ...options, listener }) : undefined;
  const sockets: NetServer = tls ?? createServer({ noDelay: true });
  guard.admit(sockets);
  const connections = new Set<Socket>();
  let draining = false;
  sockets.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    // One too many; it was refused.
    if (socket.destroyed) return;
    // Its handshake began before: nobody would tell it to go, and its calls would end with the process.
    if (draining) return void socket.destroy();
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    // A peer that breaks off is its own affair; without a listener the error would end the worker.
    socket.on('error', () => socket.destroy());
    injector.injectConnection(socket);
  });
  const shared = options.config().server.workers > 1 && isShared(listener);
  const bound = await bindAddress(sockets, wanted, { shared });
  sockets.on('error', (error) => options.onProblem(asPortreeveError(error, 'PDP_LISTEN_FAILED')));
  const following =
    tls && isTls(listener)
      ? await followTlsFiles(tls, { ...options, listener }, options.onProblem)
      : undefined;
  return {
    address: { listener: listener.name, address: formatAddress(bound), tls: tls !== undefined },
    sockets,
    connections: () => connections.size,
    refresh: () => following?.refresh(),
    drain: async (graceMs) => {
      draining = true;
      following?.stop();
      sockets.close();
      await endCalls(grpc, connections, graceMs);
    },
  };
}

function isTls(listener: ListenerConfig): listener is TlsListenerConfig {
  return listener.tls !== null;
}

function isShared({ address }: ListenerConfig): boolean {
  return parseWorkerAddresses(address)?.shared ?? false;
}

function addressFor(listener: ListenerConfig, options: ListenOptions): ListenAddress {
  const own = parseWorkerAddresses(listener.address)?.of(options.index);
  if (own === undefined) {
    throw new PortreeveError(
      'PDP_CONFIG_INVALID',
      `listener ${listener.name}: ${listener.address} has no address for worker ${options.index}`,
    );
  }
  const address = parseAddress(own);
  if (address.kind === 'unix') return address;
  const before = options.bound.find((bound) => bound.listener === listener.name);
  const earlier = before && parseAddress(before.address);
  return address.port === 0 && earlier?.kind === 'tcp' ? { ...address, port: earlier.port } : address;
}

/** The configuration's check says so too; here it holds whoever made the configuration. */
function refuseOpenPlaintext(listener: ListenerConfig, address: ListenAddress): void {
  if (listener.tls !== null || listener.insecure || isLocal(address)) return;
  throw new PortreeveError(
    'PDP_LISTEN_FAILED',
    `listener ${listener.name}: plaintext on ${formatAddress(address)} is off loopback; set tls, or insecure by name`,
  );
}

/**
 * Tells every connection to go, and waits for the sockets themselves: the callback of `tryShutdown` comes at once,
 * because closing Node's HTTP/2 server has marked all sessions as closed before gRPC looks at them.
 */
function endCalls(grpc: GrpcServer, connections: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      grpc.forceShutdown();
      // Destroyed sessions leave their sockets to the peer, who would wait for its own deadline.
      for (const socket of connections) socket.destroy();
      resolve();
    }, graceMs);
    const done = (): void => {
      if (connections.size > 0) return;
      clearTimeout(force);
      resolve();
    };
    for (const socket of connections) socket.once('close', done);
    grpc.tryShutdown(done);
  });
}
