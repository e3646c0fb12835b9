import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { languageFlags } from '../evaluation/eval-args.ts';
import type { RunOpa } from '../evaluation/types.ts';
import { fixedParts } from '../rego-tree/syntax.ts';
import type { Rule, Term, Tree } from '../rego-tree/syntax.ts';
import type { Project } from '../project/types.ts';

/** A module as it is checked. */
export interface CheckedModule {
  /** Relative to the project's folder. */
  readonly file: string;
  /** Parts of the package, without `data`. */
  readonly package: readonly string[];
  /** Names by which it imports, with the parts of what they stand for, `data` or `input` first. */
  readonly imports: ReadonlyMap<string, readonly string[]>;
  /** Every rule with its `else` branches as rules of their own. */
  readonly rules: readonly CheckedRule[];
  readonly lines: readonly string[];
}

/** A clause of a rule. */
export interface CheckedRule {
  readonly module: CheckedModule;
  /** Package and name, `portreeve.network.reasons`. */
  readonly name: string;
  readonly rule: Rule;
}

/**
 * Reads the project's modules as `opa parse` does, some at a time. Undefined where one of them is not Rego; `opa check`
 * says what is wrong with it.
 */
export async function parseModules(
  run: RunOpa,
  project: Pick<Project, 'folder' | 'modules' | 'regoVersion'>,
): Promise<readonly CheckedModule[] | undefined> {
  const modules: (CheckedModule | undefined)[] = [];
  const queue = [...project.modules.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      modules[next[0]] = await parseModule(run, project, next[1]);
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  return modules.every((module) => module !== undefined) ? modules : undefined;
}

async function parseModule(
  run: RunOpa,
  { folder, regoVersion }: Pick<Project, 'folder' | 'regoVersion'>,
  file: string,
): Promise<CheckedModule | undefined> {
  const flags = ['--format', 'json', '--json-include', 'locations,-comments', ...languageFlags(regoVersion)];
  const { status, stdout } = await run(['parse', ...flags, file], { cwd: folder });
  if (status !== 0) return undefined;
  const tree = JSON.parse(stdout) as Tree;
  const rules: CheckedRule[] = [];
  const module: CheckedModule = {
    file,
    package: fixedParts(tree.package.path).slice(1),
    imports: importsOf(tree),
    rules,
    lines: readFileSync(join(folder, file), 'utf8').split('\n'),
  };
  for (const rule of (tree.rules ?? []).flatMap(withElse)) {
    rules.push({ module, rule, name: [...module.package, ...nameOf(rule)].join('.') });
  }
  return module;
}

function withElse(rule: Rule): readonly Rule[] {
  // An else has the name of the rule that it belongs to.
  const { else: other } = rule;
  return other ? [rule, ...withElse({ ...other, head: { ...other.head, ...namesOf(rule) } })] : [rule];
}

function namesOf({ head }: Rule): Pick<Rule['head'], 'ref' | 'name'> {
  return { ...(head.ref && { ref: head.ref }), ...(head.name !== undefined && { name: head.name }) };
}

function nameOf({ head }: Rule): readonly string[] {
  return head.ref ? fixedParts(head.ref) : [head.name ?? ''];
}

function importsOf(tree: Tree): ReadonlyMap<string, readonly string[]> {
  return new Map(
    (tree.imports ?? []).map(({ path, alias }) => {
      const parts = fixedParts(path.value as readonly Term[]);
      return [alias ?? parts.at(-1) ?? '', parts];
    }),
  );
}
