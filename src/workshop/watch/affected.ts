import { resolve } from 'node:path';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { CaseFile, LoadedCase } from '../cases/types.ts';
import type { Project } from '../project/types.ts';
import type { RegoModule } from '../rego-tree/types.ts';

/** What has to run again after files have changed. */
export interface Affected {
  /** The policy itself, or its data: it is compiled again, and every case is decided by it. */
  readonly policy: boolean;
  readonly rego: boolean;
  /** Ids of the cases; all of them where the policy is. */
  readonly cases: ReadonlySet<string>;
}

export interface Watched {
  readonly project: Project;
  /** The project's modules, as they were read last. */
  readonly modules: readonly RegoModule[];
  readonly cases: readonly CaseFile[];
}

/**
 * What is affected by changes to files (absolute paths), from how things were to how they are. A case is affected by its
 * own words and those of its fixtures where they are others than before, and by real material that it names. A Rego
 * module affects all cases, unless the entrypoint reaches nothing of it, whichever way it goes.
 */
export function affectedBy(changed: ReadonlySet<string>, before: Watched, after: Watched): Affected {
  const all = after.cases.flatMap(({ cases }) => cases);
  const isChanged = ({ project }: Watched, names: readonly string[]): boolean =>
    names.some((name) => changed.has(resolve(project.folder, name)));
  const either = (test: (of: Watched) => boolean): boolean => test(before) || test(after);
  const rego = either((of) => isChanged(of, [...of.project.modules, ...of.project.tests]));
  const policy = either(
    (of) =>
      isChanged(of, [of.project.file, of.project.capabilities, ...of.project.dataFiles]) ||
      isChanged(of, reached(of)),
  );
  const known = new Map(before.cases.flatMap(({ cases }) => cases).map((one) => [one.id, saying(one)]));
  const own = all.filter(
    (one) => known.get(one.id) !== saying(one) || materialOf(one).some((file) => changed.has(file)),
  );
  return { policy, rego: rego || policy, cases: new Set((policy ? all : own).map(({ id }) => id)) };
}

/** Files of the modules that the entrypoint may ask, through other modules too. */
function reached({ project, modules }: Watched): readonly string[] {
  const found = new Set<RegoModule>();
  const queue = [project.entrypoint.replaceAll('/', '.')];
  for (let ref = queue.pop(); ref !== undefined; ref = queue.pop()) {
    for (const module of modules) {
      if (found.has(module) || !meet(module.package, ref)) continue;
      found.add(module);
      queue.push(...module.refersTo);
    }
  }
  return [...found].map(({ file }) => file);
}

/** Whether a reference is into a package, or to what holds the package. */
function meet(path: string, ref: string): boolean {
  return `${path}.`.startsWith(ref === '' ? '' : `${ref}.`) || `${ref}.`.startsWith(`${path}.`);
}

/** All that a case says; where in its file it stands does not matter. */
function saying({ line: _, ...rest }: LoadedCase): string {
  return canonicalJson({ ...rest, skip: rest.skip ?? null });
}

/** Absolute paths of all files that cases depend on, beside the policy. */
export function filesOf(files: readonly CaseFile[]): readonly string[] {
  return files.flatMap(({ reads, cases }) => [...reads, ...cases.flatMap(materialOf)]);
}

/** Absolute paths of the files that a case names. */
function materialOf({ words, folder }: LoadedCase): readonly string[] {
  const files: string[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (name === 'file' && typeof member === 'string') files.push(resolve(folder, member));
      else look(member);
    }
  };
  look(words);
  return files;
}
