import type { Command } from 'commander';
import { PortreeveError } from '../../lib/errors.ts';
import type { Examined } from '../../workshop/report/examine.ts';
import { finish } from '../command.ts';
import type { Answer, Session } from '../session.ts';
import { projectOfArgument } from './common.ts';
import { addTestOptions } from './test-options.ts';
import type { TestOptions } from './test-options.ts';
import { casesOf, testProject } from './test-project.ts';
import { checkTargets, reportAnswer } from './test-report.ts';
import { watchProject } from './test-watch.ts';

/** `policy test [DIR…]`. */
export function registerPolicyTest(group: Command, session: Session): void {
  const command = group
    .command('test')
    .description(
      'run the Rego tests of policy projects, decide their cases with the policy as it would ship, and say what came otherwise',
    )
    .argument('[dir...]', 'folders of projects; the current one unless given');
  addTestOptions(command);
  finish(
    command,
    session,
    [
      'policy test',
      'policy test policies --tag smoke',
      'policy test --run gateway --fail-fast --format junit=report.xml --format tree',
      'policy test --cross-check --coverage-min 90 --coverage-out lcov=coverage.info',
    ],
    (options: TestOptions, [dirs]) => runTest(dirs as readonly string[], options, session),
  );
}

async function runTest(dirs: readonly string[], options: TestOptions, session: Session): Promise<Answer> {
  checkTargets(options);
  const { clock } = session.around;
  const started = { at: clock.now(), tick: clock.monotonic() };
  if (options.watch) {
    if (dirs.length > 1 || session.json) {
      throw new PortreeveError('PDP_USAGE', '--watch is for one project, and not beside --json');
    }
    return watchProject(projectOfArgument(dirs[0], session), options, session);
  }
  const examined: Examined[] = [];
  for (const dir of dirs.length === 0 ? [undefined] : dirs) {
    const project = projectOfArgument(dir, session);
    const one = await testProject(project, casesOf(project, options, session), options, session);
    examined.push(one);
    const wrong = one.items.some(({ status }) => status === 'failed' || status === 'error');
    if (options.failFast && wrong) break;
  }
  if (examined.every(({ items }) => items.length === 0)) throw nothingRan(options);
  return reportAnswer(examined, started, options, session);
}

/** A pipeline whose pattern is misspelt, or whose cases have moved, has passed nothing. */
function nothingRan({ tag, run }: TestOptions): PortreeveError {
  const chosen = [
    ...(tag ?? []).map((one) => `--tag ${one}`),
    ...(run === undefined ? [] : [`--run ${run}`]),
  ].join(' ');
  const message =
    chosen === ''
      ? 'there is nothing to test: neither cases nor Rego tests are where policy.yaml says'
      : `${chosen}: no test is chosen by it`;
  return new PortreeveError('PDP_USAGE', message);
}
