import type { Command } from 'commander';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { knownTime } from '../../server/time/known-time.ts';
import { resetKeptTime } from '../../store/kept-time.ts';
import { configOption, finish, whyOption, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';

interface Options extends CommonOptions {
  readonly why: string;
}

/** `time reset --why TEXT`. */
export function registerTimeReset(group: Command, session: Session): void {
  const command = group
    .command('reset')
    .description(
      "believe this machine's clock as it is now: set it first, then let the kept time begin with it",
    )
    .addOption(whyOption().makeOptionMandatory())
    .addOption(configOption());
  finish(command, session, ['time reset --why "the clock was in 2080 for a day"'], (options: Options) =>
    runReset(options, session),
  );
}

async function runReset(options: Options, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const now = session.around.clock.now();
  const { before, epoch } = await withStore(config, 'read_write', session.around.clock, (store) =>
    store.transact(() => {
      const known = knownTime(store, now, config.time);
      const change = { actor: session.actor(), why: options.why, now };
      const done = { before: known.kept, epoch: resetKeptTime(store, change) };
      refuseBehind(now, knownTime(store, now, config.time).kept, config.time.tolerance);
      return done;
    }),
  );
  const data = { before: formatInstant(before), kept: formatInstant(now), epoch };
  return {
    exit: exitCodes.ok,
    data,
    text: `the kept time was ${data.before} and is ${data.kept} (epoch ${epoch})\n`,
  };
}

/** What a CRL or the program itself shows goes on to count: a reset would only seem to help. */
function refuseBehind(now: EpochMs, known: EpochMs, tolerance: number): void {
  if (now >= known - tolerance) return;
  throw new PortreeveError(
    'PDP_USAGE',
    `the clock shows ${formatInstant(now)}, and a CRL in force or the program itself is of ${formatInstant(known)}: ` +
      'set the clock first; nothing was changed',
  );
}
