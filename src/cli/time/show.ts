import type { Command } from 'commander';
import { formatInstant } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/duration.ts';
import { clockAgainstStore, knownTime } from '../../server/time/known-time.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';

/** `time show`. */
export function registerTimeShow(group: Command, session: Session): void {
  const command = group
    .command('show')
    .description("hold this machine's clock against the kept time; answers 1 where it is behind")
    .addOption(configOption());
  finish(command, session, ['time show', 'time show --json'], (options: CommonOptions) =>
    runShow(options, session),
  );
}

async function runShow(options: CommonOptions, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const { clock } = session.around;
  const { time, standing } = await withStore(config, 'read_only', clock, (store) => ({
    time: knownTime(store, clock.now(), config.time),
    standing: clockAgainstStore(store, clock, config.time).standing(),
  }));
  const system = clock.now();
  const data = {
    trusted: standing === null,
    system: formatInstant(system),
    kept: formatInstant(time.kept),
    confirmed: formatInstant(time.confirmed),
    behind_s: Math.max(0, Math.floor((time.kept - system) / 1000)),
    tolerance_s: config.time.tolerance / 1000,
    resets: time.resets,
  };
  const verdict = data.trusted
    ? 'the clock is trusted'
    : `the clock is behind by ${formatDuration(data.behind_s * 1000)}: nothing is allowed without clock grace`;
  return {
    exit: data.trusted ? exitCodes.ok : exitCodes.failed,
    data,
    text: `clock      ${data.system}\nkept time  ${data.kept}\nconfirmed  ${data.confirmed}\n${verdict}\n`,
  };
}
