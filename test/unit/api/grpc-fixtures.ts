import { createServer } from 'node:tls';
import type { Server as TlsServer } from 'node:tls';
import { Client, Metadata, ServerCredentials, credentials } from '@grpc/grpc-js';
import type { CallOptions, ChannelCredentials, ServiceError, Server } from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import { createGrpcServer } from '../../../src/api/grpc-server.ts';
import { loadProtos } from '../../../src/api/load-protos.ts';
import { createPepResolver } from '../../../src/api/pep.ts';
import type { PepResolver } from '../../../src/api/pep.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { FakePoint, config, pepConfig, plaintext } from './fixtures.ts';

export interface Doors {
  readonly point: FakePoint;
  readonly address: string;
  readonly server: Server;
  setReady(ready: boolean): void;
}

export type DoorOverrides = Partial<Parameters<typeof createGrpcServer>[0]>;

export function namedPeps(): PepResolver {
  return createPepResolver({ peps: [pepConfig()], cas: [], intermediates: [], judge: () => [] });
}

function build(over: DoorOverrides): { point: FakePoint; server: Server; setReady: (now: boolean) => void } {
  const point = new FakePoint();
  let ready = true;
  const server = createGrpcServer({
    point,
    config: config(),
    listener: plaintext,
    peps: namedPeps(),
    clock: systemClock,
    ready: () => ready,
    ...over,
  });
  return { point, server, setReady: (now) => (ready = now) };
}

/** A server with all doors on a free port of loopback. */
export async function openDoors(t: ExecutionContext, over: DoorOverrides = {}): Promise<Doors> {
  const { point, server, setReady } = build(over);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  t.teardown(() => server.forceShutdown());
  return { point, server, setReady, address: `127.0.0.1:${port}` };
}

/** The same behind our own TLS sockets, which is how the server opens its listeners. */
export async function openTlsDoors(
  t: ExecutionContext,
  tls: { readonly cert: string; readonly key: string; readonly ca: string },
  over: DoorOverrides,
): Promise<Doors> {
  const { point, server, setReady } = build(over);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets: TlsServer = createServer({
    ...tls,
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['h2'],
  });
  sockets.on('secureConnection', (socket) => injector.injectConnection(socket));
  await new Promise<void>((resolve) => sockets.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    sockets.close();
    server.forceShutdown();
  });
  const bound = sockets.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return { point, server, setReady, address: `localhost:${bound.port}` };
}

interface Codec {
  readonly serialize: (message: object) => Buffer;
  readonly deserialize: (bytes: Buffer) => object;
}

export function codecOf(name: string): Codec {
  return (loadProtos() as unknown as Record<string, Codec>)[name] as Codec;
}

export interface CallExtras {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly options?: CallOptions;
}

export interface TestClient {
  check(request: object, extras?: CallExtras): Promise<Record<string, unknown>>;
  decide(request: object, extras?: CallExtras): Promise<Record<string, unknown>>;
  /** Sends bytes as they are. */
  raw(method: string, bytes: Buffer, answerType: string): Promise<Record<string, unknown>>;
  readonly client: Client;
}

/** A plain grpc-js client of the doors; rejects with the gRPC error where there is one. */
export function connect(
  t: ExecutionContext,
  address: string,
  channel: ChannelCredentials = credentials.createInsecure(),
): TestClient {
  const client = new Client(address, channel, { 'grpc.max_send_message_length': -1 });
  t.teardown(() => client.close());
  const call = (path: string, bytes: Buffer, answerType: string, extras: CallExtras = {}) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(extras.metadata ?? {})) metadata.set(name, value);
      client.makeUnaryRequest(
        path,
        (message: Buffer) => message,
        (answer: Buffer) => codecOf(answerType).deserialize(answer),
        bytes,
        metadata,
        extras.options ?? {},
        (error: ServiceError | null, answer?: object) =>
          error || !answer
            ? reject(error ?? new Error('no answer'))
            : resolve(answer as Record<string, unknown>),
      );
    });
  const ext = 'envoy.service.auth.v3';
  return {
    client,
    raw: (method, bytes, answerType) => call(method, bytes, answerType),
    check: (request, extras) =>
      call(
        `/${ext}.Authorization/Check`,
        codecOf(`${ext}.CheckRequest`).serialize(request),
        `${ext}.CheckResponse`,
        extras,
      ),
    decide: (request, extras) =>
      call(
        '/portreeve.v1.DecisionService/Decide',
        codecOf('portreeve.v1.DecideRequest').serialize(request),
        'portreeve.v1.DecideResponse',
        extras,
      ),
  };
}
