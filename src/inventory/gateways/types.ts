import type { EpochMs } from '../../lib/clock.ts';

/**
 * That a gateway may speak for a device, or for the devices of a class, perhaps of one site only. Exactly one of
 * `device_id` and `class` is there; `site` only beside `class`. Field names are those of the import file.
 */
export interface Delegation {
  readonly gateway: string;
  readonly device_id?: string;
  readonly class?: string;
  readonly site?: string;
  /** Not included; absent = without an end. */
  readonly until?: EpochMs;
  /** Epoch of the change that made this row what it is. */
  readonly epoch: number;
  readonly updated_at: EpochMs;
}

/** A delegation as an import row describes it, before it has an epoch. */
export type DelegationDraft = Omit<Delegation, 'epoch' | 'updated_at'>;

export interface DelegationReader {
  /** What was delegated to a gateway about one device or its class, whatever the site, ended or not. Call within one `store.snapshot`. */
  delegations(tenant: string, gateway: string, deviceId: string, className: string): readonly Delegation[];
}

/** By what a gateway may speak for a device; by nothing is null. */
export type DelegatedBy = 'record' | 'device' | 'class';
