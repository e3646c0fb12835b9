import type { Command } from 'commander';
import { formatDuration } from '../../lib/duration.ts';
import { expectedPoints } from '../../revocation/coverage.ts';
import { createRevocationReader } from '../../revocation/reader.ts';
import { loadAuthorities, namedAuthorities } from '../../server/loaded.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { table, type Cell, type Tone } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { sourceTable, sourceViews } from '../sources.ts';
import { withStore } from '../with-store.ts';
import { crlStates, type CrlState } from './states.ts';

/** `crl status`. */
export function registerCrlStatus(group: Command, session: Session): void {
  const command = group
    .command('status')
    .description(
      'show the CRLs of every configured CA, part by part, their numbers and ages, and the URLs that they come from; answers 1 where a required one is missing or stale',
    )
    .addOption(configOption());
  finish(command, session, ['crl status', 'crl status --json'], (options: CommonOptions) =>
    runStatus(options, session),
  );
}

async function runStatus(options: CommonOptions, session: Session): Promise<Answer> {
  const { clock } = session.around;
  const config = session.config(options.config);
  const authorities = loadAuthorities(config);
  const { crls, sources } = await withStore(config, 'read_only', clock, (store) => {
    const reader = createRevocationReader(store);
    return store.snapshot(() => ({
      crls: reader.crls(),
      sources: sourceViews(config, authorities, store, clock.now(), 'crl'),
    }));
  });
  const expected = expectedPoints(config.revocation.coverage, namedAuthorities(authorities));
  const states = crlStates(authorities, crls, clock.now(), expected);
  const bad = states.some(({ required, state }) => required && (state === 'missing' || state === 'stale'));
  const head = ['CA', 'state', 'number', 'age', 'next update', 'entries', 'from'];
  return {
    exit: bad ? exitCodes.failed : exitCodes.ok,
    data: { crls: states, sources },
    text: [table(head, states.map(row), session.paint), sourceTable(sources, session.paint)]
      .filter((part) => part !== '')
      .join('\n'),
  };
}

const tones: Readonly<Record<CrlState['state'], Tone>> = {
  fresh: 'good',
  within_grace: 'warn',
  stale: 'bad',
  missing: 'bad',
};

function authorityOf({ authority, role, issuer, points, scope }: CrlState): string {
  const part = points[0] ?? scope;
  const where = part === '' ? '' : ` ${part}`;
  if (authority === null) return `(${issuer})${where}`;
  return role === 'pep_ca' ? `${authority} (of PEPs)${where}` : `${authority}${where}`;
}

/** The complete CRL's, and the delta's behind it: in brackets where the two do not go together. */
function withDelta<T>(own: T | null, delta: T | null | undefined, fits: boolean | undefined): string | null {
  if (delta === null || delta === undefined) return own === null ? null : String(own);
  return `${String(own ?? '-')} ${fits ? `+ ${String(delta)}` : `(+ ${String(delta)})`}`;
}

function row(crl: CrlState): Cell[] {
  return [
    authorityOf(crl),
    { text: crl.state, tone: crl.required ? tones[crl.state] : 'quiet' },
    withDelta(crl.number, crl.delta?.number, crl.delta?.fits),
    crl.age_s === null ? null : formatDuration(crl.age_s * 1000),
    crl.next_update,
    withDelta(crl.entries, crl.delta?.entries, crl.delta?.fits),
    crl.source,
  ];
}
