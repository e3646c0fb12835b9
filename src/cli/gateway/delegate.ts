import type { Command } from 'commander';
import type { Config } from '../../config/types.ts';
import { delegate } from '../../inventory/gateways/edit.ts';
import { delegationText } from '../../inventory/gateways/table.ts';
import type { DelegationDraft } from '../../inventory/gateways/types.ts';
import { createInventoryReader } from '../../inventory/reader.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { configOption, finish, instantArgument, whyOption, type CommonOptions } from '../command.ts';
import { tenantOption } from '../device/tenant.ts';
import { exitCodes } from '../exit-codes.ts';
import { knownNow } from '../known-now.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { delegationScope, type ScopeOptions } from './scope.ts';
import { delegationData } from './shown.ts';

interface Options extends CommonOptions, ScopeOptions {
  readonly tenant: string;
  readonly until?: EpochMs;
  readonly why: string;
}

/** `gateway delegate ID --device|--class … --why TEXT`. */
export function registerGatewayDelegate(group: Command, session: Session): void {
  const command = group
    .command('delegate')
    .description('let a gateway speak for a device or a class, or give that another end; in force at once')
    .argument('<id>', 'id of the gateway')
    .option('--device <id>', 'for this device')
    .option('--class <name>', 'for devices of this class')
    .option('--site <name>', 'with --class: only for devices of this site')
    .option('--until <time>', 'until then (RFC 3339); else without an end', instantArgument)
    .addOption(whyOption().makeOptionMandatory())
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    ['gateway delegate gw-7 --class sensor --site quay-3 --until 2027-03-31T00:00:00Z --why "winter rota"'],
    (options: Options, [id]) => runDelegate(id as string, options, session),
  );
}

async function runDelegate(gateway: string, options: Options, session: Session): Promise<Answer> {
  const { tenant, until, why } = options;
  const config = session.config(options.config);
  const draft = {
    ...delegationScope(gateway, options),
    ...(until !== undefined && { until }),
  };
  const { made, now, warnings } = await withStore(config, 'read_write', session.around.clock, (store) => {
    const at = knownNow(store, session.around.clock, config);
    const done = delegate(store, draft, { tenant, actor: session.actor(), why, now: at });
    const reader = createInventoryReader(store);
    const isKnown = (id: string): boolean => store.snapshot(() => reader.device(tenant, id)) !== undefined;
    return { made: done, now: at, warnings: unknownNames(draft, isKnown, config) };
  });
  const end = until === undefined ? 'without an end' : `until ${formatInstant(until)}`;
  return {
    exit: exitCodes.ok,
    data: { delegation: delegationData(made, now), warnings },
    text: `${plain(delegationText(made))}, ${end} (epoch ${made.epoch})\n${warnings.map((one) => `${session.paint('warn', 'warning')}  ${plain(one)}\n`).join('')}`,
  };
}

/** What a slip in typing leads to: a delegation that nothing goes by. */
function unknownNames(
  { gateway, device_id: id, class: className }: DelegationDraft,
  isKnown: (id: string) => boolean,
  { classes }: Pick<Config, 'classes'>,
): readonly string[] {
  return [
    ...(isKnown(gateway) ? [] : [`the inventory has no gateway ${JSON.stringify(gateway)} so far`]),
    ...(id === undefined || isKnown(id) ? [] : [`the inventory has no device ${JSON.stringify(id)} so far`]),
    ...(className === undefined || Object.hasOwn(classes, className)
      ? []
      : [`class ${JSON.stringify(className)} is not in the configuration`]),
  ];
}
