import type { EpochMs } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { Outsider } from './outsider.ts';

/** How one witness or anchor stands, for `/status`. */
export interface OutsiderView {
  readonly kind: 'witness' | 'put' | 'timestamp';
  readonly name: string;
  /** Entries of the largest tree that it has; null = none yet. */
  readonly size: number | null;
  /** Entries that are under a checkpoint and that it has not seen. */
  readonly unseen: number;
  /** By its own clock; RFC 3339. */
  readonly at: string | null;
  readonly age_s: number | null;
  /** Failed attempts since. */
  readonly failures: number;
  readonly error: string | null;
  /** It has seen another history than the log has. */
  readonly contradicts: boolean;
}

/** `latest` is the size of the present checkpoint. */
export function viewOf({ spec, standing }: Outsider, latest: number, now: EpochMs): OutsiderView {
  const { size, at, failures, error } = standing;
  return {
    ...{ kind: spec.kind, name: spec.name, size },
    unseen: Math.max(0, latest - (size ?? 0)),
    at: at === null ? null : formatInstant(at),
    age_s: at === null ? null : Math.max(0, Math.floor((now - at) / 1000)),
    ...{ failures, error: error?.message ?? null, contradicts: error?.contradicts ?? false },
  };
}
