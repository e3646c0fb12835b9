import type { Command } from 'commander';
import { listDelegations } from '../../inventory/gateways/table.ts';
import { createInventoryReader } from '../../inventory/reader.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { tenantOption } from '../device/tenant.ts';
import { exitCodes } from '../exit-codes.ts';
import { knownNow } from '../known-now.ts';
import { fields, table } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { delegationData, delegationHead, delegationRow } from './shown.ts';

interface Options extends CommonOptions {
  readonly tenant: string;
}

/** `gateway get ID`. */
export function registerGatewayGet(group: Command, session: Session): void {
  const command = group
    .command('get')
    .description(
      'show one gateway: its own record, and what is delegated to it; answers 1 where it has neither',
    )
    .argument('<id>', 'id of the gateway')
    .addOption(tenantOption())
    .addOption(configOption());
  finish(command, session, ['gateway get gw-7'], (options: Options, [id]) =>
    runGet(id as string, options, session),
  );
}

async function runGet(id: string, { tenant, config: file }: Options, session: Session): Promise<Answer> {
  const config = session.config(file);
  const { record, delegations, now } = await withStore(config, 'read_only', session.around.clock, (store) => {
    const reader = createInventoryReader(store);
    return store.snapshot(() => ({
      record: reader.device(tenant, id),
      delegations: listDelegations(store, { tenant, gateway: id }),
      now: knownNow(store, session.around.clock, config),
    }));
  });
  if (!record && delegations.length === 0)
    throw new PortreeveError('PDP_NOT_FOUND', `no gateway ${JSON.stringify(id)} in tenant ${tenant}`);
  const pairs = [
    ['gateway', id],
    ['status', record?.status ?? 'not in the inventory: its word does not count'],
    ['class', record?.class ?? '-'],
    ['site', record?.site ?? '-'],
  ] as const;
  const rows = delegations.map((one) => delegationRow(one, now));
  const told =
    rows.length === 0 ? 'nothing is delegated to it\n' : table(delegationHead, rows, session.paint);
  return {
    exit: exitCodes.ok,
    data: {
      gateway: id,
      status: record?.status ?? null,
      class: record?.class ?? null,
      site: record?.site ?? null,
      delegations: delegations.map((one) => delegationData(one, now)),
    },
    text: `${fields(pairs, session.paint)}\n${told}`,
  };
}
