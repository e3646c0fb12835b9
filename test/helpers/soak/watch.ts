/** Looks at a server again and again while it is asked, and keeps the most of what it sees. */
import { anonymousMb } from '../memory.ts';
import type { Server } from '../server.ts';

/** One of the memories of the server, at its fullest; counts as high as they came. */
export interface KeptMost {
  readonly entries: number;
  readonly bound: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
}

export interface Most {
  /** Memory of their own (MB), garbage and all. */
  readonly worker_mb: number;
  readonly parent_mb: number;
  readonly wasm_pages: number;
  readonly kept: Readonly<Record<string, KeptMost>>;
}

export interface Watch {
  /** How often it was looked, and the most of all that was seen. */
  looks(): number;
  most(): Most;
  stop(): void;
}

const fields = {
  portreeve_kept_entries: 'entries',
  portreeve_kept_bound: 'bound',
  portreeve_kept_hits_total: 'hits',
  portreeve_kept_misses_total: 'misses',
  portreeve_kept_evictions_total: 'evictions',
} as const;

/** Begins to look, every so many ms. */
export function watchServer(server: Server, worker: number, everyMs: number): Watch {
  const most = { worker_mb: 0, parent_mb: 0, wasm_pages: 0 };
  const kept: Record<string, Record<keyof KeptMost, number>> = {};
  let looks = 0;
  const look = async (): Promise<void> => {
    most.worker_mb = Math.max(most.worker_mb, anonymousMb(worker));
    most.parent_mb = Math.max(most.parent_mb, anonymousMb(server.pid));
    for (const { name, labels, value } of await server.metrics()) {
      if (name === 'portreeve_policy_wasm_pages') most.wasm_pages = Math.max(most.wasm_pages, value);
      const field = fields[name as keyof typeof fields];
      if (!field) continue;
      const one = (kept[labels['kept'] ?? ''] ??= { entries: 0, bound: 0, hits: 0, misses: 0, evictions: 0 });
      one[field] = Math.max(one[field], value);
    }
    looks += 1;
  };
  const timer = setInterval(() => void look().catch(() => undefined), everyMs);
  return { looks: () => looks, most: () => ({ ...most, kept }), stop: () => clearInterval(timer) };
}
