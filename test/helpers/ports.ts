import { createServer, type Server } from 'node:net';

/**
 * Ports that tests hand out lie below those that Linux gives to whoever connects or asks for any (ip(7),
 * ip_local_port_range: from 32768): nothing but a test takes one between its choice and its use.
 */
const [lowest, highest] = [20_000, 32_000];
/** So many in a row belong to one process of tests. */
const together = 40;
const blocks = (highest - lowest) / together;

/** Where ports are used: on loopback, or on all addresses. */
const hosts = ['127.0.0.1', '0.0.0.0'] as const;

/** Those of this process that it has not handed out, in a row. */
let rest: readonly number[] = [];

/** So many ports in a row that nothing listens on, and that no test is given again; at most 39. */
export async function freePorts(many: number): Promise<readonly number[]> {
  for (;;) {
    while (rest.length >= many) {
      const ports = rest.slice(0, many);
      rest = rest.slice(many);
      if (await areFree(ports)) return ports;
    }
    rest = await claimBlock(many);
  }
}

/** A port that nothing listens on, and that no test is given again. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0] as number;
}

/**
 * Takes a block that no other process has: who listens on the first port of one has the others. It does so to its end,
 * whatever that is; tests that run side by side share nothing else that says so.
 */
async function claimBlock(many: number): Promise<readonly number[]> {
  if (many >= together) throw new Error(`${many} ports in a row are more than there are together`);
  const begin = Math.floor(Math.random() * blocks);
  for (let tried = 0; tried < blocks; tried += 1) {
    const first = lowest + ((begin + tried) % blocks) * together;
    const claim = await listen(first, '127.0.0.1');
    if (!claim) continue;
    claim.unref();
    return Array.from({ length: together - 1 }, (_, index) => first + 1 + index);
  }
  throw new Error(`no ports are left between ${lowest} and ${highest}`);
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports)
    for (const host of hosts) {
      const server = await listen(port, host);
      if (!server) return false;
      await new Promise((resolve) => server.close(resolve));
    }
  return true;
}

/** A server that listens there; undefined where it cannot. */
function listen(port: number, host: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}
