import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { ExecutionContext } from 'ava';
import { watchProject } from '../../../src/cli/policy/test-watch.ts';
import { Session } from '../../../src/cli/session.ts';
import { readEnvironment } from '../../../src/config/environment.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { openProject } from '../../../src/workshop/project/open.ts';
import { opa, withOpa } from '../../helpers/policies.ts';
import { projectFolder, smallProject } from '../../helpers/policy-projects.ts';

/** Files that change together. */
type Edit = Readonly<Record<string, string>>;

/** Watches a project through edits, and answers what was told after each of them, the first run before them. */
async function watching(
  t: ExecutionContext,
  files: Readonly<Record<string, string | null>>,
  edits: readonly Edit[],
): Promise<readonly { readonly out: string; readonly err: string }[]> {
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
  await watchProject(openProject(folder), { cache: false }, session, () =>
    Object.assign(changes(), { follow: () => undefined }),
  );
  return turns;
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
