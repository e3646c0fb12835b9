import type { Command } from 'commander';
import type { TrustSet } from '../../identity/types.ts';
import { formatName } from '../../identity/name-text.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/duration.ts';
import { judgeFreshness } from '../../revocation/freshness.ts';
import { createRevocationReader } from '../../revocation/reader.ts';
import type { CrlInfo } from '../../revocation/types.ts';
import { listAuthorities, readTrust } from '../authorities.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { table, type Cell, type Tone } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';

/** The state of one CA's CRL. */
export interface CrlState {
  /** Configured name of the CA; null for a CRL whose CA is not configured any more. */
  readonly authority: string | null;
  readonly issuer: string;
  readonly issuer_key: string;
  /** By the strictest rules of the anchors: `fresh`, `within_grace`, `stale` or `missing`. */
  readonly state: 'fresh' | 'within_grace' | 'stale' | 'missing';
  readonly required: boolean;
  readonly number: string | null;
  readonly this_update: string | null;
  readonly next_update: string | null;
  readonly age_s: number | null;
  readonly entries: number | null;
  readonly source: string | null;
}

/** `crl status`. */
export function registerCrlStatus(group: Command, session: Session): void {
  const command = group
    .command('status')
    .description(
      'show the CRL of every configured CA, its number and age; answers 1 where a required one is missing or stale',
    )
    .addOption(configOption());
  finish(command, session, ['crl status', 'crl status --json'], (options: CommonOptions) =>
    runStatus(options, session),
  );
}

async function runStatus(options: CommonOptions, session: Session): Promise<Answer> {
  const { clock } = session.around;
  const config = session.config(options.config);
  const crls = await withStore(config, 'read_only', clock, (store) => {
    const reader = createRevocationReader(store);
    return store.snapshot(() => reader.crls());
  });
  const states = crlStates(readTrust(config), crls, clock.now());
  const bad = states.some(({ required, state }) => required && (state === 'missing' || state === 'stale'));
  const head = ['CA', 'state', 'number', 'age', 'next update', 'entries', 'from'];
  return {
    exit: bad ? exitCodes.failed : exitCodes.ok,
    data: { crls: states },
    text: table(head, states.map(row), session.paint),
  };
}

/** The state of each configured CA's CRL at `now`, then of CRLs whose CA is not configured. */
export function crlStates(trust: TrustSet, crls: readonly CrlInfo[], now: EpochMs): readonly CrlState[] {
  const byKey = new Map(crls.map((crl) => [crl.issuerKey, crl]));
  const rules = strictest(trust);
  const configured = listAuthorities(trust).map(({ name, certificate }) => {
    const crl = byKey.get(certificate.keyDigest);
    byKey.delete(certificate.keyDigest);
    return describeCrl(name, formatName(certificate.subject), certificate.keyDigest, crl, rules, now);
  });
  const others = [...byKey.values()].map((crl) =>
    describeCrl(null, crl.issuerName, crl.issuerKey, crl, rules, now),
  );
  return [...configured, ...others.map((one) => ({ ...one, required: false }))];
}

/** A CA may stand below several anchors: what the strictest of them asks. */
function strictest(trust: TrustSet): { required: boolean; graceMs: number; maxAgeMs?: number } {
  const asking = trust.anchors.map(({ revocation }) => revocation).filter(({ required }) => required);
  const ages = asking.flatMap(({ maxAgeMs }) => maxAgeMs ?? []);
  return {
    required: asking.length > 0,
    graceMs: asking.length > 0 ? Math.min(...asking.map(({ graceMs }) => graceMs)) : 0,
    ...(ages.length > 0 && { maxAgeMs: Math.min(...ages) }),
  };
}

function describeCrl(
  authority: string | null,
  issuer: string,
  issuerKey: string,
  crl: CrlInfo | undefined,
  rules: ReturnType<typeof strictest>,
  now: EpochMs,
): CrlState {
  return {
    authority,
    issuer,
    issuer_key: issuerKey,
    state: judgeFreshness(crl, rules, now).freshness,
    required: rules.required,
    number: crl?.number ?? null,
    this_update: crl ? formatInstant(crl.thisUpdate) : null,
    next_update: crl ? formatInstant(crl.nextUpdate) : null,
    age_s: crl ? Math.floor((now - crl.thisUpdate) / 1000) : null,
    entries: crl?.entries ?? null,
    source: crl?.source ?? null,
  };
}

const tones: Readonly<Record<CrlState['state'], Tone>> = {
  fresh: 'good',
  within_grace: 'warn',
  stale: 'bad',
  missing: 'bad',
};

function row(crl: CrlState): Cell[] {
  return [
    crl.authority ?? `(${crl.issuer})`,
    { text: crl.state, tone: crl.required ? tones[crl.state] : 'quiet' },
    crl.number,
    crl.age_s === null ? null : formatDuration(crl.age_s * 1000),
    crl.next_update,
    crl.entries,
    crl.source,
  ];
}
