import type { Command } from 'commander';
import { configDigest } from '../config/digest.ts';
import { formatProblem } from '../config/problem.ts';
import { configSchema } from '../config/schema.ts';
import { configOption, finish, type CommonOptions } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { inspectKnownConfig } from './known-config.ts';
import { plain } from './output.ts';
import type { Answer, Session } from './session.ts';

/** `config check` and `config schema`. */
export function registerConfig(program: Command, session: Session): void {
  const group = program.command('config').description('check the configuration, print its schema');
  finish(
    group
      .command('check')
      .description('report every problem of the configuration at once, with line and column')
      .addOption(configOption())
      .addHelpText(
        'after',
        '\nAnswers 1 where the file has problems, 2 where it cannot be read, is not YAML, or is of a newer format.',
      ),
    session,
    ['config check', 'config check --config /etc/portreeve/portreeve.yaml --json'],
    (options: CommonOptions) => checkConfig(options, session),
  );
  finish(
    group.command('schema').description('print the JSON Schema (2020-12) of the configuration file'),
    session,
    ['config schema > portreeve.schema.json'],
    () => ({ exit: exitCodes.ok, data: configSchema, text: `${JSON.stringify(configSchema, null, 2)}\n` }),
  );
}

function checkConfig(options: CommonOptions, session: Session): Answer {
  const file = session.configFile(options.config);
  const { config, problems, warnings, readable } = inspectKnownConfig(file, session.around.clock);
  const digest = config ? configDigest(config) : null;
  const data = { ok: config !== undefined, file, digest, problems, warnings };
  const lines = [
    ...problems.map(
      (problem) => `${session.paint('bad', 'error')}    ${plain(formatProblem(file, problem))}`,
    ),
    ...warnings.map(
      (warning) => `${session.paint('warn', 'warning')}  ${plain(formatProblem(file, warning))}`,
    ),
    config
      ? `${session.paint('good', 'ok')}       ${plain(file)} (digest ${digest?.slice(0, 12)})`
      : `${problems.length} problem(s)`,
  ];
  const exit = config ? exitCodes.ok : readable ? exitCodes.failed : exitCodes.refused;
  return { exit, data, text: `${lines.join('\n')}\n` };
}
