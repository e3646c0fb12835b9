import type { Command } from 'commander';
import { PortreeveError } from '../../../lib/errors.ts';
import { admitBundle } from '../../../server/bundles/admit.ts';
import { awaitInForce } from '../../../server/bundles/await-in-force.ts';
import { keptBundle, keptBytes, pinBundle } from '../../../server/bundles/table.ts';
import { clockAgainstStore } from '../../../server/time/known-time.ts';
import { shadowBundle } from '../../../server/shadow/wanted.ts';
import { configOption, finish, whyOption, type CommonOptions } from '../../command.ts';
import type { Answer, Session } from '../../session.ts';
import { withStore } from '../../with-store.ts';
import { digestInForce, whoOption } from '../kept.ts';
import { pinnedAnswer } from '../pinned-answer.ts';

interface Options extends CommonOptions {
  readonly why: string;
  readonly who?: string;
}

/** `policy shadow promote [DIGEST]`. */
export function registerShadowPromote(group: Command, session: Session): void {
  const command = group
    .command('promote')
    .description('put the bundle on trial in force on all workers and pin it, until `policy unpin`')
    .argument('[digest]', 'refuse where another one than this (its SHA-256, or the first digits) is on trial')
    .addOption(whyOption().makeOptionMandatory())
    .addOption(whoOption())
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nReturns when the running server decides by it on every worker; answers 1 where it does not.\n' +
        'Its trial ends with that. Let its usual source bring it too, before you unpin it.',
    );
  finish(
    command,
    session,
    [
      'policy shadow promote --why "a week without lock-outs, change 77"',
      'policy shadow promote 3f9a2c51 --who "day shift" --why "change 77" --json',
    ],
    (options: Options, [digest]) => runPromote(digest as string | undefined, options, session),
  );
}

async function runPromote(prefix: string | undefined, options: Options, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const { clock } = session.around;
  return withStore(config, 'read_write', clock, async (store) => {
    const at = clockAgainstStore(store, clock, config.time).now();
    const found = shadowBundle(config, store, at);
    const bytes = found && keptBytes(store, found.digest);
    const bundle = found && keptBundle(store, found.digest);
    if (!bundle || !bytes)
      throw new PortreeveError('PDP_NOT_FOUND', 'no bundle is on trial: see policy.shadow and /status');
    const { digest } = bundle;
    if (prefix !== undefined && (prefix.length < 4 || !digest.startsWith(prefix.toLowerCase())))
      throw new PortreeveError('PDP_NOT_FOUND', `another bundle than ${prefix} is on trial: ${digest}`);
    if (digestInForce(config, store) === digest)
      throw new PortreeveError('PDP_USAGE', `bundle ${digest} is in force already`);
    await admitBundle(bytes, config);
    const pin = { digest, at, actor: options.who ?? session.actor(), why: options.why };
    const epoch = pinBundle(store, pin, 'policy.promote');
    const came = await awaitInForce(store, digest, clock, at);
    return pinnedAnswer(bundle, { came, epoch });
  });
}
