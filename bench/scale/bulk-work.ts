import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { crlOf, type Pki } from './fleet.ts';
import type { BenchServer } from './servers.ts';

/** Long lists of one issuer, ready to be put where the server looks for them. */
export interface LongLists {
  /** Puts the next list in force and resolves once it is; false where none is left. */
  apply(server: BenchServer): Promise<boolean>;
  readonly applied: number;
}

/** Writes `many` lists of the issuer's with ascending numbers, each of `entries` entries, beside the watched folder. */
export async function longLists(
  o: { readonly folder: string; readonly pki: Pki; readonly issuer: number; readonly now: number },
  many: number,
  entries: number,
): Promise<LongLists> {
  const ready = join(o.folder, 'ready');
  mkdirSync(ready, { recursive: true });
  const authority = o.pki.issuers[o.issuer];
  if (!authority) throw new Error(`there is no issuer ${o.issuer}`);
  const fileOf = (number: number): string => join(ready, `${number}.crl`);
  for (let number = 2; number < many + 2; number += 1)
    writeFileSync(fileOf(number), await crlOf(authority, number, entries, o.now));
  const watched = join(o.folder, `crls/issuer-${o.issuer}.crl`);
  let applied = 0;
  return {
    apply: async (server) => {
      if (applied === many) return false;
      const number = applied + 2;
      renameSync(fileOf(number), watched);
      for (;;) {
        const { crls } = await server.status();
        const found = crls.find(({ source }) => source === watched);
        if (found && Number.parseInt(found.number ?? '0', 16) === number) break;
        await pause(50);
      }
      applied += 1;
      return true;
    },
    get applied() {
      return applied;
    },
  };
}

/** Bulk work beside an operator's acts: an inventory import after another in one process, one long list after another in the server. */
export interface BulkWork {
  /** Ends it; answers how much of it was done. */
  stop(): Promise<{
    readonly imports_done: number;
    readonly crls_done: number;
    readonly crls_ran_out: boolean;
  }>;
  /** Ends what it can at once. */
  kill(): void;
}

export function startBulkWork(
  folder: string,
  devices: number,
  lists: LongLists,
  server: BenchServer,
): BulkWork {
  const child: ChildProcess = fork(join(import.meta.dirname, 'import-again.ts'), [
    join(folder, 'state.db'),
    String(devices),
  ]);
  let imports = 0;
  let ending = false;
  let ranOut = false;
  child.on('message', () => (imports += 1));
  const failed = once(child, 'exit').then(() => {
    if (!ending) throw new Error('the import ended by itself');
  });
  const applying = (async () => {
    while (!ending) if (!(await lists.apply(server))) return void (ranOut = !ending);
  })();
  return {
    kill: () => {
      ending = true;
      child.kill('SIGKILL');
    },
    stop: async () => {
      ending = true;
      child.kill('SIGKILL');
      await failed;
      await applying;
      return { imports_done: imports, crls_done: lists.applied, crls_ran_out: ranOut };
    },
  };
}
