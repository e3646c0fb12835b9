import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readResult, type Circumstances, type Results } from '../../bench/goals/results.ts';

/** From which commit, and how busy the machine was besides. */
export function circumstancesOf({ commit, load_average: load = [] }: Circumstances): string {
  return `${commit}, load ${load.join(', ')}`;
}

/** The names of all results of a project's folder, without `.json`. */
export function resultNames(folder: string): readonly string[] {
  const files = readdirSync(join(folder, 'bench/results')).filter((file) => file.endsWith('.json'));
  return files.map((file) => file.slice(0, -'.json'.length)).toSorted();
}

/**
 * What results do not say of how they came to be, one line for each of them that has to be run again. A commit has to be in
 * the history that `folder` has; `isCommit` answers null where that cannot be told.
 */
export function unclearResults(
  names: readonly string[],
  isCommit: (commit: string) => boolean | null,
  results: Results = readResult,
): readonly string[] {
  return names.flatMap((name) => {
    const result = results(name);
    if (!result) return [];
    const { command, commit, versions, load_average: load } = result;
    const lacking = Object.entries({ command, commit, versions, load_average: load }).flatMap(
      ([key, value]) => (value ? [] : [`lacks ${key}`]),
    );
    const unknown = commit && isCommit(commit) === false ? [`is from ${commit}, which is in no history`] : [];
    const all = [...lacking, ...unknown];
    return all.length === 0 ? [] : [`bench/results/${name}.json ${all.join(' and ')}: run it again`];
  });
}

/**
 * Tells whether a commit belongs to the history of what is checked out in `folder`; null without git, in a shallow clone
 * and where `folder` is none, such as an unpacked archive.
 */
export function historyOf(folder: string): (commit: string) => boolean | null {
  const git = (...args: readonly string[]): { readonly code: number | null; readonly told: string } => {
    const { status, stdout } = spawnSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
    return { code: status, told: status === 0 ? stdout.trim() : '' };
  };
  const whole =
    git('rev-parse', '--is-shallow-repository').told === 'false' &&
    git('rev-parse', '--verify', 'HEAD').code === 0 &&
    // Not the history of something else that the folder lies in.
    git('rev-parse', '--show-prefix').told === '';
  return (commit) => (whole ? git('merge-base', '--is-ancestor', commit, 'HEAD').code === 0 : null);
}
