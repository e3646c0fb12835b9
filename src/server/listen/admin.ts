import type { Server } from 'node:http';
import { createAdminServer } from '../../api/admin-http.ts';
import type { AdminOptions } from '../../api/admin-http.ts';
import type { Config } from '../../config/types.ts';
import { formatAddress, parseAddress } from './address.ts';
import { bindAddress } from './bind.ts';
import type { BoundAddress } from '../worker/channel.ts';

export interface Admin {
  /** The admin listener first, then that for health and metrics alone, if there is one. */
  readonly addresses: readonly BoundAddress[];
  close(): Promise<void>;
}

/** Opens the admin listener and, where configured, the one with health and metrics only. Throws PDP_LISTEN_FAILED. */
export async function openAdmin(config: Config, pages: Omit<AdminOptions, 'flavour'>): Promise<Admin> {
  const servers: Server[] = [];
  const addresses: BoundAddress[] = [];
  const open = async (name: string, flavour: 'admin' | 'health', address: string): Promise<void> => {
    const server = createAdminServer({ ...pages, flavour });
    const bound = await bindAddress(server, parseAddress(address));
    servers.push(server);
    addresses.push({ listener: name, address: formatAddress(bound), tls: false });
  };
  const close = async (): Promise<void> => {
    await Promise.all(
      servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      ),
    );
  };
  try {
    await open('admin', 'admin', config.server.admin.address);
    if (config.server.health) await open('health', 'health', config.server.health.address);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { addresses, close };
}
