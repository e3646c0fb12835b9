import type { Command } from 'commander';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { holdText, listHolds, type ListedHold } from '../../revocation/holds/list.ts';
import { clockAgainstStore } from '../../server/time/known-time.ts';
import { configOption, finish, integerArgument, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { table, type Cell } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { holdData, tenantOption } from './common.ts';

interface Options extends CommonOptions {
  readonly tenant: string;
  readonly all?: boolean;
  readonly limit: number;
}

/** `hold list`. */
export function registerHoldList(group: Command, session: Session): void {
  const command = group
    .command('list')
    .description('list the holds in force, the newest first')
    .option('--all', 'also those that were lifted or have expired')
    .option('--limit <number>', 'most holds to list', integerArgument(1, 1_000_000), 1000)
    .addOption(tenantOption())
    .addOption(configOption());
  finish(command, session, ['hold list', 'hold list --all --json'], (options: Options) =>
    runList(options, session),
  );
}

async function runList(
  { tenant, all = false, limit, config: file }: Options,
  session: Session,
): Promise<Answer> {
  const config = session.config(file);
  const { clock } = session.around;
  // One more than asked tells whether there are more; what is in force is so by the time that servers decide by.
  const found = await withStore(config, 'read_only', clock, (store) => {
    const now = clockAgainstStore(store, clock, config.time).now();
    return listHolds(store, { tenant, all, now, limit: limit + 1 });
  });
  const holds = found.slice(0, limit);
  const more = found.length > limit;
  const head = ['hold', 'state', 'keeps out', 'devices', 'who', 'why', 'since', 'until'];
  const rest = more ? `More: --limit ${limit * 10}\n` : '';
  return {
    exit: exitCodes.ok,
    data: { holds: holds.map(holdData), more },
    text: holds.length === 0 ? 'no holds\n' : `${table(head, holds.map(row), session.paint)}${rest}`,
  };
}

function row(hold: ListedHold): Cell[] {
  const { hold_id: id, state, kept_out: devices, who, why, since, until } = hold;
  const tone = state === 'in_force' ? 'bad' : 'quiet';
  const shown = { text: state.replace('_', ' '), tone } as const;
  return [id, shown, holdText(hold), devices, who, why, formatInstant(since), endText(hold, until)];
}

function endText({ lifted_at: lifted, lifted_why: why }: ListedHold, until: EpochMs | null): string {
  if (lifted !== null) return `lifted ${formatInstant(lifted)}: ${why ?? ''}`;
  return until === null ? 'no end' : formatInstant(until);
}
