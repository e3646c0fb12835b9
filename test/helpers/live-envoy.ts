import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { createRoot, issueLeaf, type Leaf } from '../../src/ca/index.ts';
import type { LiveFleet } from './live-fleet.ts';
import { freePort } from './ports.ts';
import { start, until, type Running } from './processes.ts';
import { root } from './source-files.ts';

export interface LiveEnvoy {
  readonly running: Running;
  readonly port: number;
  /** JSON lines of the access log so far. */
  readonly accessLog: () => readonly Record<string, unknown>[];
  /** What Envoy counts of the cluster of the decision point, in lines of text. */
  readonly clusterStats: () => Promise<string>;
}

const servicePort = { 'http.yaml': 8080, 'l4.yaml': 1883 } as const;
const listenPort = { 'http.yaml': 8443, 'l4.yaml': 8883 } as const;

/**
 * Starts the real Envoy on a file of `examples/envoy/`, changed only in its ports and in the paths of its TLS files
 * and as the test says, in front of the fleet's decision point and of the service at `upstreamPort`.
 */
export async function startEnvoy(
  t: ExecutionContext,
  envoy: string,
  example: keyof typeof servicePort,
  fleet: LiveFleet,
  upstreamPort: number,
  change: (text: string) => string = (text) => text,
): Promise<LiveEnvoy> {
  const port = await freePort();
  const now = Date.now();
  const server = await createRoot({
    subject: 'CN=Server Root',
    notBefore: now - 60_000,
    notAfter: now + 86_400_000,
  });
  const leaf = await issueLeaf(server, {
    subject: 'CN=localhost',
    san: { dns: ['localhost'] },
    eku: ['serverAuth'],
    notBefore: now - 60_000,
    notAfter: now + 86_400_000,
  });
  writeFileSync(join(fleet.folder, 'server.pem'), leaf.pem);
  writeFileSync(join(fleet.folder, 'server.key'), leaf.privateKeyPem);
  writeFileSync(join(fleet.folder, 'device-root.pem'), fleet.root.pem);
  const file = join(fleet.folder, example);
  const text = change(readFileSync(join(root, 'examples/envoy', example), 'utf8'))
    .replaceAll('/etc/envoy/tls/', `${fleet.folder}/`)
    .replace(`port_value: ${listenPort[example]}`, `port_value: ${port}`)
    .replace(`port_value: ${servicePort[example]}`, `port_value: ${upstreamPort}`)
    .replace('port_value: 9191', `port_value: ${fleet.grpcPorts[0]}`)
    .replace('port_value: 9192', `port_value: ${fleet.grpcPorts[1]}`);
  const adminPort = await freePort();
  writeFileSync(
    file,
    `${text}admin: { address: { socket_address: { address: 127.0.0.1, port_value: ${adminPort} } } }\n`,
  );
  // Own base id: several Envoys may run at once. The log is flushed at every line, for the test reads it.
  const running = start(envoy, [
    '-c',
    file,
    '--use-dynamic-base-id',
    '--log-level',
    'warning',
    '--file-flush-interval-msec',
    '50',
    '--concurrency',
    '1',
  ]);
  t.teardown(() => running.stop('SIGKILL'));
  await until('Envoy listens', () => canConnect(port), { running });
  const accessLog = (): readonly Record<string, unknown>[] =>
    running
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const clusterStats = async (): Promise<string> => {
    const told = await fetch(`http://127.0.0.1:${adminPort}/stats?usedonly&filter=cluster.portreeve`);
    return told.text();
  };
  return { running, port, accessLog, clusterStats };
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      socket.end();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** What a device got to see of a connection. */
export interface Seen {
  readonly text: string;
  readonly resumed: boolean;
  readonly session: Buffer | undefined;
  /** Name of the error that ended it, e.g. of a TLS alert. */
  readonly error: string | undefined;
}

/** Connects as a device, sends bytes, and answers what came back until the other side closed or `enough` says so. */
export function ask(
  port: number,
  device: Leaf | undefined,
  send: string,
  options: { readonly session?: Buffer; readonly enough?: (text: string) => boolean } = {},
): Promise<Seen> {
  return new Promise((resolve) => {
    let text = '';
    let session: Buffer | undefined;
    let resumed = false;
    const socket: TLSSocket = connect(
      {
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        rejectUnauthorized: false,
        // A TLS 1.2 session is there with the handshake, so that resuming it is certain.
        maxVersion: 'TLSv1.2',
        ...(device && { cert: device.pem, key: device.privateKeyPem }),
        ...(options.session && { session: options.session }),
      },
      () => {
        resumed = socket.isSessionReused();
        socket.write(send);
      },
    );
    const finish = (error?: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, resumed, session, error });
    };
    const timer = setTimeout(() => finish('timeout'), 5000);
    socket.on('session', (ticket: Buffer) => (session = ticket));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (options.enough?.(text)) finish();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.on('end', () => finish());
  });
}

/** One HTTP/1.1 request through Envoy; answers status, headers (lower-case) and body. */
export async function request(
  port: number,
  device: Leaf | undefined,
  headers: Readonly<Record<string, string>> = {},
  session?: Buffer,
  asked: { readonly line: string; readonly body?: string } = { line: 'GET /readings' },
): Promise<
  { readonly status: number; readonly headers: ReadonlyMap<string, string>; readonly body: string } & Seen
> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const seen = await ask(
    port,
    device,
    `${asked.line} HTTP/1.1\r\nhost: ingest.example\r\nconnection: close\r\n${lines.join('')}\r\n${asked.body ?? ''}`,
    session ? { session } : {},
  );
  const [head = '', body = ''] = seen.text.split('\r\n\r\n');
  const [statusLine = '', ...rest] = head.split('\r\n');
  const fields = rest.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { ...seen, status: Number(statusLine.split(' ')[1] ?? 0), headers: new Map(fields), body };
}
