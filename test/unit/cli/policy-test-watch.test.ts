import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { ExecutionContext } from 'ava';
import type { TestOptions } from '../../../src/cli/policy/test-options.ts';
import { watchProject } from '../../../src/cli/policy/test-watch.ts';
import { Session } from '../../../src/cli/session.ts';
import { readEnvironment } from '../../../src/config/environment.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { openProject } from '../../../src/workshop/project/open.ts';
import { opa, withOpa } from '../../helpers/policies.ts';
import { projectFolder, smallProject } from '../../helpers/policy-projects.ts';

/** Files that change together. */
type Edit = Readonly<Record<string, string>>;

/** What was told after each edit, the first run before them, and the exit code in the end. */
interface Turns extends ReadonlyArray<{ readonly out: string; readonly err: string }> {
  readonly exit: number;
}

/** Watches a project through edits, and answers what was told after each of them, the first run before them. */
async function watching(
  t: ExecutionContext,
  files: Readonly<Record<string, string | null>>,
  edits: readonly Edit[],
  options: Partial<TestOptions> = {},
): Promise<Turns> {
  const folder = projectFolder(t, files);
  const turns: { out: string; err: string }[] = [];
  let now = { out: '', err: '' };
  const stream = (name: 'out' | 'err') =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        now[name] += chunk.toString();
        done();
      },
    });
  const next = (): void => {
    turns.push(now);
    now = { out: '', err: '' };
  };
  const changes = async function* () {
    for (const edit of edits) {
      next();
      for (const [name, text] of Object.entries(edit)) writeFileSync(join(folder, name), text);
      yield new Set(Object.keys(edit).map((name) => join(folder, name)));
    }
    next();
    await Promise.resolve();
  };
  const session = new Session(
    {
      ...{ stdin: Readable.from([]), stdout: stream('out'), stderr: stream('err'), folder },
      ...{ environment: readEnvironment({ PORTREEVE_OPA: opa.path }), clock: systemClock },
    },
    false,
  );
  const { exit } = await watchProject(openProject(folder), { cache: false, ...options }, session, () =>
    Object.assign(changes(), { follow: () => undefined }),
  );
  return Object.assign(turns, { exit });
}

withOpa(
  'a case file that became malformed is told, and what is in it is run once it is mended',
  async (t) => {
    const sound = smallProject['cases/travelling.yaml'] ?? '';
    const [first, broken, mended] = await watching(t, smallProject, [
      { 'cases/travelling.yaml': sound.replace('title: by day', 'tittle: by day') },
      { 'cases/travelling.yaml': sound.replace('outcome: allow', 'outcome: deny') },
    ]);
    t.regex(first?.out ?? '', /3 passed, 0 failed/);
    t.regex(broken?.err ?? '', /PDP_CASES_INVALID: cases\/travelling\.yaml:3/);
    t.is(broken?.out, '');
    t.regex(mended?.out ?? '', /FAILED by day/);
  },
);

withOpa('a configuration that cases name is read anew when it has changed', async (t) => {
  const server = (site: string): string => `version: 1\npeps: [{ name: envoy, site: ${site} }]\n`;
  const [first, other] = await watching(
    t,
    {
      ...smallProject,
      'rego/policy.rego':
        smallProject['rego/policy.rego']?.replace('input.minute_of_day < 360', 'input.pep_site == "north"') ??
        '',
      'rego/policy_test.rego': null,
      'server.yaml': server('south'),
      'cases/travelling.yaml': `at: 2026-11-20T12:00:00Z
cases:
  - title: in the south
    configuration: { file: ../server.yaml }
    certificate: { id: "spiffe://example.org/meter-1" }
    expect: { outcome: allow }
`,
    },
    [{ 'server.yaml': server('north') }],
  );
  t.regex(first?.out ?? '', /1 passed, 0 failed/);
  t.regex(other?.out ?? '', /FAILED in the south/);
});

const cases = (words: string): string => `at: 2026-11-20T12:00:00Z\ncases:\n${words}`;
const dayCase = (title: string, outcome: string): string =>
  `  - title: ${title}\n    certificate: { id: "spiffe://example.org/meter-1" }\n    expect: { outcome: ${outcome} }\n`;
const two = {
  ...smallProject,
  'policy.yaml': smallProject['policy.yaml']?.replace(/^self_test:.*\n/m, '') ?? '',
  'rego/policy_test.rego': null,
  'cases/travelling.yaml': null,
  'cases/a.yaml': cases(dayCase('a', 'deny')),
  'cases/b.yaml': cases(dayCase('b', 'allow')),
};

withOpa('a case that failed and was not run again counts in the end, and is told', async (t) => {
  const turns = await watching(t, two, [{ 'cases/b.yaml': cases(dayCase('b now', 'allow')) }]);
  t.regex(turns[0]?.out ?? '', /FAILED a\b/);
  t.regex(turns[1]?.out ?? '', /1 passed, 0 failed[^]*\nnot run again, failed before: cases\/a\.yaml: a\n/);
  t.is(turns.exit, 1);
});

withOpa('a case that was mended, or is no longer there, counts no more', async (t) => {
  const mended = { 'cases/a.yaml': cases(dayCase('a', 'allow')) };
  t.is((await watching(t, two, [mended])).exit, 0);
  t.is((await watching(t, two, [{ 'cases/a.yaml': cases('  []\n') }])).exit, 0);
});

withOpa('a state that cannot be read counts until it can be, also as it was before', async (t) => {
  const broken = { 'cases/b.yaml': 'cases: [' };
  t.is((await watching(t, { ...two, 'cases/a.yaml': null }, [broken])).exit, 2);
  t.is(
    (await watching(t, { ...two, 'cases/a.yaml': null }, [broken, { 'cases/b.yaml': two['cases/b.yaml'] }]))
      .exit,
    0,
  );
  t.is((await watching(t, two, [broken, { 'cases/b.yaml': two['cases/b.yaml'] }])).exit, 1);
});

withOpa('what a part of the tests covers is no shortfall, and what all of them lack stays one', async (t) => {
  const night = `${dayCase('a', 'deny')}    at: 2026-11-20T03:00:00Z\n`;
  const edit = { 'cases/b.yaml': cases(dayCase('b now', 'allow')) };
  const covering = (a: string | null) =>
    watching(t, { ...two, 'cases/a.yaml': a }, [edit], { coverageMin: 100 });
  t.is((await covering(cases(night))).exit, 0);
  t.is((await covering(null)).exit, 1);
});
