import { InvalidArgumentError, Option, type Command } from 'commander';
import { countLockout } from '../../inventory/lockout.ts';
import {
  isAboveLimit,
  lockoutLimitOf,
  lockoutText,
  requireLockout,
  type Lockout,
} from '../../inventory/lockout-limit.ts';
import { formatInstant, parseInstant } from '../../lib/clock.ts';
import { parseDuration } from '../../lib/duration.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { addHold, type AddHold } from '../../revocation/holds/edit.ts';
import { holdText } from '../../revocation/holds/list.ts';
import { clockAgainstStore } from '../../server/time/known-time.ts';
import { loadTrust } from '../../server/loaded.ts';
import { configOption, finish, instantArgument, whyOption, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { lockoutOption } from '../lockout.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { holdData, tenantOption, whoOption } from './common.ts';
import { lockoutOfHold } from './lockout-of.ts';
import { readSubject, type SubjectOptions } from './subject.ts';
import { holdWarnings } from './warnings.ts';

/** Where a hold ends: an instant, or a length of time from now. */
type Until = { readonly at: number } | { readonly after: number };

interface Options extends CommonOptions, SubjectOptions {
  readonly tenant: string;
  readonly why: string;
  readonly who?: string;
  readonly until?: Until;
  /** False for `--no-end`. */
  readonly end: boolean;
  readonly lockout?: number;
  readonly dryRun?: boolean;
}

/** `hold add`. */
export function registerHoldAdd(group: Command, session: Session): void {
  const command = group
    .command('add')
    .description('hold something; every running server denies by it when the command has returned')
    .option('--device <id>', 'a device: its own connections, and what it speaks for as a gateway')
    .option('--certificate <sha256>', "a certificate by its fingerprint, a device's or a CA's")
    .option('--certificate-file <file>', 'a certificate by its file (PEM or DER)')
    .option('--key <sha256>', 'a key by the SHA-256 of its SubjectPublicKeyInfo, in whichever certificate')
    .option('--issuer <name>', "everything under a CA: its configured name, or its key's SHA-256")
    .addOption(
      new Option(
        '--issued-before <instant>',
        'beside --issuer: only where a certificate under it is valid from before then',
      ).argParser(instantArgument),
    )
    .option('--firmware <hash>', 'a firmware hash, claimed or attested')
    .option('--class <name>', 'a class of devices')
    .option('--gateway <id>', 'what comes by a gateway or enforcement point, and the gateway itself')
    .option('--network <cidr>', 'what comes from a network, by its source address')
    .addOption(
      new Option('--until <when>', 'when it ends by itself: an instant, or a time from now such as 4h')
        .argParser(untilArgument)
        .conflicts('end'),
    )
    .option('--no-end', 'hold until it is lifted')
    .addOption(whyOption().makeOptionMandatory())
    .addOption(whoOption())
    .addOption(lockoutOption())
    .option('--dry-run', 'work out how many devices it would keep out; change nothing')
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    [
      'hold add --device meter-0001 --until 4h --why "case 17"',
      'hold add --issuer meters-ca --issued-before 2026-11-01T00:00:00Z --no-end --why "key ceremony" --dry-run',
    ],
    (options: Options) => runAdd(options, session),
  );
}

function untilArgument(text: string): Until {
  const after = parseDuration(text);
  if (after !== undefined) return { after };
  const at = parseInstant(text);
  if (at === undefined) {
    throw new InvalidArgumentError('It must be RFC 3339, or a length of time such as 30m, 12h or 7d.');
  }
  return { at };
}

async function runAdd(options: Options, session: Session): Promise<Answer> {
  const { tenant, why, issuedBefore, dryRun = false } = options;
  const config = session.config(options.config);
  const trust = loadTrust(config);
  const subject = await readSubject(options, trust, session);
  const question = lockoutOfHold(subject, { config, trust, tenant, issuedBefore });
  const limit = lockoutLimitOf(config);
  return withStore(config, dryRun ? 'read_only' : 'read_write', session.around.clock, (store) => {
    // Servers judge its end by the kept time: four hours from now in 1970 would be over before it began.
    const now = clockAgainstStore(store, session.around.clock, config.time).now();
    const hold = {
      ...{ tenant, ...subject, why, now, who: options.who ?? session.actor() },
      until: endOf(options, now),
      ...(issuedBefore !== undefined && { issuedBefore }),
    };
    const lockout = countLockout(store, { tenant, limit, ...question });
    const warnings = holdWarnings(hold, { config, store, now });
    if (dryRun) return planned(hold, lockout, isAboveLimit(lockout, limit), warnings);
    requireLockout(lockout, { limit, typed: options.lockout });
    const added = addHold(store, { ...hold, keptOut: lockout.kept_out });
    const end = added.until === null ? 'until it is lifted' : `until ${formatInstant(added.until)}`;
    return {
      exit: exitCodes.ok,
      data: { dry_run: false, hold: holdData({ ...added, state: 'in_force' }), lockout, warnings },
      text:
        `${added.hold_id}: ${plain(holdText(added))} held ${end} (epoch ${added.epoch}); ` +
        `it keeps out ${plain(lockoutText(lockout))}\n${notes(lockout, warnings)}`,
    };
  });
}

function endOf({ until, end }: Options, now: number): number | null {
  if (until === undefined && end) {
    throw new PortreeveError('PDP_USAGE', 'say when it ends by --until, or that it does not by --no-end');
  }
  if (until === undefined) return null;
  return 'at' in until ? until.at : now + until.after;
}

function planned(
  hold: AddHold & { readonly name: string },
  lockout: Lockout,
  above: boolean,
  warnings: readonly string[],
): Answer {
  const { kind, value, name, issuedBefore = null } = hold;
  const needed = above ? ` (more than limits.max_lockout: it takes --lockout ${lockout.kept_out})` : '';
  const what = holdText({ kind, value, name, issued_before: issuedBefore });
  return {
    exit: exitCodes.ok,
    data: { dry_run: true, hold: null, lockout, needs_lockout: above ? lockout.kept_out : null, warnings },
    text: `${plain(what)} would keep out ${plain(lockoutText(lockout))}${needed}\n${notes(lockout, warnings)}`,
  };
}

function notes({ unknown }: Lockout, warnings: readonly string[]): string {
  return [...unknown.map((one) => `not known: ${one}`), ...warnings.map((one) => `warning  ${one}`)]
    .map((line) => `${plain(line)}\n`)
    .join('');
}
