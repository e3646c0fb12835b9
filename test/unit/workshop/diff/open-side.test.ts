import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { openSide } from '../../../../src/workshop/diff/open-side.ts';
import type { Opa } from '../../../../src/workshop/opa/find.ts';
import { opa, withOpa } from '../../../helpers/policies.ts';
import { projectFolder, smallProject } from '../../../helpers/policy-projects.ts';
import { defaultBundle } from '../../../helpers/recorded.ts';

const compiler = (): Opa => opa.opa as Opa;

function git(folder: string, ...args: readonly string[]): void {
  const ran = spawnSync('git', ['-C', folder, '-c', 'user.email=a@b', '-c', 'user.name=n', ...args]);
  if (ran.status !== 0) throw new Error(ran.stderr.toString());
}

/** A repository with a project in `policies`, committed as it is. */
function repository(t: Parameters<typeof projectFolder>[0]): string {
  const files = Object.entries(smallProject).map(([name, text]) => [`policies/${name}`, text]);
  const folder = projectFolder(t, Object.fromEntries(files) as Record<string, string>);
  writeFileSync(join(folder, 'bundle.tar.gz'), defaultBundle);
  git(folder, 'init', '-q');
  git(folder, 'add', '.');
  git(folder, 'commit', '-qm', 'first');
  return folder;
}

test('a bundle file is taken as it is, and default is the bundle that ships', (t) => {
  const folder = projectFolder(t, {});
  writeFileSync(join(folder, 'a.tar.gz'), defaultBundle);
  const file = openSide('a.tar.gz', { folder, opa: compiler });
  t.is(file.digest, openSide('default', { folder, opa: compiler }).digest);
});

withOpa(
  'a revision has what was committed, whatever the folder has become; the work tree is not touched',
  (t) => {
    const folder = repository(t);
    const policies = join(folder, 'policies');
    const committed = openSide('policies', { folder, opa: compiler });
    const rego = join(policies, 'rego/policy.rego');
    writeFileSync(rego, smallProject['rego/policy.rego']!.replace('360', '800'));
    const changed = openSide('policies', { folder, opa: compiler });
    t.not(changed.digest, committed.digest);
    const left = new Set(readdirSync(tmpdir()).filter((name) => name.startsWith('portreeve-revision-')));
    for (const [name, likewise] of [
      ['git:HEAD:policies', undefined],
      ['git:HEAD', policies],
    ] as const) {
      t.is(openSide(name, { folder, opa: compiler, likewise }).digest, committed.digest);
    }
    t.is(openSide('git:HEAD', { folder: policies, opa: compiler }).digest, committed.digest);
    t.is(
      openSide('git:HEAD:bundle.tar.gz', { folder, opa: compiler }).digest,
      openSide('default', { folder, opa: compiler }).digest,
    );
    const now = readdirSync(tmpdir()).filter((name) => name.startsWith('portreeve-revision-'));
    t.true(
      now.filter((name) => !left.has(name)).every((name) => !existsSync(join(tmpdir(), name, 'policies'))),
    );
  },
);

withOpa('a revision has its files under their names, whatever these hold', (t) => {
  const folder = repository(t);
  writeFileSync(join(folder, 'policies/data/of\ta tab.yaml'), 'tab: true\n');
  git(folder, 'add', '.');
  git(folder, 'commit', '-qm', 'second');
  const [now, then] = ['policies', 'git:HEAD:policies'].map(
    (name) => openSide(name, { folder, opa: compiler }).digest,
  );
  t.is(then, now);
});

test('what is nowhere, no revision, or an option to git is refused by name', (t) => {
  const folder = repository(t);
  const refused = (name: string) =>
    t.throws(() => openSide(name, { folder, opa: compiler }), { code: 'PDP_INPUT_MALFORMED' }).message;
  t.regex(refused('nothing'), /^nothing: /);
  t.regex(refused('git:nothing'), /^git:nothing: /);
  t.regex(refused('git:HEAD:nowhere'), /nowhere/);
  t.regex(refused('git:--output=x'), /neither a bundle file/);
});

test('a revision without a project is told by its name, and not by the folder that it was looked at in', (t) => {
  const { message } = t.throws(() => openSide('git:HEAD:', { folder: repository(t), opa: compiler }), {
    code: 'PDP_PROJECT_INVALID',
  });
  t.is(message, 'git:HEAD:: no policy.yaml is in that revision');
});

test('a revision with a link is refused: what it leads to is not of the revision', (t) => {
  const folder = repository(t);
  mkdirSync(join(folder, 'linked'));
  symlinkSync('/etc/hostname', join(folder, 'linked/policy.yaml'));
  git(folder, 'add', '.');
  git(folder, 'commit', '-qm', 'link');
  t.throws(() => openSide('git:HEAD:linked', { folder, opa: compiler }), { message: /no plain file/ });
});
