import type { Hold } from './types.ts';

/** A row of the table `holds`: its columns are named as the fields. */
export type HoldRow = Hold & { readonly expired_at: number | null };

export const holdColumns = `hold_id, tenant, kind, value, name, issued_before, who, why, since, until, kept_out,
  lifted_at, lifted_by, lifted_why, expired_at, epoch`;

/** Where a hold stands at a time. */
export type HoldState = 'in_force' | 'lifted' | 'expired';

/** An end that is reached counts whether or not it has been recorded yet. */
export function holdState({ lifted_at, until }: Pick<Hold, 'lifted_at' | 'until'>, now: number): HoldState {
  if (lifted_at !== null) return 'lifted';
  return until !== null && until <= now ? 'expired' : 'in_force';
}
