import { nearly } from '../../config/validate.ts';
import { inputSchemaPath, isInputVersion } from '../../policy/input-versions.ts';
import { languageFlags } from '../evaluation/eval-args.ts';
import type { RunOpa } from '../evaluation/types.ts';
import type { Project } from '../project/types.ts';
import { withNamedSchemas } from './named-schemas.ts';
import type { CheckFinding } from './types.ts';

interface OpaError {
  readonly message: string;
  readonly code?: string;
  /** Of a reference that leads nowhere: what there is in its place. */
  readonly details?: { readonly oneOf?: readonly string[] | null };
  readonly location?: { readonly file?: string; readonly row?: number; readonly col?: number };
}

/** Errors that are told of one run; a run ends early at more. */
const most = '1000';

/**
 * `opa check --strict` of modules and tests, with the schema of the input version that the project wants (rules for
 * another program's input have none). Given a file, `opa` holds every module against it and knows no schema by name; given
 * a folder, it knows those that annotations name, and holds nothing else against any. Where annotations name some, it is
 * asked both ways, so that rules with and without annotations are typed alike.
 */
export async function strictCheck(run: RunOpa, project: Project): Promise<readonly CheckFinding[]> {
  const { inputVersion: version, compat } = project;
  const strict = (...flags: readonly string[]): Promise<readonly OpaError[]> =>
    runCheck(run, project, ['--strict', ...flags], filesOf(project));
  if (compat !== null || !isInputVersion(version)) return opaFindings(await strict());
  const errors = await strict('--schema', inputSchemaPath(version));
  const others = errors.filter(({ message }) => !/^undefined schema: /.test(message));
  if (others.length === errors.length) return opaFindings(errors);
  const byName = await withNamedSchemas(project.folder, (folder) => strict('--schema', folder));
  return opaFindings([...others, ...byName]);
}

/** Whether the policy compiles with everything that this `opa` knows. */
export async function compiles(run: RunOpa, project: Project): Promise<boolean> {
  return (await runCheck(run, project, [], filesOf(project))).length === 0;
}

/** What the capabilities alone speak against, once nothing else does. */
export async function capabilitiesCheck(run: RunOpa, project: Project): Promise<readonly CheckFinding[]> {
  return opaFindings(await runCheck(run, project, ['--capabilities', project.capabilities], project.modules));
}

function filesOf({ modules, tests }: Project): readonly string[] {
  return [...modules, ...tests];
}

async function runCheck(
  run: RunOpa,
  { folder, regoVersion }: Project,
  flags: readonly string[],
  files: readonly string[],
): Promise<readonly OpaError[]> {
  const args = ['check', '--format', 'json', '--max-errors', most, ...languageFlags(regoVersion), ...flags];
  const { status, stdout, stderr } = await run([...args, '--', ...files], { cwd: folder });
  if (status === 0) return [];
  return readErrors(stdout) ?? readErrors(stderr) ?? [{ message: (stderr || stdout).trim() }];
}

function readErrors(text: string): readonly OpaError[] | undefined {
  try {
    const { errors } = JSON.parse(text) as { readonly errors?: readonly OpaError[] };
    return errors && errors.length > 0 ? errors : undefined;
  } catch {
    return undefined;
  }
}

function opaFindings(errors: readonly OpaError[]): readonly CheckFinding[] {
  return errors.map(({ message, location, details }) => ({
    rule: 'opa',
    level: 'error',
    file: location?.file?.replaceAll('\\', '/') ?? 'policy.yaml',
    row: Math.max(1, location?.row ?? 1),
    // At the end of a file opa counts from 0, which no reader of reports takes.
    column: Math.max(1, location?.col ?? 1),
    message: message.trim(),
    advice: adviceFor(message, details?.oneOf ?? []),
  }));
}

function adviceFor(message: string, known: readonly string[]): string {
  const unknown = /undefined ref: input\.(\w+)/.exec(message)?.[1];
  if (unknown !== undefined) {
    const near = known.find((one) => nearly(one, unknown));
    return `docs/policy/input.md lists the fields of the input${near ? `; did you mean input.${near}?` : ''}`;
  }
  if (/undefined schema/.test(message))
    return 'schema.input is the input; schema.<name> is schemas/<name>.json of the project';
  if (/unused/.test(message)) return 'take it out, or use it';
  if (/unsafe/.test(message)) return 'give the variable a value before it is used in a negation or a call';
  if (/match error|invalid argument/.test(message))
    return 'docs/policy/input.md tells the type of each field; those that may be null are told there';
  return 'see the documentation of Rego';
}
