import type { Server, Socket } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import { peerNetwork } from '../../lib/peer-network.ts';

/** How many connections of admin HTTP were closed: their address, or all together, were too many; or they took too long. */
export type VisitCounts = Record<'address_full' | 'listener_full' | 'slow', number>;
type VisitEnd = keyof VisitCounts;

export function noVisitEnds(): VisitCounts {
  return { address_full: 0, listener_full: 0, slow: 0 };
}

export interface RoomLimits {
  /** Connections of the listener, in all and from one address. */
  readonly max: number;
  readonly perAddress: number;
  /** Longest life of one (ms). */
  readonly lifeMs: number;
}

export interface Room {
  /** Closes what is open. */
  closeAll(): void;
}

interface Visit {
  readonly socket: Socket;
  /** Its address, or the network that counts as one; empty on Unix sockets, which have none. */
  readonly from: string;
  /** Monotonic ms. */
  readonly since: number;
}

/** How often is looked for what has lived too long (ms). */
const sweepMs = 500;
/** No connection is closed for others before it could be read (ms), unless twice as many as there may be have come. */
const graceMs = 200;

/**
 * Bounds how many connections of one short request each a listener has, in all and from one address, and how long each
 * lives. Newcomers always get in: the oldest of the same address makes room for them, or where all are too many the oldest
 * of the address that has most, once it has had 200 ms. So a probe is answered, however many others keep their
 * connections, from its own address too. Call it before the server listens; it ends with the server.
 */
export function makeRoom(
  server: Server,
  { max, perAddress, lifeMs }: RoomLimits,
  { counts, clock }: { readonly counts: VisitCounts; readonly clock: Pick<Clock, 'monotonic'> },
): Room {
  // Sets keep the order in which their members came.
  const all = new Set<Visit>();
  const byAddress = new Map<string, Set<Visit>>();

  const leave = (visit: Visit): void => {
    const same = byAddress.get(visit.from);
    all.delete(visit);
    if (same?.delete(visit) && same.size === 0) byAddress.delete(visit.from);
  };
  /** Ends the oldest if it has lived for so long; whether it did. */
  const endOldest = (visits: ReadonlySet<Visit>, ageMs: number, why: VisitEnd): boolean => {
    const oldest = visits.values().next().value;
    if (oldest === undefined || clock.monotonic() - oldest.since < ageMs) return false;
    // It makes room at once, and not with its `close`: more may come before that.
    leave(oldest);
    counts[why] += 1;
    oldest.socket.destroy();
    return true;
  };
  const trim = (same: ReadonlySet<Visit>, from: string): void => {
    while (from !== '' && same.size > perAddress && endOldest(same, graceMs, 'address_full'));
    while (all.size > max) {
      const age = all.size > 2 * max ? 0 : graceMs;
      if (!endOldest(largestOf(byAddress.values()), age, 'listener_full')) break;
    }
  };
  // First of all, so that those too many are closed before the newest is listened to.
  server.prependListener('connection', (socket: Socket) => {
    const from = peerNetwork(socket) ?? '';
    const visit: Visit = { socket, from, since: clock.monotonic() };
    const same = byAddress.get(from) ?? new Set();
    all.add(visit);
    byAddress.set(from, same.add(visit));
    socket.once('close', () => leave(visit));
    trim(same, from);
  });
  const timer = setInterval(() => {
    while (endOldest(all, lifeMs, 'slow'));
    for (const [from, same] of byAddress) trim(same, from);
  }, sweepMs).unref();
  server.once('close', () => clearInterval(timer));
  return {
    closeAll: () => {
      for (const { socket } of all) socket.destroy();
    },
  };
}

/** Where several are the largest, the first of them. */
function largestOf(groups: Iterable<ReadonlySet<Visit>>): ReadonlySet<Visit> {
  let largest: ReadonlySet<Visit> = new Set();
  for (const group of groups) if (group.size > largest.size) largest = group;
  return largest;
}
