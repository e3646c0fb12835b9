import type { Command } from 'commander';
import { PortreeveError } from '../../lib/errors.ts';
import { admitBundle } from '../../server/bundles/admit.ts';
import { awaitInForce } from '../../server/bundles/await-in-force.ts';
import { bundlePin, keptBytes, pinBundle } from '../../server/bundles/table.ts';
import { clockAgainstStore } from '../../server/time/known-time.ts';
import { configOption, finish, whyOption, type CommonOptions } from '../command.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { digestInForce, keptBefore, keptByPrefix, whoOption } from './kept.ts';
import { pinnedAnswer } from './pinned-answer.ts';

interface Options extends CommonOptions {
  readonly why: string;
  readonly who?: string;
}

/** `policy rollback [DIGEST]`. */
export function registerPolicyRollback(group: Command, session: Session): void {
  const command = group
    .command('rollback')
    .description(
      'put a kept bundle in force on all workers and pin it, whatever sources bring, until `policy unpin`',
    )
    .argument('[digest]', 'its SHA-256, or the first digits of it; else the one that was in force before')
    .addOption(whyOption().makeOptionMandatory())
    .addOption(whoOption())
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nReturns when the running server decides by it on every worker; answers 1 where it does not.\n' +
        'Without a server it is in force at the next start. A bundle whose signature does not count is refused.',
    );
  finish(
    command,
    session,
    [
      'policy rollback --why "readers are locked out, case 31"',
      'policy rollback 3f9a2c51 --who "night shift" --why "case 31" --json',
    ],
    (options: Options, [digest]) => runRollback(digest as string | undefined, options, session),
  );
}

async function runRollback(prefix: string | undefined, options: Options, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const { clock } = session.around;
  return withStore(config, 'read_write', clock, async (store) => {
    const bundle =
      prefix === undefined ? keptBefore(store, digestInForce(config, store)) : keptByPrefix(store, prefix);
    const bytes = keptBytes(store, bundle.digest);
    if (!bytes) throw new PortreeveError('PDP_NOT_FOUND', `bundle ${bundle.digest} is not kept any more`);
    await admitBundle(bytes, config);
    const at = clockAgainstStore(store, clock, config.time).now();
    const { digest } = bundle;
    const before = bundlePin(store);
    const epoch = pinBundle(store, { digest, at, actor: options.who ?? session.actor(), why: options.why });
    // Pinned once more it has come into force by the first pin.
    const since = before?.digest === digest ? before.at : at;
    const came = await awaitInForce(store, digest, clock, since);
    return pinnedAnswer(bundle, { came, epoch });
  });
}
