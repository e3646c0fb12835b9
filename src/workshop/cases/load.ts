import { dirname, resolve } from 'node:path';
import { formatPath, formatProblem, type KeyPath } from '../../config/problem.ts';
import { parseInstant, type EpochMs } from '../../lib/clock.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { readCaseDocument, schemaDigest, validateCase, type ReadCases } from './document.ts';
import { ownCodesIn, readExpectation } from './expectation.ts';
import { createFixtureReader, resolved, type Fixtures, type FixtureReader } from './fixtures.ts';
import type { KeptFiles } from './kept-files.ts';
import {
  combinations,
  combinationText,
  countCombinations,
  isFor,
  mostCombinations,
  strangers,
  unsoundAxes,
  type Combination,
} from './matrix.ts';
import { isWords, patched, withFilesFrom } from './merge.ts';
import { readMoment } from './moment.ts';
import type { CaseFile, CaseProblem, LoadedCase } from './types.ts';
import type { CaseWords, Words } from './words.ts';

export interface LoadOptions {
  /** Absolute folder that relative names of files start from. */
  readonly folder: string;
  /** What was read before. */
  readonly kept?: KeptFiles;
}

/**
 * Reads files of cases with the fixtures that they use, strictly: every problem of every file is told with its line and
 * column. Throws PDP_CASES_INVALID for a file that cannot be read.
 */
export function loadCases(files: readonly string[], { folder, kept }: LoadOptions): readonly CaseFile[] {
  const names = new Map(files.map((file) => [resolve(folder, file), file]));
  const told = (path: string) => names.get(path) ?? path;
  const fixtures = createFixtureReader(told, kept);
  return files.map((file) => loadFile(file, resolve(folder, file), fixtures, kept));
}

/** All cases of files without problems. Throws PDP_CASES_INVALID with every problem, one a line. */
export function soundCases(files: readonly CaseFile[]): readonly LoadedCase[] {
  const problems = files.flatMap((file) => file.problems);
  if (problems.length > 0) {
    const lines = new Set(problems.map((one) => formatProblem(one.file, one)));
    throw new PortreeveError('PDP_CASES_INVALID', [...lines].join('\n'));
  }
  return files.flatMap((file) => file.cases);
}

/**
 * Throws PDP_CASES_INVALID for cases that name a reason of the policy's own which it does not declare: none can come, so
 * that "lacks" it would hold whatever is decided.
 */
export function refuseUndeclared(cases: readonly LoadedCase[], declared: ReadonlySet<string>): void {
  const lines = cases.flatMap(({ file, line, title, expect }) =>
    ownCodesIn(expect)
      .filter((code) => !declared.has(code))
      .map((code) => `${file}:${line}: ${title}: expects ${code}, which policy.yaml does not declare`),
  );
  if (lines.length > 0) throw new PortreeveError('PDP_CASES_INVALID', [...new Set(lines)].join('\n'));
}

function loadFile(
  file: string,
  path: string,
  fixtures: FixtureReader,
  kept: KeptFiles | undefined,
): CaseFile {
  const read = readCaseDocument(path, kept);
  if ('problems' in read) {
    return { file, reads: [path], cases: [], problems: read.problems.map((one) => ({ ...one, file })) };
  }
  const used = fixtures.of(path, read);
  const problems: CaseProblem[] = [...used.problems];
  const refuse = (where: KeyPath, message: string, at: 'key' | 'value' = 'value') =>
    void problems.push({ file, ...read.locate({ path: where, at, message }) });
  const cases = casesOf(read, used.fixtures, { kept, file, path, refuse });
  return { file, reads: used.fixtures.reads, cases: problems.length > 0 ? [] : cases, problems };
}

interface Around {
  readonly kept: KeptFiles | undefined;
  readonly file: string;
  readonly path: string;
  readonly refuse: (where: KeyPath, message: string, at?: 'key' | 'value') => void;
}

function casesOf(read: ReadCases, fixtures: Fixtures, around: Around): readonly LoadedCase[] {
  const listed = read.value.cases ?? [];
  if (listed.length === 0) return [];
  const from = fixtures.at === undefined ? undefined : parseInstant(fixtures.at);
  if (from === undefined) {
    around.refuse(['at'], 'is missing: the time of the cases, in this file or in one that it uses');
    return [];
  }
  const titles = new Set<unknown>();
  return listed.flatMap((words, index) => {
    if (titles.has(words['title'])) around.refuse(['cases', index, 'title'], 'is the title of another case');
    titles.add(words['title']);
    return loadCase(words, { ...around, fixtures, from, index, line: read.lines[index] ?? 1 });
  });
}

interface AroundCase extends Around {
  readonly fixtures: Fixtures;
  readonly from: EpochMs;
  readonly index: number;
  readonly line: number;
}

