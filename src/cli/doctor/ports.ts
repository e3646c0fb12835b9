import { connect, createServer } from 'node:net';
import { parseAddress, type Address } from '../../config/formats.ts';
import type { Config } from '../../config/types.ts';
import { parseWorkerAddresses } from '../../config/worker-address.ts';
import { describeThrown } from '../../lib/errors.ts';
import { fail, ok, type Finding, type Patient } from './finding.ts';

const check = 'ports';
const waitMs = 2000;

/** Every address is free, or a server of this installation is already there. */
export async function examinePorts({ config }: Patient): Promise<readonly Finding[]> {
  const served = await isOurs(config);
  return Promise.all(addressesOf(config).map(({ what, text }) => examineAddress(what, text, served)));
}

function addressesOf({ server }: Config): readonly { readonly what: string; readonly text: string }[] {
  return [
    ...server.listeners.flatMap(({ name, address }) =>
      addressesOfWorkers(address, server.workers).map((text) => ({ what: `listener ${name}`, text })),
    ),
    { what: 'admin', text: server.admin.address },
    ...(server.health ? [{ what: 'health', text: server.health.address }] : []),
  ];
}

/** Each address once; of a text that is no address, the text. */
function addressesOfWorkers(text: string, workers: number): readonly string[] {
  const addresses = parseWorkerAddresses(text);
  return [...new Set(Array.from({ length: workers }, (_, worker) => addresses?.of(worker) ?? text))];
}

async function examineAddress(what: string, text: string, served: boolean): Promise<Finding> {
  const address = parseAddress(text);
  const named = `${what} (${text})`;
  if (!address) return fail(check, `${named} is no address`, 'give host:port, [v6]:port or unix:/path');
  // A socket file that a killed server left behind is in nobody's way: the server replaces it.
  const fault = address.kind === 'unix' ? await listens(address) : await bindFault(address);
  if (fault === undefined) return ok(check, `${named} is free`);
  if (served) return ok(check, `${named} is served by a running portreeve`);
  return fail(check, `${named}: ${fault}`, 'end what listens there, or choose another address');
}

/** Why the port cannot be listened on, by trying it. */
function bindFault(address: Address & { kind: 'tcp' }): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(describeThrown(error)));
    server.listen({ host: address.host, port: address.port, exclusive: true }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}

async function listens(address: Address): Promise<string | undefined> {
  return (await exchange(address, '')) === undefined ? undefined : 'another process listens on this socket';
}

/** Whether the admin address answers like this program does. */
async function isOurs(config: Config): Promise<boolean> {
  const address = parseAddress(config.server.admin.address);
  if (!address || (address.kind === 'tcp' && address.port === 0)) return false;
  const request = 'GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const answer = await exchange(address, request);
  return answer !== undefined && /^HTTP\/1\.1 200 /.test(answer) && /portreeve/i.test(answer);
}

/** What an address answers to a text; empty without a text; undefined where nobody listens or answers in time. */
function exchange(address: Address, text: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(
      address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port },
    );
    const chunks: Buffer[] = [];
    const done = (answer: string | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(waitMs, () => done(undefined));
    socket.on('error', () => done(undefined));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => done(Buffer.concat(chunks).toString('latin1')));
    socket.on('connect', () => (text === '' ? done('') : socket.write(text)));
  });
}
