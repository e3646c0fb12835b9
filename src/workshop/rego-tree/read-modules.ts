import { PortreeveError } from '../../lib/errors.ts';
import { languageFlags } from '../evaluation/eval-args.ts';
import type { RunOpa } from '../evaluation/types.ts';
import { givenReasons } from './given-reasons.ts';
import { fixedParts, termsIn } from './syntax.ts';
import type { Place, Rule, Term, Tree } from './syntax.ts';
import type { RegoModule, RegoRule } from './types.ts';

interface Parsed {
  readonly file: string;
  readonly path: string;
  readonly tree: Tree;
}

/**
 * Reads Rego files as `opa parse` does, some at a time. Throws PDP_POLICY_INVALID with opa's words for one that is not
 * Rego.
 */
export async function readModules(
  run: RunOpa,
  folder: string,
  files: readonly string[],
  regoVersion: 0 | 1,
): Promise<readonly RegoModule[]> {
  const parsed: Parsed[] = [];
  const queue = [...files];
  const work = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      parsed.push(await parse(run, folder, file, regoVersion));
    }
  };
  await Promise.all([work(), work(), work(), work()]);
  parsed.sort((a, b) => (a.file < b.file ? -1 : 1));
  const names = new Map<string, Set<string>>();
  for (const { path, tree } of parsed) {
    const known = names.get(path) ?? new Set<string>();
    names.set(path, known);
    for (const rule of tree.rules ?? []) known.add(firstName(rule));
  }
  return parsed.map((one) => moduleOf(one, names.get(one.path) ?? new Set()));
}

async function parse(run: RunOpa, folder: string, file: string, regoVersion: 0 | 1): Promise<Parsed> {
  const flags = ['--format', 'json', '--json-include', 'locations,-comments', ...languageFlags(regoVersion)];
  const { status, stdout, stderr } = await run(['parse', ...flags, file], { cwd: folder });
  if (status !== 0)
    throw new PortreeveError('PDP_POLICY_INVALID', `opa parse: ${stderr.trim() || stdout.trim()}`);
  const tree = JSON.parse(stdout) as Tree;
  return { file, tree, path: dotted(tree.package.path) };
}

/** A path into `data` without that word. */
function dotted(ref: readonly Term[]): string {
  return fixedParts(ref).slice(1).join('.');
}

function firstName({ head }: Rule): string {
  return head.ref ? (fixedParts(head.ref)[0] ?? '') : (head.name ?? '');
}

function moduleOf({ file, path, tree }: Parsed, names: ReadonlySet<string>): RegoModule {
  const imports = tree.imports ?? [];
  const aliases = new Map(
    imports.map((one) => [one.alias ?? lastPart(one.path), dotted(one.path.value as readonly Term[])]),
  );
  const own = (name: string): boolean => name === 'data' || names.has(name) || aliases.has(name);
  const asked = ([first = '', ...rest]: readonly string[]): string | undefined => {
    if (first === 'data') return rest.join('.');
    if (names.has(first)) return `${path}.${first}`;
    const imported = aliases.get(first);
    return imported === undefined ? undefined : [imported, ...rest].join('.');
  };
  const refs = [...termsIn(tree)]
    .filter(({ term }) => term.type === 'ref')
    .map(({ term }) => fixedParts(term.value as readonly Term[]))
    .filter(([first]) => first === 'data')
    .map((parts) => parts.slice(1).join('.'));
  const rules = (tree.rules ?? []).flatMap(withElse).map((rule) => ruleOf(rule, file, path, { own, asked }));
  return { file, package: path, rules, refersTo: [...new Set(refs)].sort() };
}

function lastPart(ref: Term): string {
  return Array.isArray(ref.value) ? (fixedParts(ref.value as readonly Term[]).at(-1) ?? '') : '';
}

function withElse(rule: Rule): readonly Rule[] {
  return [rule, ...(rule.else ? withElse(rule.else) : [])];
}

interface Known {
  /** Whether a name is of the policy: a rule, an import, `data`. */
  readonly own: (name: string) => boolean;
  /** What a reference is to, by its fixed parts. */
  readonly asked: (parts: readonly string[]) => string | undefined;
}

function ruleOf(rule: Rule, file: string, path: string, { own, asked }: Known): RegoRule {
  const { row, col } = rule.head.location;
  const name = rule.head.ref ? fixedParts(rule.head.ref).join('.') : (rule.head.name ?? '');
  const asks = [rule.head.args, rule.head.key, rule.head.value, rule.body]
    .flatMap((part) => [...termsIn(part)])
    .map(({ term }) =>
      term.type === 'var'
        ? fixedParts([term])
        : term.type === 'ref'
          ? fixedParts(term.value as readonly Term[])
          : [],
    )
    .flatMap((parts) => asked(parts) ?? []);
  return {
    ...{ name: `${path}.${name}`, file, row, column: col },
    endRow: Math.max(row, lastRow(rule.location)),
    gives: givenReasons(rule, own),
    asks: [...new Set(asks)],
  };
}

function lastRow({ row, text = '' }: Place): number {
  return row + Buffer.from(text, 'base64').toString('utf8').trimEnd().split('\n').length - 1;
}
