import type { Command } from 'commander';
import { liftHold } from '../../revocation/holds/edit.ts';
import { holdText } from '../../revocation/holds/list.ts';
import { clockAgainstStore } from '../../server/time/known-time.ts';
import { configOption, finish, whyOption, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { holdData, tenantOption, whoOption } from './common.ts';

interface Options extends CommonOptions {
  readonly tenant: string;
  readonly why: string;
  readonly who?: string;
}

/** `hold lift ID --why TEXT`. */
export function registerHoldLift(group: Command, session: Session): void {
  const command = group
    .command('lift')
    .description('end a hold now; answers 1 where there is none in force with that id')
    .argument('<id>', 'id of the hold')
    .addOption(whyOption().makeOptionMandatory())
    .addOption(whoOption())
    .addOption(tenantOption())
    .addOption(configOption());
  finish(command, session, ['hold lift h3f29c01ab7d4 --why "case 17 is closed"'], (options: Options, [id]) =>
    runLift(id as string, options, session),
  );
}

async function runLift(id: string, options: Options, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const lifted = await withStore(config, 'read_write', session.around.clock, (store) =>
    liftHold(store, {
      tenant: options.tenant,
      holdId: id,
      who: options.who ?? session.actor(),
      why: options.why,
      now: clockAgainstStore(store, session.around.clock, config.time).now(),
    }),
  );
  return {
    exit: exitCodes.ok,
    data: { hold: holdData({ ...lifted, state: 'lifted' }) },
    text: `${plain(id)}: ${plain(holdText(lifted))} is held no more (epoch ${lifted.epoch})\n`,
  };
}
