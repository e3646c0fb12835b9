import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { CaseFile, LoadedCase } from '../../../../src/workshop/cases/types.ts';
import type { Project } from '../../../../src/workshop/project/types.ts';
import { affectedBy, filesOf } from '../../../../src/workshop/watch/affected.ts';
import type { Affected, Watched } from '../../../../src/workshop/watch/affected.ts';
import { fileChanges } from '../../../../src/workshop/watch/file-changes.ts';
import { watchCases } from '../../../../src/workshop/watch/watch-cases.ts';

const project = {
  ...{
    folder: '/p',
    file: '/p/policy.yaml',
    capabilities: '/p/capabilities.json',
    entrypoint: 'top/decision',
  },
  ...{
    modules: ['top.rego', 'used.rego', 'unused.rego'],
    tests: ['top_test.rego'],
    dataFiles: ['data/d.json'],
  },
} as unknown as Project;
const modules = [
  { file: 'top.rego', package: 'top', rules: [], refersTo: ['used.lib'] },
  { file: 'used.rego', package: 'used.lib', rules: [], refersTo: [] },
  { file: 'unused.rego', package: 'unused', rules: [], refersTo: ['top'] },
];

function one(id: string, words: object = {}): LoadedCase {
  const about = { id, file: 'cases/a.yaml', line: 3, title: id, combination: {}, tags: [], skip: undefined };
  return { ...about, at: 0, from: 0, folder: '/p/cases', words, expect: { outcome: 'deny' } };
}

function state(...cases: readonly LoadedCase[]): Watched {
  const file: CaseFile = { file: 'cases/a.yaml', reads: [], cases, problems: [] };
  return { project, modules, cases: [file] };
}

function told({ policy, rego, cases }: Affected) {
  return { policy, rego, cases: [...cases] };
}

const before = state(one('a'), one('b', { certificate: { file: 'leaf.pem' } }));
const changed = (...files: readonly string[]) => told(affectedBy(new Set(files), before, before));
const none = { policy: false, rego: false, cases: [] };

test('a module that the entrypoint reaches affects all cases, another one Rego tests alone', (t) => {
  for (const file of ['/p/top.rego', '/p/used.rego', '/p/data/d.json', '/p/policy.yaml']) {
    t.deepEqual(changed(file), { policy: true, rego: true, cases: ['a', 'b'] }, file);
  }
  t.deepEqual(changed('/p/unused.rego'), { ...none, rego: true });
  t.deepEqual(changed('/p/top_test.rego'), { ...none, rego: true });
  t.deepEqual(changed('/p/README.md'), none);
});

test('a case is affected by what it says now otherwise, by its material, and not by where it stands', (t) => {
  const after = state({ ...one('a'), line: 9 }, one('b', { certificate: { file: 'leaf.pem' } }), one('c'));
  t.deepEqual(told(affectedBy(new Set(['/p/cases/a.yaml']), before, after)), { ...none, cases: ['c'] });
  const other = state(one('a', { device: null }), one('b', { certificate: { file: 'leaf.pem' } }));
  t.deepEqual(told(affectedBy(new Set(['/p/cases/fixtures.yaml']), before, other)), {
    ...none,
    cases: ['a'],
  });
  t.deepEqual(changed('/p/cases/leaf.pem'), { ...none, cases: ['b'] });
});

test('a state that cannot be read is told, and its changes count with the next ones', async (t) => {
  const runs: object[] = [];
  const tellings: unknown[] = [];
  const states = [before, new Error('half a file'), before];
  // Two sets of changes: what is wrong after the first is right after the second.
  const changes = async function* () {
    await Promise.resolve();
    yield new Set(['/p/cases/leaf.pem']);
    yield new Set(['/p/README.md']);
  };
  await watchCases({
    changes: changes(),
    read: () => {
      const next = states.shift();
      return next instanceof Error || !next
        ? Promise.reject(next ?? new Error('none'))
        : Promise.resolve(next);
    },
    run: (affected) => {
      runs.push(told(affected));
      return Promise.resolve();
    },
    tell: (thrown) => void tellings.push(thrown),
  });
  t.deepEqual(runs, [
    { policy: true, rego: true, cases: ['a', 'b'] },
    { ...none, cases: ['b'] },
  ]);
  t.is(tellings.length, 1);
});

test('changes of files come from when they are watched, several steps of one write together', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pr-watch-'));
  const stop = new AbortController();
  const changes = fileChanges(folder, stop.signal);
  writeFileSync(join(folder, 'a.yaml'), 'one');
  writeFileSync(join(folder, 'a.yaml'), 'two');
  for await (const some of changes) {
    t.true(some.has(join(folder, 'a.yaml')));
    stop.abort();
  }
  rmSync(folder, { recursive: true, force: true });
});

test('files that cases read outside of the folder are watched once they are followed, and their neighbours are not', async (t) => {
  const around = mkdtempSync(join(tmpdir(), 'pr-watch-'));
  t.teardown(() => rmSync(around, { recursive: true, force: true }));
  const folder = join(around, 'policies');
  mkdirSync(folder);
  const [server, other] = [join(around, 'server.yaml'), join(around, 'other.yaml')];
  writeFileSync(server, 'one');
  const file: CaseFile = {
    ...{ file: 'cases/a.yaml', reads: [join(folder, 'cases/a.yaml')], problems: [] },
    cases: [one('a', { configuration: { file: server } })],
  };
  const stop = new AbortController();
  const changes = fileChanges(folder, stop.signal);
  changes.follow([...filesOf([file]), join(around, 'gone/leaf.pem')]);
  writeFileSync(other, 'two');
  writeFileSync(server, 'two');
  for await (const some of changes) {
    t.deepEqual([...some], [server]);
    stop.abort();
  }
});
