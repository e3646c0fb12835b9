import { InvalidArgumentError, type Command } from 'commander';
import type { NoteVerifier } from '../../audit/tlog/note.ts';
import type { Finding } from '../../audit/verify/findings.ts';
import type { LogReport, VerifyOptions } from '../../audit/verify/verify-log.ts';
import { parseInstant, type EpochMs } from '../../lib/clock.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { runFleet } from './fleet.ts';
import { keyOption, logKeys } from './keys.ts';
import { outsideOptions, trustedOutside, type OutsideOptions } from './outside.ts';
import { findingLine, reportData, reportText } from './report-text.ts';
import { readHeld, verifyOne } from './verify-one.ts';

export interface VerifyCommandOptions extends CommonOptions, OutsideOptions {
  readonly checkpoint?: string;
  readonly since?: EpochMs | 'held';
  readonly key?: readonly string[];
  readonly fleet?: string;
}

const help = `
Every entry is hashed, every tile compared, and the root held against the signed checkpoint; every key must have been named
by the one before it, every earlier checkpoint be continued, and time go on from record to record. What is wrong is said
with the entry that it is about. Without --key the keys in the log itself are taken: that shows what was damaged, not who
wrote it. Of keys for several logs each counts for the one whose name it bears.

Witnesses, time-stamping authorities and stores count where they are named here, or in the configuration of whose log is
verified without naming it, or which --config names. A store that cannot be asked is a remark.

Answers 0 where everything is what was signed, 1 where something is not, 2 where a log cannot be read.`;

/** `audit verify`. */
export function registerAuditVerify(group: Command, session: Session): void {
  const command = group
    .command('verify')
    .description('check that logs are what was signed: nothing changed, removed, added, moved or cut off')
    .argument('[log...]', "folders of logs, exports (.zip), addresses (default: the configuration's)")
    .option('--checkpoint <file>', 'a checkpoint of the log that you hold: the log must continue it')
    .option(
      '--since <instant>',
      'read only records from then on (RFC 3339), or from the entries on that --checkpoint does not cover: `checkpoint`',
      sinceArgument,
    )
    .addOption(keyOption())
    .option(
      '--fleet <file>',
      'the list of sites with their logs and keys: says which is missing, silent or not listed',
    )
    .addOption(configOption())
    .addHelpText('after', help);
  finish(
    outsideOptions(command),
    session,
    [
      'audit verify /srv/logs/site-b --key plant-7.key',
      'audit verify export.zip --key plant-7.key --checkpoint last-year.checkpoint',
      'audit verify site-b.zip --key plant-7.key --store https://vault.example.org/plant-7/',
      'audit verify --fleet fleet.yaml /srv/logs --json',
    ],
    (options: VerifyCommandOptions, [named]) => runVerify(named as readonly string[], options, session),
  );
}

function sinceArgument(text: string): EpochMs | 'held' {
  const at = text === 'checkpoint' ? 'held' : parseInstant(text);
  if (at === undefined)
    throw new InvalidArgumentError('It must be `checkpoint`, or RFC 3339, such as 2026-11-20T08:00:00Z.');
  return at;
}

async function runVerify(
  named: readonly string[],
  options: VerifyCommandOptions,
  session: Session,
): Promise<Answer> {
  const shared = await sharedOptions(named, options, session);
  if (options.fleet !== undefined) return runFleet(options.fleet, named, shared, session);
  const locations = named.length > 0 ? named : [session.config(options.config).audit.path];
  if (shared.held && locations.length > 1)
    throw new PortreeveError('PDP_USAGE', '--checkpoint is of one log: name one');
  const reports: LogReport[] = [];
  const areForSeveral = locations.length > 1;
  const unread: Unread[] = [];
  for (const location of locations) {
    try {
      reports.push(await verifyOne(location, { ...shared, areForSeveral }, session));
    } catch (thrown) {
      const error = unreadable(thrown);
      // What is known of the others is told all the same.
      if (!areForSeveral) throw error;
      unread.push({ location, error: { code: error.code, message: error.message } });
    }
  }
  const findings = areForSeveral && unread.length === 0 ? unusedKeys(shared.keys, reports) : [];
  const failed =
    findings.length > 0 || unread.length > 0 || reports.some(({ verdict }) => verdict === 'failed');
  const wrong = [
    ...findings.map((one) => findingLine(session.paint('bad', 'WRONG'), one)),
    ...unread.map(
      ({ location, error }) =>
        `${session.paint('bad', 'UNREAD')} ${plain(`${location}: ${error.message}`)}\n`,
    ),
  ].join('');
  return {
    exit: unread.length > 0 ? exitCodes.refused : failed ? exitCodes.failed : exitCodes.ok,
    data: {
      verdict: failed ? 'failed' : 'verified',
      logs: reports.map(reportData),
      ...(areForSeveral && { findings, unread }),
    },
    text: [...reports.map((report) => reportText(report, session)), ...(wrong ? [wrong] : [])].join('\n'),
  };
}

/** A log that could not be read, of which nothing is known. */
interface Unread {
  readonly location: string;
  readonly error: Pick<PortreeveError, 'code' | 'message'>;
}

/** A log that is not there could not be read: that is no verdict on it. */
function unreadable(thrown: unknown): PortreeveError {
  const error = asPortreeveError(thrown);
  if (error.code !== 'PDP_NOT_FOUND') return error;
  return new PortreeveError('PDP_INPUT_MALFORMED', error.message, { cause: error });
}

/** Keys of a log that is none of those that were verified: another may stand in the place of the one that was meant. */
function unusedKeys(given: readonly NoteVerifier[], reports: readonly LogReport[]): readonly Finding[] {
  if (reports.some(({ origin }) => origin === null)) return [];
  const names = new Set(reports.map(({ origin }) => origin));
  return given
    .filter(({ name }) => !names.has(name))
    .map(({ text }) => ({
      code: 'key.unknown',
      entry: null,
      message: `none of these logs is the one of the key ${text}`,
    }));
}

/** What is the same for every log. */
async function sharedOptions(
  named: readonly string[],
  options: VerifyCommandOptions,
  session: Session,
): Promise<VerifyOptions> {
  const { checkpoint, since, config } = options;
  if (since === 'held' && checkpoint === undefined)
    throw new PortreeveError('PDP_USAGE', '--since checkpoint needs --checkpoint');
  // Whoever names logs brings his own trust, unless he says whose configuration he takes it from.
  const isOwn = config !== undefined || (named.length === 0 && options.fleet === undefined);
  return {
    keys: logKeys(options.key, session),
    ...(checkpoint !== undefined && { held: readHeld(checkpoint, session) }),
    ...(since !== undefined && { since }),
    outside: await trustedOutside(options, isOwn ? { config } : undefined, session),
  };
}
