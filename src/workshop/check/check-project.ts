import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { inputVersions, isInputVersion, newestInputVersion } from '../../policy/input-versions.ts';
import type { RunOpa } from '../evaluation/types.ts';
import type { Project } from '../project/types.ts';
import { denyContext } from './deny-context.ts';
import { missingEntrypoint } from './entrypoint.ts';
import { withoutIgnored } from './ignored.ts';
import { iterationFindings } from './iteration.ts';
import { capabilitiesCheck, compiles, strictCheck } from './opa-check.ts';
import { parseModules } from './parse-modules.ts';
import type { CheckedModule } from './parse-modules.ts';
import { reasonFindings } from './reasons.ts';
import type { Declarations } from './reasons.ts';
import { indexRules } from './resolve.ts';
import type { CheckFinding, CheckResult } from './types.ts';
import { fieldsOf, swallowedDenials } from './undefined.ts';
import type { Absence } from './undefined.ts';
import { unsupportedBuiltins } from './unsupported.ts';
import type { BuiltinNames } from './unsupported.ts';

/**
 * Checks a policy project: what `opa check --strict` says with the input's schema, and what it does not see. Rejects with
 * PDP_OPA_UNAVAILABLE where `opa` cannot be run.
 */
export async function checkProject(run: RunOpa, project: Project): Promise<CheckResult> {
  const [said, modules] = await Promise.all([strictCheck(run, project), parseModules(run, project)]);
  const compiled = said.length === 0 || (await compiles(run, project));
  if (!modules) return { findings: inOrder(said), compiles: compiled, modules: project.modules.length };
  const names = await builtinNames(run, project);
  const unsupported = unsupportedBuiltins(modules, names);
  // Once nothing else is wrong, whatever else the capabilities lack.
  const lacking = compiled && unsupported.length === 0 ? await capabilitiesCheck(run, project) : [];
  const ours = [
    ...unsupported,
    ...missingEntrypoint(project, modules),
    ...(project.compat === null ? await ofOurInput(run, project, modules, names) : []),
    ...iterationFindings(modules, indexRules(modules)),
  ];
  const findings = [...unique([...said, ...lacking]), ...withoutIgnored(ours, modules)];
  return { findings: inOrder(findings), compiles: compiled, modules: project.modules.length };
}

/** What makes sense for rules of our own input and answers alone. */
async function ofOurInput(
  run: RunOpa,
  project: Project,
  modules: readonly CheckedModule[],
  { known }: BuiltinNames,
): Promise<readonly CheckFinding[]> {
  const index = indexRules(modules);
  const severities = new Map(Object.entries(project.reasons).map(([code, { severity }]) => [code, severity]));
  const version = isInputVersion(project.inputVersion) ? project.inputVersion : newestInputVersion;
  const absence: Absence = { ...fieldsOf(version), data: await dataOf(run, project), builtins: known };
  return [
    ...unknownVersion(project),
    ...reasonFindings(modules, declarationsOf(project)),
    ...swallowedDenials(denyContext(index, severities), index, absence),
  ];
}

function unknownVersion(project: Project): readonly CheckFinding[] {
  if (isInputVersion(project.inputVersion)) return [];
  return [
    {
      ...{ rule: 'opa', level: 'error', file: projectFile(project), row: 1, column: 1 },
      message: `this program has no policy input of version ${project.inputVersion}`,
      advice: `"input_version" is one of ${inputVersions.join(', ')}, or needs a newer program`,
    },
  ];
}

function declarationsOf(project: Project): Declarations {
  const lines =
    Object.keys(project.reasons).length === 0 ? [] : readFileSync(project.file, 'utf8').split('\n');
  return {
    codes: new Set(Object.keys(project.reasons)),
    file: projectFile(project),
    row: (code) => lines.findIndex((line) => line.includes(code)) + 1 || 1,
  };
}

function projectFile({ folder, file }: Project): string {
  return relative(folder, file).replaceAll('\\', '/');
}

interface Capabilities {
  readonly builtins?: readonly { readonly name: string }[];
}

async function builtinNames(run: RunOpa, project: Project): Promise<BuiltinNames> {
  const { stdout } = await run(['capabilities', '--current'], { cwd: project.folder });
  return {
    known: namesOf(JSON.parse(stdout) as Capabilities),
    allowed: namesOf(JSON.parse(readFileSync(project.capabilities, 'utf8')) as Capabilities),
  };
}

function namesOf({ builtins = [] }: Capabilities): ReadonlySet<string> {
  return new Set(builtins.map(({ name }) => name));
}

/** The data document as `opa` loads it; what it cannot load, `policy build` says. */
async function dataOf(run: RunOpa, { folder, data }: Project): Promise<unknown> {
  if (data.length === 0) return {};
  const files = data.flatMap((file) => ['--data', join(folder, file)]);
  const { status, stdout } = await run(['eval', '--format', 'raw', ...files, 'data'], { cwd: folder });
  return status === 0 ? (JSON.parse(stdout) as unknown) : {};
}

function unique(findings: readonly CheckFinding[]): readonly CheckFinding[] {
  return [
    ...new Map(findings.map((one) => [`${one.file}:${one.row}:${one.column}:${one.message}`, one])).values(),
  ];
}

function inOrder(findings: readonly CheckFinding[]): readonly CheckFinding[] {
  return findings.toSorted(
    (a, b) => compare(a.file, b.file) || a.row - b.row || a.column - b.column || compare(a.rule, b.rule),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
