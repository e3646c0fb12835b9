import type { Command } from 'commander';
import { openingFolderOf } from '../../audit/home.ts';
import { eraseOpenings } from '../../audit/redact/openings.ts';
import type { Erasing } from '../../audit/redact/openings.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { configOption, finish, instantArgument, whyOption, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';

interface Options extends CommonOptions {
  readonly value?: string;
  readonly before?: EpochMs;
  readonly why: string;
}

/** `audit erase`. */
export function registerAuditErase(group: Command, session: Session): void {
  const command = group
    .command('erase')
    .description(
      'make what records hide (audit.redact) unrevealable for good; the records themselves stay, and verify',
    )
    .argument('[id...]', 'decisions')
    .option('--value <text>', 'of every decision that hides this text anywhere, such as a device id')
    .option('--before <instant>', 'of every decision from before then (RFC 3339)', instantArgument)
    .addOption(whyOption().makeOptionMandatory())
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nExactly one of the three. That something was erased, by whom and why is recorded; what it was is not. Copies that were\n' +
        'made of the folder `reveal` beside the log are not reached, and neither is what was revealed before.',
    );
  finish(
    command,
    session,
    [
      'audit erase --value urn:dev:meter-0001 --why "request of its owner, ticket 4711"',
      'audit erase --before 2026-05-01T00:00:00Z --why "half a year is over"',
    ],
    (options: Options, [ids]) => runErase(ids as readonly string[], options, session),
  );
}

async function runErase(ids: readonly string[], options: Options, session: Session): Promise<Answer> {
  const { erasing, selector } = what(ids, options);
  const config = session.config(options.config);
  const { clock } = session.around;
  const { erased, epoch } = await withStore(config, 'read_write', clock, (store) => {
    const removed = eraseOpenings(openingFolderOf(config.audit.path), erasing);
    const by = { tenant: 'default', at: clock.now(), actor: session.actor(), why: options.why };
    const change = { ...by, kind: 'audit.erase', selector, detail: { erased: removed } };
    return { erased: removed, epoch: store.transact(() => store.change(change)) };
  });
  const text = `${erased} ${erased === 1 ? 'decision' : 'decisions'} can be revealed no more (epoch ${epoch})\n`;
  return { exit: exitCodes.ok, data: { erased, epoch }, text };
}

function what(
  ids: readonly string[],
  { value, before }: Options,
): { readonly erasing: Erasing; readonly selector: string } {
  const named = [ids.length > 0, value !== undefined, before !== undefined].filter(Boolean).length;
  if (named !== 1)
    throw new PortreeveError(
      'PDP_USAGE',
      'name decisions, or --value, or --before: exactly one of the three',
    );
  if (value !== undefined)
    return { erasing: ({ values }) => Object.values(values).includes(value), selector: 'a value' };
  if (before !== undefined) {
    const until = formatInstant(before);
    return { erasing: ({ time }) => time < until, selector: `before ${until}` };
  }
  const wanted = new Set(ids);
  return { erasing: ({ decision_id: id }) => wanted.has(id), selector: ids.join(' ') };
}
