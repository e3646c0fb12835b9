import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Result } from '../../../bench/goals/results.ts';
import { historyOf, unclearResults } from '../../../scripts/performance/circumstances.ts';

const clear: Result = {
  ...{ command: 'node bench/some.ts', commit: 'c0ffee1', node: 'v26', machine: '2 ×' },
  ...{ versions: { v8: '14' }, load_average: [1, 2, 3] },
};

function git(folder: string, ...args: readonly string[]): string {
  const named = ['-C', folder, '-c', 'user.email=a@b', '-c', 'user.name=n', ...args];
  const { status, stdout, stderr } = spawnSync('git', named, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** A repository with two commits, and one more that no branch has. */
function repository(t: ExecutionContext) {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-history-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const at = join(folder, 'whole');
  mkdirSync(join(at, 'part'), { recursive: true });
  git(at, 'init', '--quiet');
  const commit = (name: string): string => {
    git(at, 'commit', '--quiet', '--allow-empty', '--message', name);
    return git(at, 'rev-parse', '--short', 'HEAD');
  };
  const first = commit('first');
  const lost = commit('lost');
  git(at, 'reset', '--quiet', '--hard', first);
  return { folder, at, lost, commits: [first, commit('second')] as const };
}

test('a result says by what command, from which commit, with which versions and beside what it was made', (t) => {
  const named = (changes: object): readonly string[] =>
    unclearResults(
      ['some'],
      () => true,
      () => ({ ...clear, ...changes }),
    );
  t.deepEqual(named({}), []);
  for (const key of ['command', 'commit', 'versions', 'load_average'])
    t.deepEqual(named({ [key]: undefined }), [`bench/results/some.json lacks ${key}: run it again`]);
});

test('each result that is from a commit of no history is named, and none where that cannot be told', (t) => {
  const all: Readonly<Record<string, Result>> = { one: clear, other: { ...clear, commit: 'beef' } };
  const told = (known: boolean | null) =>
    unclearResults(
      ['one', 'other', 'third'],
      (commit) => commit === 'c0ffee1' || known,
      (name) => all[name],
    );
  t.deepEqual(told(false), ['bench/results/other.json is from beef, which is in no history: run it again']);
  t.deepEqual(told(null), []);
});

test('a commit is known by being in the history of what is checked out, not by lying in the repository', (t) => {
  const { at, commits, lost } = repository(t);
  const isCommit = historyOf(at);
  t.deepEqual([...commits, lost, '5b824ef'].map(isCommit), [true, true, false, false]);
});

test('without a whole history of its own nothing is told of a commit', (t) => {
  const { folder, at, commits } = repository(t);
  const shallow = join(folder, 'shallow');
  git(folder, 'clone', '--quiet', '--depth', '1', pathToFileURL(at).href, shallow);
  const archive = join(folder, 'archive');
  cpSync(join(at, 'part'), archive, { recursive: true });
  // No git at all, a part of the history, and the history of something else around it.
  for (const one of [archive, shallow, join(at, 'part')]) t.is(historyOf(one)(commits[0]), null, one);
});
