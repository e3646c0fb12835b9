import type { Command } from 'commander';
import { readRecord } from '../../audit/read-record.ts';
import type { AuditRecord } from '../../audit/record.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { keptFolder } from '../../server/records/keep-versions.ts';
import { finish } from '../command.ts';
import { createGatherer } from '../decide/gather.ts';
import { concludeRecordAgain, replayData, replayText, type ReplayedRecord } from '../decide/replay.ts';
import { exitCodes } from '../exit-codes.ts';
import { optionalConfig } from '../policy/optional-config.ts';
import type { Answer, Session } from '../session.ts';
import { findEntry } from './find.ts';
import { refuseWithoutKept, withKeptAway, type KeptAway } from '../kept-away.ts';
import { indexOption, logsOptions, withLogs, type LogsOptions, type LogsWork } from './logs.ts';

/** `audit replay`. */
export function registerAuditReplay(group: Command, session: Session): void {
  const command = group
    .command('replay')
    .description('decide recorded decisions again by the policy and state that they name, and compare')
    .argument('<id...>', 'decision ids');
  indexOption(logsOptions(command, { asArguments: false })).addHelpText(
    'after',
    '\nWhat a record names by digest is looked for with its log (`kept/` in the folder, the export or at the address), and where\nthe configuration keeps it. Answers 1 where' +
      '\none does not come out the same or cannot be decided again.',
  );
  finish(
    command,
    session,
    [
      'audit replay 019aa1c0-5b2e-7c3a-9d10-3f2a6b7c8d9e',
      'audit replay 019aa1c0-5b2e-7c3a-9d10-3f2a6b7c8d9e --log /srv/logs/site-b --json',
    ],
    (options: LogsOptions, [ids]) => runReplay(ids as readonly string[], options, session),
  );
}

function runReplay(ids: readonly string[], options: LogsOptions, session: Session): Promise<Answer> {
  return withLogs([], options, session, async (work) => {
    const config = optionalConfig(options.config, session);
    const folders = [...new Set([...(config ? [keptFolder(config)] : []), ...work.keptFolders])];
    const done = await withKeptAway(
      work.logs.map(({ log }) => log),
      (away) => replayed(ids, work, folders, away),
    );
    const same = done.every(([, replay]) => replay.same);
    return {
      exit: same ? exitCodes.ok : exitCodes.failed,
      data: { same, replays: done.map(([record, replay]) => replayData(record, replay)) },
      text: done.map(([record, replay]) => replayText(record, replay, session.paint)).join('\n'),
    };
  });
}

/** Everything that the records name is at hand before the first is decided again. */
async function replayed(
  ids: readonly string[],
  work: LogsWork,
  folders: readonly string[],
  away: KeptAway,
): Promise<readonly (readonly [AuditRecord, ReplayedRecord])[]> {
  if (folders.length + away.folders.length === 0)
    throw new PortreeveError(
      'PDP_USAGE',
      'nothing is kept beside these logs: name the configuration with --config',
    );
  const records: AuditRecord[] = [];
  for (const id of ids) {
    const { entry, searched } = await findEntry(id, work);
    records.push(readRecord(Buffer.from(entry.bytes).toString('utf8')));
    const brought = await away.bring(entry.bytes, searched.log);
    if (brought === 0 && folders.length === 0) refuseWithoutKept(searched.log.origin);
  }
  const gather = createGatherer([...folders, ...away.folders]);
  const done: (readonly [AuditRecord, ReplayedRecord])[] = [];
  for (const record of records) done.push([record, await concludeRecordAgain(record, gather)]);
  return done;
}
