import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBundle } from '../../policy/bundle.ts';
import type { CaseOutcome } from '../cases/types.ts';
import { gatherCoverage } from '../coverage/gather.ts';
import type { PolicyCoverage } from '../coverage/types.ts';
import { crossCheck, questionOf, spokenBy } from '../cross-check/cross-check.ts';
import type { Spoken } from '../cross-check/cross-check.ts';
import { evaluateMany } from '../evaluation/evaluate-many.ts';
import { sourcesOf } from '../evaluation/sources.ts';
import type { RegoSources, RunOpa } from '../evaluation/types.ts';
import { failureSections } from '../explain/failure-sections.ts';
import type { Project } from '../project/types.ts';
import { coverRegoTests } from '../rego-tests/run-tests.ts';
import type { RegoTest } from '../rego-tests/run-tests.ts';
import { readModules } from '../rego-tree/read-modules.ts';
import { caseItem, regoItem } from './items.ts';
import type { Report, ReportItem } from './types.ts';

export interface ExamineOptions {
  readonly crossCheck: boolean;
  readonly explain: boolean;
  readonly coverage: boolean;
  /** What stands before names of the project's files, such as `policies/`. */
  readonly prefix: string;
}

/** What one project's tests came to. */
export type Examined = Pick<Report, 'items' | 'crossCheck' | 'coverage'>;

/**
 * Works out everything that is told of a project's cases and Rego tests once they have run: whether `opa` gives the same
 * answers, why cases failed, what was covered. Throws PDP_POLICY_INVALID where `opa` cannot compile the policy.
 */
export async function examine(
  project: Project,
  bundle: Uint8Array,
  ran: { readonly outcomes: readonly CaseOutcome[]; readonly tests: readonly RegoTest[] },
  run: RunOpa,
  options: ExamineOptions,
): Promise<Examined> {
  const sources = sourcesOf(project, bundle);
  const spoken = spokenBy(parseBundle(bundle));
  const compared = options.crossCheck ? await crossCheck(ran.outcomes, run, sources, spoken) : undefined;
  const { outcomes, ...checked } = compared ?? { outcomes: ran.outcomes };
  const crossChecked = compared && { crossCheck: checked as NonNullable<Report['crossCheck']> };
  const failed = outcomes.some(({ status }) => status === 'failed');
  const needed = failed || options.coverage;
  const modules = needed ? await readModules(run, project.folder, project.modules, project.regoVersion) : [];
  const sections = failed
    ? await failureSections(run, sources, modules, outcomes, { explain: options.explain, spoken })
    : undefined;
  const { prefix } = options;
  const items: readonly ReportItem[] = [
    ...outcomes.map((one) => caseItem(one, sections?.get(one.id))),
    ...ran.tests.map((one) => regoItem({ ...one, file: prefix + one.file })),
  ];
  if (!options.coverage) return { items, ...crossChecked };
  const byCases = await coverCases(outcomes, run, sources, spoken);
  const byTests = await coverRegoTests(run, sources, ran.tests);
  const texts = project.tests.map(
    (file) => [file, readFileSync(join(project.folder, file), 'utf8')] as const,
  );
  const declared = Object.keys(project.reasons);
  const tried = { modules, tests: new Map(texts), byCases, byTests, outcomes, declared };
  const coverage = placed(gatherCoverage(tried), prefix);
  return { items, coverage, ...crossChecked };
}

async function coverCases(
  outcomes: readonly CaseOutcome[],
  run: RunOpa,
  sources: RegoSources,
  spoken: Spoken,
): ReturnType<typeof coverRegoTests> {
  const questions = outcomes.flatMap((outcome) => questionOf(outcome, spoken) ?? []);
  return (await evaluateMany(run, sources, questions, { coverage: true })).coverage;
}

/** Coverage with its files as they are named from where the program runs. */
function placed({ files, rules, reasons }: PolicyCoverage, prefix: string): PolicyCoverage {
  return {
    files: files.map((one) => ({ ...one, file: prefix + one.file })),
    rules: rules.map((one) => ({ ...one, file: prefix + one.file })),
    reasons: reasons.map((one) => ({
      ...one,
      givenAt: one.givenAt.map((place) => prefix + place),
      namedByTests: one.namedByTests.map((file) => prefix + file),
    })),
  };
}

/** What the tests of several projects came to together. */
export function together(all: readonly Examined[]): Examined {
  const checks = all.flatMap(({ crossCheck: one }) => one ?? []);
  const coverages = all.flatMap(({ coverage }) => coverage ?? []);
  const sum = (of: (one: (typeof checks)[number]) => number): number =>
    checks.reduce((so, one) => so + of(one), 0);
  return {
    items: all.flatMap(({ items }) => items),
    ...(checks.length > 0 && {
      crossCheck: {
        compared: sum(({ compared }) => compared),
        unasked: sum(({ unasked }) => unasked),
        differing: sum(({ differing }) => differing),
      },
    }),
    ...(coverages.length > 0 && {
      coverage: {
        files: coverages.flatMap(({ files }) => files),
        rules: coverages.flatMap(({ rules }) => rules),
        reasons: coverages.flatMap(({ reasons }) => reasons),
      },
    }),
  };
}
