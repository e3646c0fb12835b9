import { PortreeveError } from '../../lib/errors.ts';
import { readCoverage } from '../coverage/ranges.ts';
import type { CoveredFiles } from '../coverage/ranges.ts';
import { languageFlags } from '../evaluation/eval-args.ts';
import type { RegoSources, RunOpa } from '../evaluation/types.ts';
import type { OpaResult } from '../opa/run.ts';
import { readExplanations } from './explanations.ts';

/** One Rego test, and what became of it. */
export interface RegoTest {
  /** `portreeve.gateway_test`. */
  readonly package: string;
  readonly name: string;
  readonly file: string;
  /** Begins at 1. */
  readonly line: number;
  readonly status: 'passed' | 'failed' | 'skipped' | 'error';
  /** What it printed. */
  readonly output: string;
  /** Of `failed`: what made it fail, as `opa test` explains it; of `error`: what went wrong. */
  readonly explanation: string;
  readonly durationMs: number;
}

export interface RegoTestOptions {
  /** Tests whose `package.name` matches. */
  readonly match?: RegExp;
}

interface Result {
  readonly location: { readonly file: string; readonly row: number };
  readonly package: string;
  readonly name: string;
  readonly fail?: boolean;
  readonly skip?: boolean;
  readonly error?: { readonly message?: string };
  readonly duration: number;
  readonly output?: string;
}

/**
 * Runs a policy's Rego tests with `opa test`, in the order of their files. Throws PDP_POLICY_INVALID with opa's words
 * where they do not compile.
 */
export async function runRegoTests(
  run: RunOpa,
  sources: RegoSources,
  { match }: RegoTestOptions = {},
): Promise<readonly RegoTest[]> {
  if (sources.tests.length === 0) return [];
  const flags = languageFlags(sources.regoVersion);
  const files = [...sources.modules, ...sources.tests, ...sources.data];
  const ran = await run(['test', '--format', 'json', ...flags, ...files], { cwd: sources.folder });
  const results = readResults(ran).filter((one) => !match || match.test(nameOf(one)));
  const failed = results.filter(({ fail }) => fail === true);
  const explained = await explain(run, sources, failed.map(nameOf));
  return results
    .map((one) => testOf(one, explained))
    .sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

/**
 * What those Rego tests evaluate that passed, by `opa test --coverage`, which tells nothing where one fails. Throws
 * PDP_POLICY_INVALID where they do not compile.
 */
export async function coverRegoTests(
  run: RunOpa,
  sources: RegoSources,
  ran: readonly RegoTest[],
): Promise<CoveredFiles> {
  const passed = ran.filter(({ status }) => status === 'passed');
  if (passed.length === 0) return new Map();
  const only = passed.length < ran.length ? ['--run', patternOf(passed.map(nameOf))] : [];
  const flags = ['--coverage', '--format', 'json', ...only, ...languageFlags(sources.regoVersion)];
  const files = [...sources.modules, ...sources.tests, ...sources.data];
  const result = await run(['test', ...flags, ...files], { cwd: sources.folder });
  const report = parse(result.stdout) as { readonly files?: unknown } | undefined;
  if (report?.files === undefined) throw broken(result);
  return readCoverage(report);
}

/** Matches exactly these tests. */
function patternOf(names: readonly string[]): string {
  return `^data\\.(${names.map((name) => name.replaceAll(/[^\w]/g, '\\$&')).join('|')})$`;
}

/** Explanations take longer than the tests: only those that failed are run for them. */
async function explain(
  run: RunOpa,
  sources: RegoSources,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const flags = [
    '--format',
    'pretty',
    '--explain',
    'fails',
    '--var-values',
    ...languageFlags(sources.regoVersion),
  ];
  const files = [...sources.modules, ...sources.tests, ...sources.data];
  const { stdout } = await run(['test', ...flags, '--run', patternOf(names), ...files], {
    cwd: sources.folder,
  });
  return readExplanations(stdout);
}

function readResults(ran: OpaResult): readonly Result[] {
  const results = parse(ran.stdout);
  if (!Array.isArray(results)) throw broken(ran);
  return results as readonly Result[];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function broken({ stdout, stderr }: OpaResult): PortreeveError {
  return new PortreeveError('PDP_POLICY_INVALID', `opa test: ${stderr.trim() || stdout.trim()}`);
}

function nameOf(result: Pick<Result, 'package' | 'name'>): string {
  return `${result.package.replace(/^data\./, '')}.${result.name}`;
}

function testOf(result: Result, explained: ReadonlyMap<string, string>): RegoTest {
  const { location, fail, skip, error, duration, output = '' } = result;
  const status = error ? 'error' : fail === true ? 'failed' : skip === true ? 'skipped' : 'passed';
  return {
    ...{ package: result.package.replace(/^data\./, ''), name: result.name },
    ...{ file: location.file, line: location.row, status },
    output: Buffer.from(output, 'base64').toString('utf8'),
    explanation: error ? (error.message ?? JSON.stringify(error)) : (explained.get(nameOf(result)) ?? ''),
    durationMs: duration / 1e6,
  };
}
