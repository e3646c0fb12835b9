import type { Command } from 'commander';
import { listDelegations } from '../../inventory/gateways/table.ts';
import { configOption, finish, integerArgument, type CommonOptions } from '../command.ts';
import { tenantOption } from '../device/tenant.ts';
import { exitCodes } from '../exit-codes.ts';
import { knownNow } from '../known-now.ts';
import { table } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { delegationData, delegationHead, delegationRow } from './shown.ts';

interface Options extends CommonOptions {
  readonly tenant: string;
  readonly gateway?: string;
  readonly limit: number;
}

/** `gateway list`. */
export function registerGatewayList(group: Command, session: Session): void {
  const command = group
    .command('list')
    .description("list what is delegated to gateways, ended or not; devices' own records are not listed here")
    .option('--gateway <id>', 'only this gateway')
    .option('--limit <number>', 'most to list', integerArgument(1, 1_000_000), 1000)
    .addOption(tenantOption())
    .addOption(configOption());
  finish(command, session, ['gateway list', 'gateway list --gateway gw-7 --json'], (options: Options) =>
    runList(options, session),
  );
}

async function runList(options: Options, session: Session): Promise<Answer> {
  const { tenant, gateway, limit } = options;
  const config = session.config(options.config);
  // One more than asked tells whether there are more.
  const { found, now } = await withStore(config, 'read_only', session.around.clock, (store) => ({
    found: listDelegations(store, { tenant, gateway, limit: limit + 1 }),
    now: knownNow(store, session.around.clock, config),
  }));
  const delegations = found.slice(0, limit);
  const more = found.length > limit;
  const rows = delegations.map((one) => delegationRow(one, now));
  return {
    exit: exitCodes.ok,
    data: { delegations: delegations.map((one) => delegationData(one, now)), more },
    text:
      rows.length === 0
        ? 'nothing is delegated\n'
        : `${table(delegationHead, rows, session.paint)}${more ? `More: --limit ${limit * 10}\n` : ''}`,
  };
}
