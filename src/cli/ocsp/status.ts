import type { Command } from 'commander';
import { formatDuration } from '../../lib/duration.ts';
import { loadAuthorities } from '../../server/loaded.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { table, type Cell } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { configuredResponders, ocspStates, type OcspState } from './states.ts';

/** `ocsp status`. */
export function registerOcspStatus(group: Command, session: Session): void {
  const command = group
    .command('status')
    .description(
      'show every configured responder: what it has answered, how old that is, when it is asked next, and its last error; answers 1 where one gives no answers that can be used',
    )
    .addOption(configOption());
  finish(command, session, ['ocsp status', 'ocsp status --json'], (options: CommonOptions) =>
    runStatus(options, session),
  );
}

async function runStatus(options: CommonOptions, session: Session): Promise<Answer> {
  const { clock } = session.around;
  const config = session.config(options.config);
  const responders = configuredResponders(config, loadAuthorities(config));
  const states = await withStore(config, 'read_only', clock, (store) =>
    store.snapshot(() => ocspStates(responders, store, clock.now())),
  );
  const head = [
    'CA',
    'state',
    'good',
    'revoked',
    'unknown',
    'unanswered',
    'oldest',
    'next',
    'responder',
    'error',
  ];
  return {
    exit: states.some(({ state }) => state === 'failing') ? exitCodes.failed : exitCodes.ok,
    data: { responders: states },
    text:
      states.length === 0
        ? 'no OCSP responder is configured (revocation.ocsp.responders)\n'
        : table(head, states.map(row), session.paint),
  };
}

function row(one: OcspState): Cell[] {
  const tone = { good: 'good', failing: 'bad', unused: 'quiet' } as const;
  return [
    one.issuer,
    { text: one.state, tone: tone[one.state] },
    one.good,
    one.revoked,
    one.unknown,
    one.unanswered,
    one.oldest_age_s === null ? null : formatDuration(one.oldest_age_s * 1000),
    one.next_fetch,
    one.responder,
    one.error?.message ?? null,
  ];
}
