import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { opa, withOpa } from '../../helpers/policies.ts';
import { projectFolder } from '../../helpers/policy-projects.ts';
import { root } from '../../helpers/source-files.ts';
import { onlyObject, portreeveHere } from './helpers/run.ts';

function run(cwd: string, ...args: readonly string[]) {
  return portreeveHere(['policy', ...args], { cwd, env: { PORTREEVE_OPA: opa.path } });
}

withOpa(
  'a new project passes check, test with cross-check and full coverage, and build, at once',
  async (t) => {
    t.timeout(120_000);
    const folder = projectFolder(t, {});
    const made = await run(folder, 'init', 'policies');
    t.is(made.code, 0, made.stderr);
    t.regex(
      made.stdout,
      /^policies: \d+ files, 11 rules with tests and cases\nnext:\n {2}portreeve policy check policies\n/,
    );
    const checked = await run(folder, 'check', 'policies');
    t.is(checked.code, 0, checked.stdout);
    const tested = await run(folder, 'test', '--cross-check', '--coverage-min', '100', 'policies');
    t.is(tested.code, 0, tested.stdout);
    t.regex(tested.stdout, /cross-checked with opa: \d\d compared, 0 differ/);
    const built = await run(folder, 'build', 'policies');
    t.is(built.code, 0, built.stderr);
    t.is((await run(folder, 'inspect', 'policies/bundle.tar.gz', '--self-test')).code, 0);
  },
);

withOpa('what a new project holds is in the form that opa gives Rego', async (t) => {
  const folder = projectFolder(t, {});
  t.is((await run(folder, 'init', 'policies')).code, 0);
  t.is(
    execFileSync(opa.path, ['fmt', '--list', 'policies/rego', 'policies/rules'], { cwd: folder }).toString(),
    '',
  );
});

withOpa(
  'CI compares with the base, says of one without a policy that all is new, and refuses what is no revision',
  async (t) => {
    t.timeout(60_000);
    const folder = projectFolder(t, { 'repository/README.md': 'devices' });
    const repository = join(folder, 'repository');
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-C', repository, '-c', 'user.email=a@b', '-c', 'user.name=n', ...args]);
    const commit = (message: string) => void (git('add', '.'), git('commit', '-qm', message));
    git('init', '-q');
    commit('before');
    t.is((await run(repository, 'init', 'policies')).code, 0);
    commit('the policy');
    mkdirSync(join(folder, 'bin'));
    const started = `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'src/main.ts')}' "$@"\n`;
    writeFileSync(join(folder, 'bin/portreeve'), started, { mode: 0o755 });
    const compared = (revision: string) =>
      spawnSync('sh', [join(repository, 'policies/ci/compare.sh'), revision], {
        encoding: 'utf8',
        env: { ...process.env, PORTREEVE_OPA: opa.path, PATH: `${folder}/bin:${process.env['PATH'] ?? ''}` },
      });
    const first = compared('HEAD~1');
    t.is(first.status, 0, first.stderr);
    t.regex(first.stdout, /everything is new[^]*`HEAD~1` has no policy\.yaml/);
    const next = compared('HEAD');
    t.is(next.status, 0, next.stderr);
    t.regex(next.stdout, /no connection flips/);
    const wrong = compared('origin/mian');
    t.is(wrong.status, 2);
    t.is(wrong.stdout, '');
    t.regex(wrong.stderr, /origin\/mian is no revision/);
  },
);

test('--json tells the folder, its files and the recipes', async (t) => {
  const folder = projectFolder(t, {});
  const told = onlyObject(await run(folder, 'init', 'policies', '--recipe', 'business-hours', '--json'));
  t.is(told['folder'], join(folder, 'policies'));
  t.deepEqual(told['recipes'], ['business-hours']);
  const files = told['files'] as readonly string[];
  t.true(files.includes('rules/business_hours/business_hours.rego'));
  for (const file of files) t.true(existsSync(join(folder, 'policies', file)), file);
  t.not(statSync(join(folder, 'policies/ci/install.sh')).mode & 0o111, 0);
});

test('the commands that come next are such that a shell takes the folder for what it is called', async (t) => {
  const folder = projectFolder(t, {});
  for (const name of ['a b', "it's $HOME", '-x', 'plain/deep_1']) {
    const { code, stdout } = await run(folder, 'init', '--', name);
    t.is(code, 0);
    const commands = stdout.match(/(?<=^ {2}portreeve policy ).*/gm) ?? [];
    t.is(commands.length, 3);
    for (const command of commands) {
      const words = execFileSync('sh', ['-c', `for word in ${command}; do echo "$word"; done`]).toString();
      t.is(words.trim().split('\n').at(-1)?.replace(/^\.\//, ''), name);
    }
    t.true(stdout.includes(`\nthen read ${name}/README.md\n`));
  }
  t.regex((await run(folder, 'init', 'quite-plain')).stdout, /^ {2}portreeve policy check quite-plain$/m);
});

test('a folder that is not empty is refused, and left as it is', async (t) => {
  const folder = projectFolder(t, { 'policies/notes.txt': 'mine' });
  const refused = await run(folder, 'init', 'policies');
  t.is(refused.code, 2);
  t.regex(refused.stderr, /policies is not empty \(notes\.txt\)/);
  t.deepEqual(readdirSync(join(folder, 'policies')), ['notes.txt']);
  writeFileSync(join(folder, 'file'), '');
  t.is((await run(folder, 'init', 'file')).code, 2);
});

test('an empty folder will do, also one that is a repository already', async (t) => {
  const folder = projectFolder(t, {});
  mkdirSync(join(folder, 'policies/.git'), { recursive: true });
  const { code, stderr } = await run(folder, 'init', 'policies');
  t.is(code, 0, stderr);
});

test('a recipe that there is not is refused before anything is written', async (t) => {
  const folder = projectFolder(t, {});
  t.is((await run(folder, 'init', 'policies', '--recipe', 'teapots')).code, 1);
  t.false(existsSync(join(folder, 'policies')));
});

test('the help lists the recipes', async (t) => {
  const { code, stdout } = await run('/', 'init', '--help');
  t.is(code, 0);
  t.regex(stdout, /\nRecipes:\n {2}attested-writers\n/);
});
