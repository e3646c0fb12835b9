import { rmSync } from 'node:fs';
import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPlainFile } from '../../audit/home.ts';
import { folderFiles } from '../../audit/log/folder-files.ts';
import { makeKey, readKeyList, readSigner } from '../../audit/log/keys.ts';
import { nextKeyFile } from '../../audit/log/rotate-key.ts';
import type { Config } from '../../config/types.ts';
import { asPortreeveError, describeThrown, PortreeveError } from '../../lib/errors.ts';
import { program } from '../../server/program.ts';
import { openRecordLog } from '../../server/records/record-home.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';

/** How long a server that writes the log may take to find the key (ms); it looks every second. */
const withinMs = 15_000;
const lookMs = 100;

/** `audit key rotate`. */
export function registerAuditKeyRotate(group: Command, session: Session): void {
  const command = group
    .command('rotate')
    .description(
      'sign the log with a new key from now on; the old key signs the new one, and the record of it',
    )
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nA server that runs takes the key over within a second or two; without one it is done here. Checkpoints carry the\n' +
        'signatures of both keys for a day; then the file of the old private key is removed.',
    );
  finish(command, session, ['audit key rotate'], (options: CommonOptions) => runRotate(options, session));
}

async function runRotate(options: CommonOptions, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const { path, key } = config.audit;
  const files = folderFiles(path);
  const before = isPlainFile(path) ? undefined : (await readKeyList(files))?.keys.at(-1)?.key;
  if (before === undefined) throw new PortreeveError('PDP_NOT_FOUND', `${path} is no log that has a key yet`);
  const name = before.slice(0, before.indexOf('+'));
  await makeNext(nextKeyFile(key));
  const after = (await readSigner(nextKeyFile(key), name))?.verifier.text;
  try {
    await handOver(config, session);
    await untilListed(after, path);
  } catch (thrown) {
    // A key that nobody took over must not be taken over later, when nobody expects it.
    rmSync(nextKeyFile(key), { force: true });
    throw thrown;
  }
  const text = `the log's key is now ${after ?? ''}\nuntil now it was ${before}\n`;
  return { exit: exitCodes.ok, data: { before, after }, text };
}

async function makeNext(file: string): Promise<void> {
  try {
    await makeKey(file);
  } catch (cause) {
    throw new PortreeveError(
      'PDP_KEYS_INVALID',
      `the new key cannot be made: ${describeThrown(cause)}; where the file is there already, another rotation is under way`,
      { cause },
    );
  }
}

/** Where no server writes the log, this process does for a moment. */
async function handOver(config: Config, session: Session): Promise<void> {
  const { clock } = session.around;
  const mode = config.audit.mode === 'relaxed' ? 'relaxed' : 'strict';
  const instance = await withStore(config, 'read_only', clock, (store) => store.instance);
  const writer = { program, instance, mode } as const;
  const log = openRecordLog(
    { writer, clock, config, log: (line) => void session.around.stderr.write(`${line}\n`) },
    mode,
  );
  try {
    await log.rotate();
  } catch (thrown) {
    if (!/ is written by /.test(asPortreeveError(thrown).message)) throw thrown;
  } finally {
    await log.close();
  }
}

async function untilListed(key: string | undefined, path: string): Promise<void> {
  for (let waited = 0; waited < withinMs; waited += lookMs) {
    if ((await readKeyList(folderFiles(path)))?.keys.at(-1)?.key === key) return;
    await sleep(lookMs);
  }
  const problem = `the server that writes ${path} has not taken the key over in ${withinMs / 1000} s; see its log`;
  throw new PortreeveError('PDP_AUDIT_UNAVAILABLE', problem);
}
