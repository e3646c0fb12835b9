import type { EpochMs } from '../lib/clock.ts';
import type { ColumnMap } from './csv-rows.ts';
import type { Lockout, LockoutRule } from './lockout-limit.ts';

/** How a file of firmware or delegations is taken in. */
export interface CatalogueImport {
  readonly bytes: Uint8Array;
  readonly format: 'ndjson' | 'csv';
  /** Which column of a foreign CSV is which field; columns that it does not name are left out. */
  readonly columns?: ColumnMap | undefined;
  readonly tenant: string;
  readonly actor: string;
  readonly why: string;
  readonly now: EpochMs;
  /** File or other source, for people. */
  readonly source: string;
  /** The file is all that there is: rows that it does not name are taken away. */
  readonly whole?: boolean;
  /** Takes a file without any row for what it says; else it is refused, since it is rather a failed export. */
  readonly allowEmpty?: boolean;
  /** How many active devices the import may keep out; any number where it is left out. */
  readonly lockout?: LockoutRule;
  /** Ends the counting of those where it is above the limit. */
  readonly stopAbove?: boolean;
  /** What a command has taken back stays so, also where the file names it: for files that nobody looks at. */
  readonly keepTakenBack?: boolean;
  /** Works everything out and changes nothing. */
  readonly dryRun?: boolean;
}

export interface CatalogueResult {
  readonly rows: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
  /** Rows of the file that a command has taken back, and that stay so. */
  readonly kept_back: number;
  /** Active devices that it keeps out; null where nobody can work that out. */
  readonly lockout: Lockout | null;
  /** First rows of each kind, in words. */
  readonly differences: Readonly<Record<'added' | 'changed' | 'removed', readonly string[]>>;
  /** Epoch of the import; null where nothing was changed. */
  readonly epoch: number | null;
}
