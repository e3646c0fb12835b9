import { soundCases } from '../../workshop/cases/load.ts';
import { openProject } from '../../workshop/project/open.ts';
import type { Project } from '../../workshop/project/types.ts';
import { running } from '../../workshop/evaluation/types.ts';
import { readModules } from '../../workshop/rego-tree/read-modules.ts';
import { filesOf } from '../../workshop/watch/affected.ts';
import type { Watched } from '../../workshop/watch/affected.ts';
import { Standing } from '../../workshop/watch/standing.ts';
import { fileChanges } from '../../workshop/watch/file-changes.ts';
import { watchCases } from '../../workshop/watch/watch-cases.ts';
import { describeFailure } from '../failure.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { opaOf } from './common.ts';
import { casesOf, testProject } from './test-project.ts';
import type { TestOptions } from './test-options.ts';
import { reportAnswer, shortfallOf } from './test-report.ts';

/**
 * `policy test --watch`: runs all tests of a project, and after every change what is affected by it, until it is
 * interrupted or the changes end. What is wrong meanwhile is told, and waited on. The exit code is that of the state which it
 * ends with, all tests counted, also those that no later change affected.
 */
export async function watchProject(
  project: Project,
  options: TestOptions,
  session: Session,
  watch: typeof fileChanges = fileChanges,
): Promise<Answer> {
  const { stdout, stderr, clock } = session.around;
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const standing = new Standing();
  let known: Watched | undefined;
  let shortfall: string | undefined;
  /** Exit code of a state that could not be read or compiled. */
  let unusable: number | undefined;
  const changes = watch(project.folder, stop.signal);
  try {
    await watchCases({
      changes,
      read: async (): Promise<Watched> => {
        const now = openProject(project.folder);
        const run = running(opaOf(options, session));
        const modules = await readModules(run, now.folder, now.modules, now.regoVersion);
        const cases = casesOf(now, options, session);
        changes.follow(filesOf(cases));
        // Cases that cannot be read would be none, and nothing of what changed would be run or told.
        soundCases(cases);
        unusable = undefined;
        known = { project: now, modules, cases };
        return known;
      },
      run: async (affected, now) => {
        const { cases, rego } = affected;
        const started = { at: clock.now(), tick: clock.monotonic() };
        const examined = await testProject(now.project, now.cases, options, session, { cases, rego });
        const answer = reportAnswer([examined], started, options, session);
        standing.take(affected, examined.items);
        // What a part of the tests covers says nothing of all of them.
        if (affected.policy) shortfall = shortfallOf(examined, options);
        const again = new Set(examined.items.map(({ id }) => id));
        const before = standing.failing(now.cases).filter((id) => !again.has(id));
        stdout.write(
          `${answer.text}${before.map((id) => `not run again, failed before: ${plain(id)}\n`).join('')}`,
        );
        stdout.write(`${session.paint('quiet', 'waiting for changes; Ctrl-C ends it')}\n`);
      },
      tell: (thrown) => {
        const failure = describeFailure(thrown, session);
        unusable = failure.exit;
        stderr.write(failure.text);
      },
    });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    stop.abort();
  }
  const fails = shortfall !== undefined || standing.failing(known?.cases ?? []).length > 0;
  return { exit: unusable ?? (fails ? exitCodes.failed : exitCodes.ok), data: {}, text: '' };
}
