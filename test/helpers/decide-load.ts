import { setTimeout as pause } from 'node:timers/promises';
import type { Server } from './server.ts';
import type { World } from './world.ts';

export interface DecideLoad {
  /** How often there was which outcome with which first reason, `allow policy.ok`, since the last `take`; errors by their code. */
  take(): Readonly<Record<string, number>>;
  /** Waits until all that was asked before is answered, and then for so many further answers. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

interface Test {
  teardown(step: () => unknown): void;
}

/** Certificates of the one device, seen from many addresses. */
const certificates = 4;

/** Asks a server without a pause over several connections, so many times a second, until it is stopped. */
export async function loadServer(t: Test, world: World, server: Server, rate = 60): Promise<DecideLoad> {
  const leaves = await Promise.all(Array.from({ length: certificates }, () => world.leaf('meter/1')));
  const clients = Array.from({ length: 4 }, () => server.client(20_000));
  let counts: Record<string, number> = {};
  let answered = 0;
  let running = true;
  const open = new Set<Promise<void>>();
  const ask = async (number: number): Promise<void> => {
    const told = await clients[number % clients.length]
      ?.decide({
        peer_chain: [leaves[number % leaves.length]?.der as Uint8Array],
        authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
        source_ip: `10.20.0.${1 + (number % 200)}`,
      })
      .then(
        ({ outcome, reasons }) => `${outcome} ${reasons[0]?.code ?? 'without a reason'}`,
        (thrown: unknown) => `error ${String((thrown as { code?: unknown }).code)}`,
      );
    counts[told ?? ''] = (counts[told ?? ''] ?? 0) + 1;
    answered += 1;
  };
  const sending = (async () => {
    const began = performance.now();
    for (let sent = 0; running;) {
      // Not more at once than a machine that stood still could take up again.
      for (; sent < ((performance.now() - began) * rate) / 1000 && open.size < 200; sent += 1) {
        const asked = ask(sent).finally(() => open.delete(asked));
        open.add(asked);
      }
      await pause(10);
    }
    await Promise.all(open);
  })();
  const stop = (): Promise<void> => {
    running = false;
    return sending;
  };
  t.teardown(stop);
  return {
    take: () => {
      const taken = counts;
      counts = {};
      return taken;
    },
    more: async (count) => {
      await Promise.all(open);
      const until = answered + count;
      while (answered < until) await pause(10);
    },
    stop,
  };
}
