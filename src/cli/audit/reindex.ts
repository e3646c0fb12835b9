import type { Command } from 'commander';
import { followLog, rebuildIndex } from '../../audit/index/follow.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { finish, integerArgument } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import { optionalConfig } from '../policy/optional-config.ts';
import type { Answer, Session } from '../session.ts';
import { logsOptions, withLogs, type LogsOptions } from './logs.ts';

interface Options extends LogsOptions {
  readonly goOn?: boolean;
  readonly maxBytes?: number;
}

/** `audit reindex`. */
export function registerAuditReindex(group: Command, session: Session): void {
  const command = group
    .command('reindex')
    .description('make the index beside a log anew from the log; nothing is lost with an index');
  logsOptions(command)
    .option('--go-on', 'keep what the index has, and add what it lacks')
    .option(
      '--max-bytes <number>',
      "bytes above which the oldest records are taken out of the index (default: the configuration's)",
      integerArgument(1_000_000, 1e15 - 1),
    );
  finish(
    command,
    session,
    ['audit reindex', 'audit reindex /srv/logs/site-b --go-on'],
    (options: Options, [named]) => runReindex(named as readonly string[], options, session),
  );
}

async function runReindex(named: readonly string[], options: Options, session: Session): Promise<Answer> {
  const config = optionalConfig(options.config, session);
  const maxBytes = options.maxBytes ?? config?.index.max_bytes ?? null;
  return withLogs(named, { ...options, index: false }, session, async ({ logs }) => {
    const progress = session.progress();
    const done = [];
    try {
      for (const { log } of logs) {
        const { origin, tree } = log;
        if (tree?.folder === undefined)
          throw new PortreeveError(
            'PDP_USAGE',
            `${origin}: only logs in folders of this machine have an index`,
          );
        let entries = 0;
        const onEntries = (count: number): void => {
          entries += count;
          progress.show(`indexing ${plain(origin)}: ${entries} of ${tree.checkpoint.size} records`);
        };
        const work = options.goOn ? followLog : rebuildIndex;
        const { next, first, bytes } = await work(origin, tree.folder, tree, { maxBytes, onEntries });
        done.push({ origin, records: tree.checkpoint.size, from: first, to: next, added: entries, bytes });
      }
    } finally {
      progress.end();
    }
    const text = done
      .map(
        ({ origin, records, from, to, bytes }) =>
          `${plain(origin)}: ${to - from} of ${records} records in an index of ${(bytes / 1e6).toFixed(1)} MB; what it lacks is looked through\n`,
      )
      .join('');
    return { exit: exitCodes.ok, data: { indexes: done }, text };
  });
}
