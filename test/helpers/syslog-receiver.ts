import { createServer } from 'node:tls';
import type { Server, TLSSocket, TlsOptions } from 'node:tls';
import type { AddressInfo } from 'node:net';

/** A syslog message as it was received, taken apart as RFC 5424 section 6 has it. */
export interface SyslogMessage {
  readonly priority: number;
  readonly time: string;
  readonly hostname: string;
  readonly app: string;
  readonly procid: string;
  readonly msgid: string;
  /** As it is written. */
  readonly data: string;
  /** Without the byte order mark. */
  readonly text: string;
  readonly hasMark: boolean;
}

export interface SyslogReceiver {
  readonly port: number;
  readonly messages: SyslogMessage[];
  /** What was wrong with frames or messages. */
  readonly problems: string[];
  /** Common names of the clients' certificates. */
  readonly clients: string[];
  connections: number;
  /** After so many messages of a connection, break it as a process that dies does; undefined = never. */
  breakAfter: number | undefined;
  /** Stops listening and breaks every connection. */
  kill(): Promise<void>;
  /** Listens again, at the same port. */
  revive(): Promise<void>;
}

interface Test {
  teardown(step: () => unknown): void;
}

/** A syslog server by TLS: octet counting (RFC 5425 section 4.3), read strictly. */
export async function startSyslogReceiver(t: Test, tls: TlsOptions): Promise<SyslogReceiver> {
  const open = new Set<TLSSocket>();
  let server: Server | undefined;
  const receiver: SyslogReceiver = {
    ...{ port: 0, messages: [], problems: [], clients: [], connections: 0, breakAfter: undefined },
    kill: async () => {
      const ended = new Promise((resolve) => server?.close(resolve));
      for (const socket of open) socket.destroy();
      await ended;
    },
    revive: () => listen(receiver.port),
  };
  const listen = async (port: number): Promise<void> => {
    server = createServer(tls, (socket) => take(socket, receiver, open));
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
  };
  await listen(0);
  t.teardown(() => receiver.kill());
  return Object.assign(receiver, { port: (server?.address() as AddressInfo).port });
}

function take(socket: TLSSocket, receiver: SyslogReceiver, open: Set<TLSSocket>): void {
  open.add(socket);
  receiver.connections += 1;
  const name = socket.getPeerCertificate().subject?.CN;
  if (typeof name === 'string') receiver.clients.push(name);
  let rest = Buffer.alloc(0);
  let count = 0;
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let frame = nextFrame(rest); frame !== undefined; frame = nextFrame(rest)) {
      rest = rest.subarray(frame.end);
      if (count === receiver.breakAfter) return void socket.destroy();
      count += 1;
      const message = parseMessage(frame.text);
      if (message === undefined) receiver.problems.push(frame.text);
      else receiver.messages.push(message);
    }
    if (!/^([1-9]\d{0,6}( |$))?/.test(rest.subarray(0, 8).toString('latin1')))
      receiver.problems.push('no frame');
  });
  socket.on('end', () => {
    if (rest.byteLength > 0) receiver.problems.push(`${rest.byteLength} bytes of half a frame`);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => open.delete(socket));
}

function nextFrame(bytes: Buffer): { text: string; end: number } | undefined {
  const [head, length] = /^([1-9]\d{0,6}) /.exec(bytes.subarray(0, 8).toString('latin1')) ?? [];
  if (head === undefined) return undefined;
  const end = head.length + Number(length);
  if (bytes.byteLength < end) return undefined;
  return { text: bytes.subarray(head.length, end).toString('utf8'), end };
}

function parseMessage(text: string): SyslogMessage | undefined {
  const found =
    /^<(\d{1,3})>1 (-|\S{20,32}) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) (-|(?:\[[^\]]*\])+) (\ufeff?)([^]*)$/.exec(
      text,
    );
  if (found === null) return undefined;
  const [, priority, time, hostname, app, procid, msgid, data, mark, message] = found as unknown as string[];
  return {
    priority: Number(priority),
    ...({ time, hostname, app, procid, msgid, data } as Record<'time' | 'hostname' | 'app', string> &
      Record<'procid' | 'msgid' | 'data', string>),
    text: message ?? '',
    hasMark: mark !== '',
  };
}
