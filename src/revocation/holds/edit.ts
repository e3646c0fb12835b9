import { randomBytes } from 'node:crypto';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import { holdColumns, holdState, type HoldRow } from './hold-table.ts';
import { holdValue } from './selector.ts';
import type { Hold, HoldKind } from './types.ts';

/** 9999-12-31T23:59:59.999Z, the last that RFC 3339 writes. A row that cannot be read would stop every decision. */
const latestInstant: EpochMs = 253_402_300_799_999;

export interface AddHold {
  readonly tenant: string;
  readonly kind: HoldKind;
  /** In any form that `holdValue` reads. */
  readonly value: string;
  /** As people know it; the value by default. */
  readonly name?: string;
  /** Of an issuer only. */
  readonly issuedBefore?: EpochMs;
  /** Null: until it is lifted. */
  readonly until: EpochMs | null;
  readonly who: string;
  readonly why: string;
  readonly now: EpochMs;
  /** Active devices that it was worked out to keep out; 0 by default. */
  readonly keptOut?: number;
}

/**
 * Adds a hold in one short transaction; it is in force for whichever decision begins after the commit. Throws PDP_USAGE
 * for a value or an end that cannot be, PDP_STORE_UNAVAILABLE.
 */
export function addHold(store: Store, options: AddHold): Hold {
  const { tenant, kind, until, who, why, now, keptOut = 0, issuedBefore } = options;
  const value = holdValue(kind, options.value);
  if (until !== null && until <= now) {
    throw new PortreeveError('PDP_USAGE', `until ${formatInstant(until)} is over: a hold ends in the future`);
  }
  if (until !== null && !(Number.isSafeInteger(until) && until <= latestInstant)) {
    throw new PortreeveError(
      'PDP_USAGE',
      'until is no time that can be written: a hold without an end says so',
    );
  }
  if (issuedBefore !== undefined && kind !== 'issuer') {
    throw new PortreeveError('PDP_USAGE', `issued-before is a matter of issuers, and this is a ${kind}`);
  }
  const held = {
    hold_id: `h${randomBytes(6).toString('hex')}`,
    ...{ tenant, kind, value, name: options.name ?? value, issued_before: issuedBefore ?? null },
    ...{ who, why, since: now, until, kept_out: keptOut },
    ...{ lifted_at: null, lifted_by: null, lifted_why: null },
  };
  return store.transact(() => {
    const epoch = recordChange(store, held, 'hold.add', { actor: who, why, at: now });
    const row: HoldRow = { ...held, expired_at: null, epoch };
    const columns = holdColumns.split(',').map((column) => column.trim()) as (keyof HoldRow)[];
    store
      .prepare(`INSERT INTO holds (${holdColumns}) VALUES (${columns.map(() => '?').join(', ')})`)
      .run(...columns.map((column) => row[column]));
    return { ...held, epoch };
  });
}

export interface LiftHold {
  readonly tenant: string;
  readonly holdId: string;
  readonly who: string;
  readonly why: string;
  readonly now: EpochMs;
}

/** Ends a hold now. Throws PDP_NOT_FOUND for one that does not exist or is not in force any more. */
export function liftHold(store: Store, { tenant, holdId, who, why, now }: LiftHold): Hold {
  return store.transact(() => {
    const row = store
      .prepare<HoldRow>(`SELECT ${holdColumns} FROM holds WHERE hold_id = ? AND tenant = ?`)
      .get(holdId, tenant);
    if (!row) throw notFound(`no hold ${JSON.stringify(holdId)} in tenant ${JSON.stringify(tenant)}`);
    const state = holdState(row, now);
    if (state !== 'in_force') throw notFound(`hold ${holdId} is ${state} already`);
    const epoch = recordChange(store, row, 'hold.lift', { actor: who, why, at: now });
    store
      .prepare('UPDATE holds SET lifted_at = ?, lifted_by = ?, lifted_why = ?, epoch = ? WHERE hold_id = ?')
      .run(now, who, why, epoch, holdId);
    return { ...row, lifted_at: now, lifted_by: who, lifted_why: why, epoch };
  });
}

/** One row of `changes` for a hold; the caller holds the transaction. The selector is the hold's id. */
export function recordChange(
  store: Store,
  hold: Omit<Hold, 'epoch'>,
  kind: 'hold.add' | 'hold.lift' | 'hold.expired',
  { actor, why, at }: { readonly actor: string; readonly why: string; readonly at: EpochMs },
): number {
  const { tenant, hold_id: selector, value, name, issued_before: before, until } = hold;
  const added = { who: hold.who, why: hold.why, since: formatInstant(hold.since) };
  return store.change({
    ...{ tenant, at, actor, why, kind, selector },
    detail: {
      holds: hold.kind,
      ...{ value, name, kept_out: hold.kept_out },
      issued_before: before === null ? null : formatInstant(before),
      until: until === null ? null : formatInstant(until),
      ...(kind !== 'hold.add' && { added }),
    },
  });
}

function notFound(problem: string): PortreeveError {
  return new PortreeveError('PDP_NOT_FOUND', `${problem}; see 'portreeve hold list --all'`);
}
