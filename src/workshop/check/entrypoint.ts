import { relative } from 'node:path';
import type { Project } from '../project/types.ts';
import type { CheckedModule } from './parse-modules.ts';
import type { CheckFinding } from './types.ts';

/** The rule that is asked has to be there. */
export function missingEntrypoint(
  project: Pick<Project, 'folder' | 'file' | 'entrypoint'>,
  modules: readonly CheckedModule[],
): readonly CheckFinding[] {
  const wanted = project.entrypoint.replaceAll('/', '.');
  const rules = modules.flatMap((module) => module.rules);
  // A rule of a deeper name, or one within the wanted package, makes a document of that name too.
  if (rules.some(({ name }) => name === wanted || name.startsWith(`${wanted}.`))) return [];
  const [package_, name] = [
    wanted.slice(0, wanted.lastIndexOf('.')),
    wanted.slice(wanted.lastIndexOf('.') + 1),
  ];
  return [
    {
      rule: 'missing-entrypoint',
      level: 'error',
      file: relative(project.folder, project.file).replaceAll('\\', '/'),
      row: 1,
      column: 1,
      message: `no rule ${wanted} is in the modules`,
      advice: `write the rule ${name} in package ${package_}, or name another one as "entrypoint" in policy.yaml`,
    },
  ];
}
