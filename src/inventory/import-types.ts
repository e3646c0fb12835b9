import type { Readable } from 'node:stream';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { ColumnMap } from './csv-rows.ts';
import type { DeviceDifference } from './difference.ts';
import type { BoundClasses } from './unbound.ts';
import type { Lockout, LockoutRule } from './lockout-limit.ts';

export interface ImportOptions {
  readonly input: Readable;
  readonly format: 'ndjson' | 'csv';
  /** Which column of a foreign CSV is which field; columns that it does not name are left out. */
  readonly columns?: ColumnMap | undefined;
  readonly tenant: string;
  readonly actor: string;
  readonly why: string;
  /** Whether somebody said why for this very import (`lifecycle.ts`); false by default. */
  readonly whySaid?: boolean;
  readonly now: EpochMs;
  /** File or other source, for people; `import` by default. */
  readonly source?: string;
  /** Works everything out and changes nothing. */
  readonly dryRun?: boolean;
  /** The file is the whole inventory of the tenant: devices that it does not name are taken away. */
  readonly deleteMissing?: boolean;
  /** Takes a file without any device for what it says; else it is refused, since it is rather a failed export. */
  readonly allowEmpty?: boolean;
  /** What becomes of a row whose status may not follow the present one; `refuse` (all of the file) by default. */
  readonly forbidden?: 'refuse' | 'keep';
  /** How many active devices the import may keep out; any number where it is left out. */
  readonly lockout?: LockoutRule;
  /** Classes that the configuration knows: a device that loses its known class is kept out. */
  readonly classes?: ReadonlySet<string>;
  /** Those of them that ask for more than the right CA: a device that loses its certificate is kept out. */
  readonly bound?: BoundClasses;
  /** Told of the class of each sound row, in the order of the file. */
  readonly onClass?: (name: string) => void;
  /** Told of each device that is added, changed or taken away, before anything is visible. */
  readonly onDifference?: (difference: DeviceDifference) => void;
  readonly onProgress?: (progress: { readonly rows: number }) => void;
  readonly clock?: Clock;
}

export interface ImportResult {
  readonly rows: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
  /** Devices whose status stays as it is, because the file's may not follow it. */
  readonly kept_status: number;
  /** Devices of which bindings stay ended, because a command has ended them. */
  readonly kept_ended: number;
  /** Active devices that it keeps out. */
  readonly lockout: Lockout;
  /** Epoch of the import; null where nothing was changed (the same content again, or a dry run). */
  readonly epoch: number | null;
}
