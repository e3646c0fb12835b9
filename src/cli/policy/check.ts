import { relative } from 'node:path';
import { Option, type Command } from 'commander';
import { checkProject } from '../../workshop/check/check-project.ts';
import { checkGithub } from '../../workshop/check/github.ts';
import { checkSarif } from '../../workshop/check/sarif.ts';
import { checkText, passes } from '../../workshop/check/text.ts';
import type { CheckResult } from '../../workshop/check/types.ts';
import { running } from '../../workshop/evaluation/types.ts';
import { finish } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Answer, Session } from '../session.ts';
import { opaOf, opaOption, projectOfArgument, type OpaOptions } from './common.ts';

const formats = ['text', 'github', 'sarif'] as const;

interface Options extends OpaOptions {
  readonly format: (typeof formats)[number];
}

/** `policy check [DIR]`. */
export function registerPolicyCheck(group: Command, session: Session): void {
  const command = group
    .command('check')
    .description(
      'check a policy project: opa check --strict, what the engine lacks, undeclared reasons, slow look-ups and denials that silently do not come',
    )
    .argument('[dir]', 'folder of the project; the current one unless given')
    .addOption(new Option('--format <form>', 'how findings are told').choices(formats).default('text'))
    .addOption(opaOption());
  finish(
    command,
    session,
    [
      'policy check policies',
      'policy check --format github policies',
      'policy check --format sarif policies > check.sarif',
    ],
    (options: Options, [dir]) => runCheck(dir as string | undefined, options, session),
  );
}

async function runCheck(dir: string | undefined, options: Options, session: Session): Promise<Answer> {
  const project = projectOfArgument(dir, session);
  const result = await checkProject(running(opaOf(options, session)), project);
  return {
    exit: exitOf(result),
    data: { passed: passes(result), ...result },
    text: textOf(result, options.format, prefixOf(session.around.folder, project.folder)),
  };
}

function exitOf(result: CheckResult): number {
  if (!result.compiles) return exitCodes.notCompiled;
  return passes(result) ? exitCodes.ok : exitCodes.failed;
}

/** Where the project is, seen from where the command runs: what annotations and addresses of files begin with. */
function prefixOf(from: string, folder: string): string {
  const path = relative(from, folder).replaceAll('\\', '/');
  return path === '' ? '' : `${path}/`;
}

function textOf(result: CheckResult, format: Options['format'], prefix: string): string {
  if (format === 'github') return checkGithub(result, prefix);
  if (format === 'sarif') return `${JSON.stringify(checkSarif(result, prefix), null, 2)}\n`;
  return checkText(result, prefix);
}
