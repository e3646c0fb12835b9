import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { composeDecision } from '../../server/compose.ts';
import { program } from '../../server/program.ts';
import { buildBundle } from '../../workshop/build/build-bundle.ts';
import { openKeptFiles } from '../../workshop/cases/kept-files.ts';
import { loadCases, soundCases } from '../../workshop/cases/load.ts';
import { runCases } from '../../workshop/cases/run.ts';
import { selectCases } from '../../workshop/cases/select.ts';
import type { CaseOutcome } from '../../workshop/cases/types.ts';
import type { Project } from '../../workshop/project/types.ts';
import { reportTargets, writeReport } from '../../workshop/report/formats.ts';
import { caseItem } from '../../workshop/report/items.ts';
import { reportDocument } from '../../workshop/report/json.ts';
import type { Report } from '../../workshop/report/types.ts';
import { finish } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Answer, Session } from '../session.ts';
import { opaOf, opaOption, projectOfArgument, type OpaOptions } from './common.ts';

interface Options extends OpaOptions {
  readonly tag?: readonly string[];
  readonly run?: string;
  readonly failFast?: boolean;
  readonly cache: string | boolean;
  readonly format?: readonly string[];
}

/** `policy test [DIR…]`. */
export function registerPolicyTest(group: Command, session: Session): void {
  const command = group
    .command('test')
    .description(
      'decide the cases of policy projects with the policy as it would ship, and say what came otherwise',
    )
    .argument('[dir...]', 'folders of projects; the current one unless given')
    .option('--tag <tag...>', 'only cases with one of these tags')
    .option('--run <pattern>', 'only cases whose file, title or combination matches this regular expression')
    .option('--fail-fast', 'end with the first case that fails')
    .option(
      '--format <format...>',
      'tree, junit, json, github or tap; FORMAT=FILE writes it there, and several may be given',
    )
    .option('--cache <folder>', 'where issued certificates are kept (default: DIR/.portreeve/cases)')
    .option('--no-cache', 'keep no certificates')
    .addOption(opaOption());
  finish(
    command,
    session,
    [
      'policy test',
      'policy test policies --tag smoke',
      'policy test --run gateway --fail-fast --format junit=report.xml tree',
    ],
    (options: Options, [dirs]) => runTest(dirs as readonly string[], options, session),
  );
}

async function runTest(dirs: readonly string[], options: Options, session: Session): Promise<Answer> {
  const targets = reportTargets(options.format ?? []);
  const { clock } = session.around;
  const started = { at: clock.now(), tick: clock.monotonic() };
  const outcomes: CaseOutcome[] = [];
  for (const dir of dirs.length === 0 ? [undefined] : dirs) {
    const project = projectOfArgument(dir, session);
    for await (const outcome of testProject(project, options, session)) outcomes.push(outcome);
    if (options.failFast && outcomes.some(wentWrong)) break;
  }
  const report: Report = {
    program,
    started: started.at,
    durationMs: clock.monotonic() - started.tick,
    items: outcomes.map((one) => caseItem(one)),
  };
  const texts = targets.map(({ format, file }) => {
    const painted = {
      paint: file === undefined ? session.paint : (_tone: string, text: string) => text,
      prefix: '',
    };
    const text = writeReport(report, format, painted);
    if (file !== undefined) write(resolve(session.around.folder, file), text);
    return file === undefined ? text : '';
  });
  return {
    exit: outcomes.some(wentWrong) ? exitCodes.failed : exitCodes.ok,
    data: reportDocument(report),
    text: texts.join(''),
  };
}

/** What became of the cases of a project; files are named from the current folder. */
async function* testProject(
  project: Project,
  options: Options,
  session: Session,
): AsyncGenerator<CaseOutcome, void> {
  const { folder, clock } = session.around;
  const cache = cacheOf(project, options, folder);
  const kept = cache === undefined ? {} : { kept: openKeptFiles(cache) };
  const files = project.caseFiles.map((file) => relative(folder, join(project.folder, file)));
  const cases = selectCases(soundCases(loadCases(files, { folder, ...kept })), {
    tags: options.tag ?? [],
    ...(options.run !== undefined && { run: options.run }),
  });
  const bundle = buildBundle(opaOf(options, session), project);
  const progress = session.progress();
  let done = 0;
  try {
    for await (const outcome of runCases(cases, {
      ...{ bundle, clock, compose: composeDecision },
      ...(cache !== undefined && { cache }),
      ...(options.failFast && { failFast: true }),
    })) {
      progress.show(`${++done} of ${cases.length} cases`);
      yield outcome;
    }
  } finally {
    progress.end();
  }
}

function cacheOf(project: Project, { cache }: Options, folder: string): string | undefined {
  if (cache === false) return undefined;
  return typeof cache === 'string' ? resolve(folder, cache) : join(project.folder, '.portreeve/cases');
}

function wentWrong({ status }: CaseOutcome): boolean {
  return status === 'failed' || status === 'error';
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (thrown) {
    throw new PortreeveError('PDP_USAGE', `${file}: ${describeThrown(thrown)}`, { cause: thrown });
  }
}
