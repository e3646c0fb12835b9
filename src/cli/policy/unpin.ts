import type { Command } from 'commander';
import { PortreeveError } from '../../lib/errors.ts';
import { unpinBundle } from '../../server/bundles/table.ts';
import { clockAgainstStore } from '../../server/time/known-time.ts';
import { configOption, finish, whyOption, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { whoOption } from './kept.ts';

interface Options extends CommonOptions {
  readonly why: string;
  readonly who?: string;
}

/** `policy unpin`. */
export function registerPolicyUnpin(group: Command, session: Session): void {
  const command = group
    .command('unpin')
    .description('let the sources say again which bundle is in force; answers 1 where none is pinned')
    .addOption(whyOption().makeOptionMandatory())
    .addOption(whoOption())
    .addOption(configOption());
  finish(command, session, ['policy unpin --why "mended in 2026-11-3, case 31"'], (options: Options) =>
    runUnpin(options, session),
  );
}

async function runUnpin(options: Options, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const { clock } = session.around;
  const ended = await withStore(config, 'read_write', clock, (store) => {
    const at = clockAgainstStore(store, clock, config.time).now();
    return unpinBundle(store, { at, actor: options.who ?? session.actor(), why: options.why });
  });
  if (!ended) throw new PortreeveError('PDP_NOT_FOUND', 'no bundle is pinned');
  const { pin, epoch } = ended;
  return {
    exit: exitCodes.ok,
    data: { unpinned: pin.digest, pinned_by: pin.actor, epoch },
    text: `${pin.digest.slice(0, 12)} is pinned no more (pinned by ${plain(pin.actor)}: ${plain(pin.why)}; epoch ${epoch})\n`,
  };
}
