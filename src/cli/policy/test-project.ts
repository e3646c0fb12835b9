import { join, relative, resolve, sep } from 'node:path';
import { buildBundle } from '../../workshop/build/build-bundle.ts';
import { openKeptFiles } from '../../workshop/cases/kept-files.ts';
import { loadCases, refuseUndeclared, soundCases } from '../../workshop/cases/load.ts';
import { patternOf, selectCases } from '../../workshop/cases/select.ts';
import type { CaseFile, CaseOutcome, LoadedCase } from '../../workshop/cases/types.ts';
import { sourcesOf } from '../../workshop/evaluation/sources.ts';
import { running } from '../../workshop/evaluation/types.ts';
import type { Project } from '../../workshop/project/types.ts';
import { runRegoTests } from '../../workshop/rego-tests/run-tests.ts';
import { examine } from '../../workshop/report/examine.ts';
import type { Examined } from '../../workshop/report/examine.ts';
import type { Session } from '../session.ts';
import { decideCases } from './case-jobs.ts';
import { opaOf } from './common.ts';
import type { TestOptions } from './test-options.ts';

/** What of a project is tested: all that the options choose, unless less is asked for. */
export interface Chosen {
  /** Ids of cases. */
  readonly cases?: ReadonlySet<string>;
  /** False: no Rego tests. */
  readonly rego?: boolean;
}

/** The case files of a project as they are now; files are named from the current folder. Throws PDP_CASES_INVALID. */
export function casesOf(project: Project, options: TestOptions, session: Session): readonly CaseFile[] {
  const { folder } = session.around;
  const cache = cacheOf(project, options, folder);
  const files = project.caseFiles.map((file) => relative(folder, join(project.folder, file)));
  return loadCases(files, { folder, ...(cache !== undefined && { kept: openKeptFiles(cache) }) });
}

/** Runs the cases and Rego tests of a project, and works out what is told of them. */
export async function testProject(
  project: Project,
  files: readonly CaseFile[],
  options: TestOptions,
  session: Session,
  chosen: Chosen = {},
): Promise<Examined> {
  const sound = soundCases(files);
  refuseUndeclared(sound, new Set(Object.keys(project.reasons)));
  const wanted = selectCases(sound, {
    tags: options.tag ?? [],
    ...(options.run !== undefined && { run: options.run }),
  });
  const cases = chosen.cases ? wanted.filter(({ id }) => chosen.cases?.has(id)) : wanted;
  const opa = opaOf(options, session);
  const run = running(opa);
  const bundle = buildBundle(opa, project);
  // Rego tests have no tags: whoever chooses by them means cases.
  const withRego = chosen.rego !== false && options.tag === undefined;
  const match = options.run === undefined ? {} : { match: patternOf(options.run) };
  const testing = withRego ? runRegoTests(run, sourcesOf(project, bundle), match) : Promise.resolve([]);
  const [outcomes, tests] = await Promise.all([runAll(cases, bundle, project, options, session), testing]);
  const from = relative(session.around.folder, project.folder).split(sep).join('/');
  return examine(project, bundle, { outcomes, tests }, run, {
    crossCheck: options.crossCheck === true,
    explain: options.explain === true,
    coverage: wantsCoverage(options),
    prefix: from === '' ? '' : `${from}/`,
  });
}

/** Whether coverage is to be found out. */
export function wantsCoverage({ coverage, coverageOut, coverageMin }: TestOptions): boolean {
  return coverage === true || coverageOut !== undefined || coverageMin !== undefined;
}

async function runAll(
  cases: readonly LoadedCase[],
  bundle: Uint8Array,
  project: Project,
  options: TestOptions,
  session: Session,
): Promise<readonly CaseOutcome[]> {
  const { clock, folder } = session.around;
  const cache = cacheOf(project, options, folder);
  const outcomes: CaseOutcome[] = [];
  const progress = session.progress();
  try {
    for await (const outcome of decideCases(
      cases,
      {
        ...{ bundle, clock },
        ...(cache !== undefined && { cache }),
        ...(options.failFast && { failFast: true }),
      },
      options.jobs,
    )) {
      outcomes.push(outcome);
      progress.show(`${outcomes.length} of ${cases.length} cases`);
    }
  } finally {
    progress.end();
  }
  return outcomes;
}

function cacheOf(project: Project, { cache }: TestOptions, folder: string): string | undefined {
  if (cache === false) return undefined;
  return typeof cache === 'string' ? resolve(folder, cache) : join(project.folder, '.portreeve/cases');
}
