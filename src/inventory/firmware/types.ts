import type { EpochMs } from '../../lib/clock.ts';

/** `blocked`: never. `known_vulnerable`: no more than its grace. */
export type FirmwareStatus = 'approved' | 'known_vulnerable' | 'blocked';

export const firmwareStatuses: readonly FirmwareStatus[] = ['approved', 'known_vulnerable', 'blocked'];

/** One release of firmware as the catalogue knows it. Field names are those of the import file. */
export interface FirmwareRecord {
  /** SHA-256, SHA-384 or SHA-512, lower-case hex. */
  readonly firmware_hash: string;
  readonly product: string;
  /** Of the form that `compareVersions` reads. */
  readonly version: string;
  readonly status: FirmwareStatus;
  /** What is wrong with it; always there where it is known to be vulnerable. */
  readonly advisory?: string;
  /** Until when it may run although it is vulnerable or below its class's minimum; not included. */
  readonly grace_until?: EpochMs;
  /** Epoch of the change that made this row what it is. */
  readonly epoch: number;
  readonly updated_at: EpochMs;
}

/** A release as an import row describes it, before it has an epoch. */
export type FirmwareDraft = Omit<FirmwareRecord, 'epoch' | 'updated_at'>;

export interface FirmwareReader {
  /** By hash (lower-case hex); undefined where the catalogue does not have it. Call within one `store.snapshot`. */
  firmware(tenant: string, hash: string): FirmwareRecord | undefined;
}
