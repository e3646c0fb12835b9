import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { sha256Hex } from '../../lib/bytes.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { buildBundle } from '../../workshop/build/build-bundle.ts';
import { finish } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { opaOf, opaOption, projectOfArgument, type OpaOptions } from './common.ts';

interface Options extends OpaOptions {
  readonly out?: string;
}

/** `policy build [DIR]`. */
export function registerPolicyBuild(group: Command, session: Session): void {
  const command = group
    .command('build')
    .description('compile a policy project to a bundle: the same bytes for the same sources')
    .argument('[dir]', 'folder of the project; the current one unless given')
    .option('--out <file>', 'where the bundle goes; DIR/bundle.tar.gz unless given')
    .addOption(opaOption());
  finish(
    command,
    session,
    ['policy build policies', 'policy build --out policy.tar.gz'],
    (options: Options, [dir]) => runBuild(dir as string | undefined, options, session),
  );
}

function runBuild(dir: string | undefined, options: Options, session: Session): Answer {
  const project = projectOfArgument(dir, session);
  const bytes = buildBundle(opaOf(options, session), project);
  const out = resolve(
    options.out === undefined ? project.folder : session.around.folder,
    options.out ?? 'bundle.tar.gz',
  );
  write(out, bytes);
  const digest = sha256Hex(bytes);
  return {
    exit: exitCodes.ok,
    data: { bundle: out, bytes: bytes.byteLength, sha256: digest },
    text: `${plain(basename(out))}: ${bytes.byteLength} bytes, sha256 ${digest}\n`,
  };
}

function write(out: string, bytes: Uint8Array): void {
  try {
    writeFileSync(out, bytes);
  } catch (thrown) {
    throw new PortreeveError('PDP_USAGE', `${out}: ${describeThrown(thrown)}`, { cause: thrown });
  }
}
