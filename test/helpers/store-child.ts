/**
 * A process of its own that works on a store, for tests of what processes see of each other. Run by fork() with
 * the store's path and an act; tells the parent how far it is.
 */
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { setStatus } from '../../src/inventory/edit.ts';
import { importDevices } from '../../src/inventory/import.ts';
import type { DeviceStatus } from '../../src/inventory/types.ts';
import { addHold, liftHold } from '../../src/revocation/holds/edit.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/types.ts';
import { device, ndjson } from './inventory.ts';
import { tellParent } from './tell-parent.ts';

export type ChildAct =
  | { readonly act: 'open' }
  | { readonly act: 'set_status'; readonly device: string; readonly status: DeviceStatus }
  | {
      readonly act: 'import';
      readonly rows: number;
      readonly status: DeviceStatus;
      /** Devices that it does not name are taken away. */
      readonly whole?: boolean;
    }
  /** Holds, each lifted again, until it is killed. */
  | { readonly act: 'hold' };

export type ChildMessage =
  | { readonly at: 'opened'; readonly instance: string }
  | { readonly at: 'progress'; readonly rows: number }
  | { readonly at: 'done'; readonly epoch: number | null }
  | { readonly at: 'held' | 'lifted'; readonly hold: string };

const { tell, end } = tellParent<ChildMessage>();
const by = { tenant: 'default', actor: 'child', why: 'test', now: 1000 };

async function run(path: string, act: ChildAct): Promise<void> {
  const store = openStore({ path, mode: 'read_write', now: 0, busyTimeoutMs: 20_000 });
  tell({ at: 'opened', instance: store.instance });
  if (act.act === 'set_status') {
    tell({ at: 'done', epoch: setStatus(store, { ...by, deviceId: act.device, status: act.status }).epoch });
  } else if (act.act === 'import') {
    const { epoch } = await importDevices(store, {
      ...by,
      input: Readable.from(batches(act.rows, act.status)),
      format: 'ndjson',
      deleteMissing: act.whole === true,
      onProgress: ({ rows }) => tell({ at: 'progress', rows }),
    });
    tell({ at: 'done', epoch });
  } else if (act.act === 'hold') {
    for (let index = 0; ; index += 1) await holdAndLift(store, `d${index}`);
  }
  store.close();
  await end();
}

async function holdAndLift(store: Store, deviceId: string): Promise<void> {
  const { tenant, why, now } = by;
  const held = { tenant, kind: 'device', value: deviceId, until: null, who: by.actor, why, now } as const;
  const { hold_id: holdId } = addHold(store, held);
  tell({ at: 'held', hold: holdId });
  await pause(1);
  liftHold(store, { tenant, holdId, who: by.actor, why, now });
  tell({ at: 'lifted', hold: holdId });
  await pause(1);
}

/** The file comes piece by piece, as from a disk or a pipe, so that there is time within the import. */
async function* batches(rows: number, status: DeviceStatus): AsyncGenerator<string> {
  for (let start = 0; start < rows; start += 500) {
    await pause(5);
    const count = Math.min(500, rows - start);
    yield ndjson(Array.from({ length: count }, (_, index) => device(`d${start + index}`, { status })));
  }
}

await run(process.argv[2] ?? '', JSON.parse(process.argv[3] ?? '') as ChildAct);
