import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MadeDecision } from '../../src/decision/types.ts';
import { readCustomReasons } from '../../src/policy/custom-reasons.ts';
import { withToldValues } from '../../src/policy/told-values.ts';
import type { PolicyInput } from '../../src/policy/types.ts';
import { readVerdict } from '../../src/policy/verdict.ts';
import type { ClassRules } from '../../src/policy/types.ts';
import { disagreement, saidByEngine, saidByOpa } from '../../src/workshop/cross-check/compare.ts';
import type { Disagreement, Said } from '../../src/workshop/cross-check/compare.ts';
import { evaluateMany } from '../../src/workshop/evaluation/evaluate-many.ts';
import { running } from '../../src/workshop/evaluation/types.ts';
import type { PolicyQuestion, RegoSources } from '../../src/workshop/evaluation/types.ts';
import { fleet } from './case-files.ts';
import type { Tool } from './skip.ts';

const root = join(import.meta.dirname, '../..');

/** Something that the compiled policy was asked, and what it said. */
interface Asked {
  readonly input: PolicyInput;
  readonly title: string;
  readonly question: PolicyQuestion;
  readonly ours: Said;
}

/** What compiled policies were asked in a run of cases, to be asked of `opa` as well. */
export interface AskedPolicies {
  /** Keeps what a decision asked of the policy of this text; undefined is the default one. */
  note(
    title: string,
    rego: string | undefined,
    classes: Readonly<Record<string, ClassRules>>,
    made: MadeDecision,
  ): void;
  /** How many were kept, and those to which `opa` gives another answer; one process for each policy. */
  ask(opa: Tool): Promise<{
    readonly asked: number;
    readonly different: readonly (Disagreement & { readonly title: string })[];
  }>;
}

/** Makes an empty memory of what is asked. */
export function askedPolicies(): AskedPolicies {
  const byPolicy = new Map<string | undefined, Asked[]>();
  return {
    note: (title, rego, classes, made) => {
      const ours = saidByEngine(made);
      if (!ours) return;
      const asked = byPolicy.get(rego) ?? [];
      byPolicy.set(rego, asked);
      asked.push({
        title,
        ours,
        input: made.input as PolicyInput,
        question: { id: `${asked.length}`, input: JSON.stringify(made.input), classes },
      });
    },
    ask: async (opa) => {
      const declared = readCustomReasons(fleet.reasons);
      const different: (Disagreement & { readonly title: string })[] = [];
      for (const [rego, asked] of byPolicy) {
        const answers = await askOpa(
          opa,
          rego,
          asked.map(({ question }) => question),
        );
        for (const { title, ours, input, question } of asked) {
          const answer = answers.get(question.id);
          const theirs = saidByOpa(answer ?? { kind: 'undefined' }, (value) =>
            withToldValues(readVerdict([{ result: value }], declared), input, undefined),
          );
          const found = disagreement(ours, theirs);
          if (found) different.push({ title, ...found });
        }
      }
      return { asked: [...byPolicy.values()].flat().length, different };
    },
  };
}

async function askOpa(opa: Tool, rego: string | undefined, questions: readonly PolicyQuestion[]) {
  const run = running({ path: opa.path, version: '' });
  if (rego === undefined) return (await evaluateMany(run, defaultPolicy(), questions)).answers;
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-asked-'));
  try {
    writeFileSync(join(folder, 'policy.rego'), rego);
    const sources = { ...defaultPolicy(), folder, modules: ['policy.rego'], document: '{}' };
    return (await evaluateMany(run, sources, questions)).answers;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function defaultPolicy(): RegoSources {
  const modules = globSync('rego/portreeve/**/*.rego', { cwd: root }).filter(
    (file) => !file.endsWith('_test.rego'),
  );
  return {
    folder: root,
    modules: modules.sort(),
    ...{ tests: [], data: [], entrypoint: 'portreeve/decision', regoVersion: 1 },
    document: readFileSync(join(root, 'rego/data/data.json'), 'utf8'),
  };
}