/** The case, or one for every combination of its matrix. */
function loadCase(listed: Words, around: AroundCase): readonly LoadedCase[] {
  const { fixtures, path, index } = around;
  const refuse = (where: KeyPath, message: string) => around.refuse(['cases', index, ...where], message);
  const folder = dirname(path);
  const own = withFilesFrom(listed, (file) => resolve(folder, file));
  const words = resolved(own, 'cases', fixtures, (message) => refuse(['base'], message));
  if (!isWords(words)) return [];
  const { matrix, skip } = words;
  if (words['expect'] === undefined && skip === undefined) {
    refuse(['expect'], 'is missing');
    return [];
  }
  if (matrix === undefined && Array.isArray(words['expect'])) {
    refuse(['expect'], 'is a list, which is for a matrix');
    return [];
  }
  const count = isWords(matrix) ? countCombinations(matrix) : 1;
  if (count > mostCombinations) {
    refuse(['matrix'], `has ${count} combinations, more than ${mostCombinations}`);
    return [];
  }
  const unsound = isWords(matrix) ? unsoundAxes(matrix) : [];
  if (unsound.length > 0) {
    for (const { axis, message } of unsound) refuse(['matrix', axis], message);
    return [];
  }
  const expectations = listOf(words['expect'] ?? []);
  for (const [place, one] of expectations.entries())
    for (const stranger of strangers(one['when'], matrix)) refuse(placeOf(words, place, 'when'), stranger);
  const all = combinations(words);
  if (matrix !== undefined && !areSound(all, refuse, around.kept)) return [];
  return all.flatMap((one) => loadCombination(one, expectations, { ...around, refuse }) ?? []);
}

/**
 * What values are laid at is only known once they are: the first combination that the schema refuses is told. Combinations
 * that were sound before are so now, by the same schema.
 */
function areSound(
  all: readonly Combination[],
  refuse: (where: KeyPath, message: string) => void,
  kept: KeptFiles | undefined,
): boolean {
  const key = sha256Hex(`sound combinations 2 ${schemaDigest}\0${JSON.stringify(all)}`);
  if (kept?.read(key)) return true;
  for (const { names, words } of all) {
    const [problem] = validateCase(words);
    if (!problem) continue;
    refuse(['matrix'], `${combinationText(names)}: ${formatPath(problem.path)}: ${problem.message}`);
    return false;
  }
  kept?.write(key, 'sound');
  return true;
}

function listOf(value: unknown): readonly Words[] {
  return Array.isArray(value) ? (value as readonly Words[]) : [value as Words];
}

function placeOf(words: Words, index: number, ...rest: KeyPath): KeyPath {
  return ['expect', ...(Array.isArray(words['expect']) ? [index] : []), ...rest];
}

function loadCombination(
  { names, words: laid }: Combination,
  expectations: readonly Words[],
  around: AroundCase,
): LoadedCase | undefined {
  const { refuse, file, line, from, fixtures } = around;
  const text = combinationText(names);
  const { title, tags = [], skip, at: when, expect: all, ...rest } = laid;
  const at = when === undefined ? from : readMoment(when as string, from);
  if (at === undefined) {
    refuse(['at'], `is no moment${text && ` (${text})`}`);
    return undefined;
  }
  const words = caseWords(rest, fixtures, (where, message) => refuse([where], message));
  const found = expectations.flatMap((one, index) => (isFor(one['when'], names) ? [index] : []));
  const [index, second] = found;
  if (second !== undefined && index !== undefined) {
    refuse(['expect', second], `${text} is expected twice, here and by entry ${index + 1}`);
    return undefined;
  }
  if (index === undefined && skip === undefined) {
    refuse(['expect'], `nothing is expected of ${text}`);
    return undefined;
  }
  const expect =
    index === undefined
      ? { outcome: 'deny' as const }
      : readExpectation(expectations[index] as Words, at, (where, message) =>
          refuse(placeOf({ expect: all }, index, ...where), message),
        );
  if (!expect) return undefined;
  return {
    id: `${file}: ${String(title)}${text && ` [${text}]`}`,
    ...{ file, line, title: String(title), combination: names },
    tags: tags as readonly string[],
    skip: skip as string | undefined,
    ...{ at, from, folder: dirname(around.path), words, expect },
  };
}

/** Where words of a case stand that may be the name of a fixture. */
const sections: Readonly<Record<string, string>> = {
  device: 'devices',
  certificate: 'certificates',
  crl: 'crls',
  attestation: 'attestations',
  network: 'networks',
  gateway: 'gateways',
};

function caseWords(
  words: Words,
  fixtures: Fixtures,
  refuse: (where: string, message: string) => void,
): CaseWords {
  const look = (value: unknown, section: string, where: string): unknown =>
    section === 'crls' && typeof value === 'string' && !Object.hasOwn(fixtures.named['crls'] ?? {}, value)
      ? value
      : resolved(value, section, fixtures, (message) => refuse(where, message));
  const found: Record<string, unknown> = { ...words };
  for (const [key, section] of Object.entries(sections))
    if (found[key] !== undefined) found[key] = look(found[key], section, key);
  const { devices, crls, gateway } = found;
  if (Array.isArray(devices)) found['devices'] = devices.map((one) => look(one, 'devices', 'devices'));
  if (isWords(crls)) {
    found['crls'] = Object.fromEntries(
      Object.entries(crls).map(([name, one]) => [name, look(one, 'crls', 'crls')]),
    );
  }
  if (isWords(gateway)) {
    found['gateway'] = {
      ...gateway,
      ...(gateway['certificate'] !== undefined && {
        certificate: look(gateway['certificate'], 'certificates', 'gateway'),
      }),
      ...(gateway['device'] !== undefined && { device: look(gateway['device'], 'devices', 'gateway') }),
    };
  }
  const configuration = patchedConfiguration(fixtures.configuration, found['configuration']);
  return {
    ...(found as CaseWords),
    configuration,
    authorities: fixtures.authorities as NonNullable<CaseWords['authorities']>,
    verifiers: fixtures.verifiers as NonNullable<CaseWords['verifiers']>,
  };
}

/** The same object for cases that change nothing, so that what is made of it is made once. */
function patchedConfiguration(shared: Words, own: unknown): Words {
  return isWords(own) ? (patched(shared, own) as Words) : shared;
}
