import { resolve } from 'node:path';
import type { Command } from 'commander';
import { proveEntry } from '../../audit/verify/entry-proof.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { finish } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { writeWhole } from '../write-lines.ts';
import { findStored } from './find.ts';
import { indexOption, logsOptions, withLogs, type LogsOptions } from './logs.ts';

interface Options extends LogsOptions {
  readonly out?: string;
}

/** `audit prove`. */
export function registerAuditProve(group: Command, session: Session): void {
  const command = group
    .command('prove')
    .description('write a proof (.tlog-proof) that a record is in the log, which verifies without the log')
    .argument('<id>', 'decision id; or #INDEX, an entry of the log');
  indexOption(logsOptions(command)).option(
    '--out <file>',
    'where it goes; standard output unless this is given',
  );
  finish(
    command,
    session,
    [
      'audit prove 019aa1c0-5b2e-7c3a-9d10-3f2a6b7c8d9e > decision.tlog-proof',
      "audit prove '#4711' export.zip --out 4711.tlog-proof --json",
    ],
    (options: Options, [id, named]) => runProve(id as string, named as readonly string[], options, session),
  );
}

function runProve(id: string, named: readonly string[], options: Options, session: Session): Promise<Answer> {
  const { out } = options;
  if (out === undefined && session.json)
    throw new PortreeveError(
      'PDP_USAGE',
      'standard output cannot hold the proof and --json: give --out FILE',
    );
  return withLogs(named, options, session, async (work) => {
    const { entry, searched } = await findStored(id, work);
    const { tree } = searched.log;
    if (!tree)
      throw new PortreeveError('PDP_USAGE', `${entry.origin} is a file of lines: nothing is signed in it`);
    const proof = Buffer.from(await proveEntry(tree.files, tree.checkpoint, entry.index));
    const { origin, size } = tree.checkpoint;
    const data = { file: out ?? '-', origin, index: entry.index, size };
    if (out === undefined) return { exit: exitCodes.ok, data, text: proof.toString('utf8') };
    await writeWhole(resolve(session.around.folder, out), [proof.toString('utf8')]);
    return {
      exit: exitCodes.ok,
      data,
      text: `${plain(out)}: entry ${entry.index} of the ${size} of ${plain(origin)}\n`,
    };
  });
}
