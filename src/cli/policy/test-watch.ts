import { soundCases } from '../../workshop/cases/load.ts';
import { openProject } from '../../workshop/project/open.ts';
import type { Project } from '../../workshop/project/types.ts';
import { running } from '../../workshop/evaluation/types.ts';
import { readModules } from '../../workshop/rego-tree/read-modules.ts';
import { filesOf } from '../../workshop/watch/affected.ts';
import type { Watched } from '../../workshop/watch/affected.ts';
import { fileChanges } from '../../workshop/watch/file-changes.ts';
import { watchCases } from '../../workshop/watch/watch-cases.ts';
import { describeFailure } from '../failure.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Answer, Session } from '../session.ts';
import { opaOf } from './common.ts';
import { casesOf, testProject } from './test-project.ts';
import type { TestOptions } from './test-options.ts';
import { reportAnswer } from './test-report.ts';

/**
 * `policy test --watch`: runs all tests of a project, and after every change what is affected by it, until it is
 * interrupted or the changes end. What is wrong meanwhile is told, and waited on.
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
  let exit: number = exitCodes.ok;
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
        return { project: now, modules, cases };
      },
      run: async ({ cases, rego }, now) => {
        const started = { at: clock.now(), tick: clock.monotonic() };
        const examined = await testProject(now.project, now.cases, options, session, { cases, rego });
        const answer = reportAnswer([examined], started, options, session);
        exit = answer.exit;
        stdout.write(`${answer.text}${session.paint('quiet', 'waiting for changes; Ctrl-C ends it')}\n`);
      },
      tell: (thrown) => {
        const failure = describeFailure(thrown, session);
        exit = failure.exit;
        stderr.write(failure.text);
      },
    });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    stop.abort();
  }
  return { exit, data: {}, text: '' };
}
