import { dirname, resolve } from 'node:path';
import { describeThrown } from '../../lib/errors.ts';
import { readCaseDocument, type ReadCases } from './document.ts';
import type { KeptFiles } from './kept-files.ts';
import { isWords, laidOver, patched, withFilesFrom } from './merge.ts';
import type { CaseProblem } from './types.ts';
import type { Words } from './words.ts';

/** What cases of a file have in common: its own fixtures over those that it uses. Paths are absolute. */
export interface Fixtures {
  readonly at: string | undefined;
  readonly configuration: Words;
  readonly authorities: Words;
  readonly verifiers: Words;
  /** Section → name → words. */
  readonly named: Readonly<Record<string, Words>>;
  /** Absolute paths of the files that were read. */
  readonly reads: readonly string[];
}

const none: Fixtures = {
  at: undefined,
  configuration: {},
  authorities: {},
  verifiers: {},
  named: {},
  reads: [],
};

/** Reads fixtures, each file once. */
export interface FixtureReader {
  /** The fixtures of a document that was read, and what is wrong with the files that it uses. */
  of(
    file: string,
    read: ReadCases,
  ): { readonly fixtures: Fixtures; readonly problems: readonly CaseProblem[] };
}

type Known = ReturnType<FixtureReader['of']>;

/** `told` says how a file is called in problems. */
export function createFixtureReader(told: (path: string) => string, kept?: KeptFiles): FixtureReader {
  const files = new Map<string, Known | 'being read'>();

  const load = (path: string): Known => {
    const read = readCaseDocument(path, kept);
    if ('problems' in read) {
      const problems = read.problems.map((one) => ({ ...one, file: told(path) }));
      return { fixtures: { ...none, reads: [path] }, problems };
    }
    return of(path, read);
  };

  const used = (path: string, from: string, read: ReadCases, index: number): Known => {
    const refuse = (message: string): Known => ({
      fixtures: none,
      problems: [{ file: told(from), ...read.locate({ path: ['use', index], at: 'value', message }) }],
    });
    const known = files.get(path);
    if (known === 'being read') return refuse('uses this file in turn');
    if (known) return known;
    files.set(path, 'being read');
    try {
      const loaded = load(path);
      files.set(path, loaded);
      return loaded;
    } catch (thrown) {
      files.delete(path);
      return refuse(describeThrown(thrown));
    }
  };

  const of = (path: string, read: ReadCases): Known => {
    const folder = dirname(path);
    const all = (read.value.use ?? []).map((one, index) => used(resolve(folder, one), path, read, index));
    const under = all.reduce((sum, one) => over(sum, one.fixtures), none);
    const own = withFilesFrom(read.value.fixtures ?? {}, (file) => resolve(folder, file));
    const { configuration, authorities, verifiers, ...named } = own;
    const fixtures = over(under, {
      at: read.value.at,
      configuration: configuration ?? {},
      authorities: authorities ?? {},
      verifiers: verifiers ?? {},
      named,
      reads: [path],
    });
    return { fixtures, problems: all.flatMap((one) => one.problems) };
  };

  return { of };
}

function over(under: Fixtures, fixtures: Fixtures): Fixtures {
  return {
    at: fixtures.at ?? under.at,
    configuration: patched(under.configuration, fixtures.configuration) as Words,
    authorities: { ...under.authorities, ...fixtures.authorities },
    verifiers: { ...under.verifiers, ...fixtures.verifiers },
    named: Object.fromEntries(
      [...new Set([...Object.keys(under.named), ...Object.keys(fixtures.named)])].map((section) => [
        section,
        { ...under.named[section], ...fixtures.named[section] },
      ]),
    ),
    reads: [...new Set([...under.reads, ...fixtures.reads])],
  };
}

/** What a name, or words laid over one, stand for. `refuse` is told of a name that nothing has. */
export function resolved(
  words: unknown,
  section: string,
  fixtures: Fixtures,
  refuse: (message: string) => void,
  depth = 0,
): unknown {
  const name = typeof words === 'string' ? words : isWords(words) ? words['base'] : undefined;
  if (typeof name !== 'string') return words;
  const named = fixtures.named[section];
  if (!named || !Object.hasOwn(named, name)) {
    refuse(`there is no fixture ${JSON.stringify(name)} in ${section}${known(named)}`);
    return undefined;
  }
  if (depth > 16) {
    refuse(`the fixture ${JSON.stringify(name)} is laid over itself`);
    return undefined;
  }
  const base = resolved(named[name], section, fixtures, refuse, depth + 1);
  if (!isWords(words)) return base;
  const { base: _, ...own } = words;
  return laidOver(base, own);
}

function known(named: Words | undefined): string {
  const names = Object.keys(named ?? {});
  return names.length === 0 ? '' : `; there are ${names.slice(0, 12).join(', ')}`;
}
