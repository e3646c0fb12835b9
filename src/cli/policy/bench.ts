import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { parseBundle } from '../../policy/bundle.ts';
import { composeDecision } from '../../server/compose.ts';
import { profileRules } from '../../workshop/bench/profile-rules.ts';
import { caseChanges, readReport, reportOf, ruleChanges } from '../../workshop/bench/report.ts';
import { timeCases } from '../../workshop/bench/time-cases.ts';
import type { BenchInput, BenchReport } from '../../workshop/bench/types.ts';
import { buildBundle } from '../../workshop/build/build-bundle.ts';
import { loadCases, soundCases } from '../../workshop/cases/load.ts';
import { runCases } from '../../workshop/cases/run.ts';
import { selectCases } from '../../workshop/cases/select.ts';
import { running } from '../../workshop/evaluation/types.ts';
import type { Project } from '../../workshop/project/types.ts';
import { finish, integerArgument } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { readInput } from '../input.ts';
import type { Answer, Session } from '../session.ts';
import { benchText } from './bench-text.ts';
import { opaOf, opaOption, projectOfArgument, type OpaOptions } from './common.ts';

interface Options extends OpaOptions {
  readonly run?: string;
  readonly time: number;
  readonly rules: boolean;
  readonly baseline?: string;
  readonly save?: string;
}

/** Bytes of a saved measurement. */
const mostBytes = 64 * 1024 * 1024;

/** `policy bench [DIR]`. */
export function registerPolicyBench(group: Command, session: Session): void {
  const command = group
    .command('bench')
    .description('time the policy by case in WASM as it ships, and by rule as opa interprets it')
    .argument('[dir]', 'folder of the project; the current one unless given')
    .option('--run <pattern>', 'only cases whose file, title or combination matches this regular expression')
    .option(
      '--time <ms>',
      'milliseconds that each case is run for, once it is warm',
      integerArgument(1, 60_000),
      50,
    )
    .option('--no-rules', 'do not profile by rule')
    .option('--baseline <file>', 'show a table of before and after, from a measurement that was saved')
    .option('--save <file>', 'write the measurement to a file')
    .addOption(opaOption())
    .addHelpText(
      'after',
      '\nTimes are of this machine now: only those of one machine, one after the other, are to be compared.',
    );
  finish(
    command,
    session,
    ['policy bench policies --save before.json', 'policy bench policies --baseline before.json'],
    (options: Options, [dir]) => runBench(dir as string | undefined, options, session),
  );
}

async function runBench(dir: string | undefined, options: Options, session: Session): Promise<Answer> {
  const baseline = options.baseline === undefined ? undefined : await readBaseline(options.baseline, session);
  const project = projectOfArgument(dir, session);
  const opa = opaOf(options, session);
  const bytes = buildBundle(opa, project);
  const bundle = parseBundle(bytes);
  const { clock } = session.around;
  const line = session.progress();
  try {
    const { inputs, without } = await inputsOf(project, bytes, options, session);
    const times = await timeCases(bundle, inputs, {
      ...{ clock, milliseconds: options.time },
      onCase: (done) => line.show(`timing ${done} of ${inputs.length} cases`),
    });
    const sources = { ...project, document: JSON.stringify(bundle.data) };
    const rules = options.rules ? await profileRules(running(opa), sources, inputs) : null;
    const report = reportOf(bundle, times, rules);
    if (options.save !== undefined) save(resolve(session.around.folder, options.save), report);
    line.end();
    const changes = baseline && {
      cases: caseChanges(baseline, report),
      rules: ruleChanges(baseline, report),
      median: { before_us: baseline.median_us, after_us: report.median_us },
    };
    return {
      exit: exitCodes.ok,
      data: { ...report, without_input: without, ...(changes && { changes }) },
      text: benchText(report, without, changes, session.paint),
    };
  } finally {
    line.end();
  }
}

/** What the policy is asked in each case, by the real flow; cases in which it is not asked are named. */
async function inputsOf(project: Project, bundle: Uint8Array, { run }: Options, session: Session) {
  const { folder, clock } = session.around;
  const files = project.caseFiles.map((file) => relative(folder, join(project.folder, file)));
  const cases = selectCases(soundCases(loadCases(files, { folder })), {
    tags: [],
    ...(run !== undefined && { run }),
  });
  const inputs: BenchInput[] = [];
  const without: string[] = [];
  for await (const { id, got } of runCases(cases, { bundle, compose: composeDecision, clock })) {
    if (got?.input) inputs.push({ id, input: got.input, classes: got.classes });
    else without.push(id);
  }
  if (inputs.length > 0) return { inputs, without };
  throw new PortreeveError(
    'PDP_PROJECT_INVALID',
    `${project.file}: there is no case to time the policy with`,
  );
}

async function readBaseline(name: string, session: Session): Promise<BenchReport> {
  return readReport(await readInput(name, mostBytes, session), name);
}

function save(path: string, report: BenchReport): void {
  try {
    writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  } catch (thrown) {
    throw new PortreeveError('PDP_USAGE', `cannot write ${path}: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  }
}
