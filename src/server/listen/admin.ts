import type { Server } from 'node:net';
import { createAdminServer } from '../../api/admin-http.ts';
import type { AdminOptions } from '../../api/admin-http.ts';
import type { Config } from '../../config/types.ts';
import { formatAddress, parseAddress } from './address.ts';
import { makeRoom, noVisitEnds } from '../guard/make-room.ts';
import type { Room, VisitCounts } from '../guard/make-room.ts';
import { bindAddress } from './bind.ts';
import type { BoundAddress } from '../worker/channel.ts';

export interface Admin {
  /** The admin listener first, then that for health and metrics alone, if there is one. */
  readonly addresses: readonly BoundAddress[];
  close(): Promise<void>;
}

/** What each of these listeners lets in: a probe or a scrape has one connection, for a moment. */
const room = { max: 256, perAddress: 64, lifeMs: 10_000 };

/** Connections that were closed for their bounds so far, by listener; for those that are open. */
export type AdminEnds = Record<string, VisitCounts>;

export interface AdminPages extends Omit<AdminOptions, 'flavour'> {
  /** Where connections are counted that are closed for their bounds. */
  readonly ends: AdminEnds;
}

/** Opens the admin listener and, where configured, the one with health and metrics only. Throws PDP_LISTEN_FAILED. */
export async function openAdmin(config: Config, { ends, ...pages }: AdminPages): Promise<Admin> {
  const servers: { readonly server: Server; readonly room: Room }[] = [];
  const addresses: BoundAddress[] = [];
  const open = async (name: string, flavour: 'admin' | 'health', address: string): Promise<void> => {
    const server = createAdminServer({ ...pages, flavour });
    const counts = (ends[name] = noVisitEnds());
    servers.push({ server, room: makeRoom(server, room, { counts, clock: pages.clock }) });
    const bound = await bindAddress(server, parseAddress(address));
    addresses.push({ listener: name, address: formatAddress(bound), tls: false });
  };
  const close = async (): Promise<void> => {
    await Promise.all(
      servers.map(
        ({ server, room: visits }) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            visits.closeAll();
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
