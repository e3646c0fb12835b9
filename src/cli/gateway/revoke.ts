import type { Command } from 'commander';
import { revokeDelegations } from '../../inventory/gateways/edit.ts';
import { delegationText } from '../../inventory/gateways/table.ts';
import { configOption, finish, whyOption, type CommonOptions } from '../command.ts';
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
  readonly why: string;
}

/** `gateway revoke ID --why TEXT`. */
export function registerGatewayRevoke(group: Command, session: Session): void {
  const command = group
    .command('revoke')
    .description('take back what is delegated to a gateway, all of it or a part; in force at once')
    .argument('<id>', 'id of the gateway')
    .option('--device <id>', 'only for this device')
    .option('--class <name>', 'only for this class')
    .option('--site <name>', 'only for this site')
    .addOption(whyOption().makeOptionMandatory())
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    ['gateway revoke gw-7 --class sensor --why "moved to gw-8"'],
    (options: Options, [id]) => runRevoke(id as string, options, session),
  );
}

async function runRevoke(gateway: string, options: Options, session: Session): Promise<Answer> {
  const { tenant, why } = options;
  const config = session.config(options.config);
  const which = delegationScope(gateway, options);
  const { revoked, epoch, now } = await withStore(config, 'read_write', session.around.clock, (store) => {
    const at = knownNow(store, session.around.clock, config);
    return { ...revokeDelegations(store, which, { tenant, actor: session.actor(), why, now: at }), now: at };
  });
  return {
    exit: exitCodes.ok,
    data: { revoked: revoked.map((one) => delegationData(one, now)), epoch },
    text: revoked.map((one) => `${plain(delegationText(one))} is over (epoch ${epoch})\n`).join(''),
  };
}
