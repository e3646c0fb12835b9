import { rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { PortreeveError, describeThrown } from '../../lib/errors.ts';
import { formatAddress } from './address.ts';
import type { ListenAddress } from './address.ts';

/**
 * Makes a server listen and answers where it really does (port 0 becomes a port). A Unix socket that a dead process
 * left behind is removed first. `shared` lets several workers bind one port (SO_REUSEPORT): the kernel spreads
 * connections over them. Throws PDP_LISTEN_FAILED with what to do.
 */
export async function bindAddress(
  server: Server,
  address: ListenAddress,
  options: { readonly shared: boolean } = { shared: false },
): Promise<ListenAddress> {
  if (address.kind === 'unix') await removeStaleSocket(address.path);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(
        address.kind === 'unix'
          ? { path: address.path }
          : { host: address.host, port: address.port, reusePort: options.shared },
        () => {
          server.off('error', reject);
          resolve();
        },
      );
    });
  } catch (thrown) {
    throw new PortreeveError(
      'PDP_LISTEN_FAILED',
      `cannot listen on ${formatAddress(address)}: ${describeThrown(thrown)}; is another server running there?`,
      { cause: thrown },
    );
  }
  if (address.kind === 'unix') return address;
  const bound = server.address();
  return { ...address, port: bound !== null && typeof bound === 'object' ? bound.port : address.port };
}

/** Removes a socket file that nobody listens on; leaves every other kind of file alone (listening then fails). */
async function removeStaleSocket(path: string): Promise<void> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isSocket()) return;
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Refused means that no process holds it; anything else (permissions) is not ours to clear away.
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
  if (!alive) rmSync(path, { force: true });
}
