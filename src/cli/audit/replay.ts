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
import { indexOption, logsOptions, withLogs, type LogsOptions } from './logs.ts';

/** `audit replay`. */
export function registerAuditReplay(group: Command, session: Session): void {
  const command = group
    .command('replay')
    .description('decide recorded decisions again by the policy and state that they name, and compare')
    .argument('<id...>', 'decision ids');
  indexOption(logsOptions(command, { asArguments: false })).addHelpText(
    'after',
    '\nWhat a record names by digest is looked for beside the log, and where the configuration keeps it. Answers 1 where' +
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
    if (folders.length === 0)
      throw new PortreeveError(
        'PDP_USAGE',
        'nothing is kept beside these logs: name the configuration with --config',
      );
    const gather = createGatherer(folders);
    const done: (readonly [AuditRecord, ReplayedRecord])[] = [];
    for (const id of ids) {
      const { entry } = await findEntry(id, work);
      const record = readRecord(Buffer.from(entry.bytes).toString('utf8'));
      done.push([record, await concludeRecordAgain(record, gather)]);
    }
    const same = done.every(([, replay]) => replay.same);
    return {
      exit: same ? exitCodes.ok : exitCodes.failed,
      data: { same, replays: done.map(([record, replay]) => replayData(record, replay)) },
      text: done.map(([record, replay]) => replayText(record, replay, session.paint)).join('\n'),
    };
  });
}
