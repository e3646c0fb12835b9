import type { Command } from 'commander';
import { formatInstant } from '../../lib/clock.ts';
import { bundlePin, keptBundles, type BundlePin, type KeptBundle } from '../../server/bundles/table.ts';
import { clockAgainstStore } from '../../server/time/known-time.ts';
import { loadAuthorities } from '../../server/loaded.ts';
import { shadowBundle } from '../../server/shadow/wanted.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain, table, type Cell } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { sourceTable, sourceViews } from '../sources.ts';
import { withStore } from '../with-store.ts';
import { bundleData, digestInForce } from './kept.ts';

/** `policy list`. */
export function registerPolicyList(group: Command, session: Session): void {
  const command = group
    .command('list')
    .description(
      'list the bundles that are kept, the one in force first, and the sources that they come from',
    )
    .addOption(configOption());
  finish(command, session, ['policy list', 'policy list --json'], (options: CommonOptions) =>
    runList(options, session),
  );
}

async function runList(options: CommonOptions, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const { clock } = session.around;
  return withStore(config, 'read_only', clock, (store) => {
    const pin = bundlePin(store);
    const current = digestInForce(config, store);
    const now = clockAgainstStore(store, clock, config.time).now();
    const sources = sourceViews(config, loadAuthorities(config), store, now, 'policy');
    const bundles = keptBundles(store).toSorted(
      (a, b) => Number(b.digest === current) - Number(a.digest === current),
    );
    const head = [
      'bundle',
      'state',
      'revision',
      'source',
      'brought',
      'in force since',
      'signed by',
      'self-test',
    ];
    const trial = shadowBundle(config, store, now)?.digest;
    const rows = bundles.map((bundle) => row(bundle, { current, trial }, pin));
    const kept = bundles.length === 0 ? 'no bundles are kept\n' : table(head, rows, session.paint);
    const shipped = current === null ? 'in force is the default policy that ships, or none\n' : '';
    return {
      exit: exitCodes.ok,
      data: {
        in_force: current,
        on_trial: trial ?? null,
        pinned: pin ? { digest: pin.digest, at: formatInstant(pin.at), who: pin.actor, why: pin.why } : null,
        bundles: bundles.map(bundleData),
        sources,
      },
      text: `${kept}${shipped}${pinText(pin)}${sourceTable(sources, session.paint)}`,
    };
  });
}

function row(
  bundle: KeptBundle,
  { current, trial }: { readonly current: string | null; readonly trial: string | undefined },
  pin: BundlePin | undefined,
): Cell[] {
  const { digest, revision, source, broughtAt, inForceAt, keyId, cases } = bundle;
  const state: Cell =
    digest === pin?.digest
      ? { text: 'pinned', tone: 'warn' }
      : digest === current
        ? { text: 'in force', tone: 'good' }
        : digest === trial
          ? { text: 'on trial', tone: 'quiet' }
          : { text: inForceAt === null ? 'brought' : 'before', tone: 'quiet' };
  const since = inForceAt === null ? null : formatInstant(inForceAt);
  const signer = keyId ?? null;
  return [digest.slice(0, 12), state, revision, source, formatInstant(broughtAt), since, signer, cases];
}

function pinText(pin: BundlePin | undefined): string {
  if (!pin) return '';
  return `pinned since ${formatInstant(pin.at)} by ${plain(pin.actor)}: ${plain(pin.why)}\n`;
}
