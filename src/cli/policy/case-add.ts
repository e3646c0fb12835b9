import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { AuditRecord } from '../../audit/record.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { parseBundle } from '../../policy/bundle.ts';
import type { ClassRules } from '../../policy/types.ts';
import { composeDecision } from '../../server/compose.ts';
import { buildBundle } from '../../workshop/build/build-bundle.ts';
import { caseText } from '../../workshop/case-add/case-text.ts';
import { findRecord } from '../../workshop/case-add/find-record.ts';
import { caseFromRecord } from '../../workshop/case-add/from-record.ts';
import { createNames, replacedKinds } from '../../workshop/case-add/names.ts';
import type { ReplacedKind } from '../../workshop/case-add/names.ts';
import { loadCases, soundCases } from '../../workshop/cases/load.ts';
import { runCases } from '../../workshop/cases/run.ts';
import { classesOf } from '../../workshop/cases/world/configuration.ts';
import type { CaseOutcome } from '../../workshop/cases/types.ts';
import type { Project } from '../../workshop/project/types.ts';
import { settingsReader } from '../../workshop/records/settings.ts';
import { configOption, finish, shortText } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import { openRecordSource } from '../record-source.ts';
import type { Answer, Session } from '../session.ts';
import { opaOf, opaOption, projectOfArgument, type OpaOptions } from './common.ts';
import { optionalConfig } from './optional-config.ts';
import { recordSettings } from './record-settings.ts';

interface Options extends OpaOptions {
  readonly fromRecord: string;
  readonly records?: readonly string[];
  readonly out?: string;
  readonly title?: string;
  readonly keep?: readonly ReplacedKind[];
}

/** `policy case add [DIR] --from-record ID`. */
export function registerPolicyCase(group: Command, session: Session): void {
  const cases = group.command('case').description('write cases');
  const command = cases
    .command('add')
    .description('write a case from a recorded decision, with other names for devices, owners and places')
    .argument('[dir]', 'folder of the project; the current one unless given')
    .requiredOption('--from-record <id>', 'id of the decision')
    .option('--records <file...>', 'files of records, instead of the configured log')
    .option('--out <file>', 'where the case goes; DIR/cases/recorded/ID.yaml unless given')
    .option('--title <text>', 'title of the case', (text) => shortText(text, 200))
    .addOption(
      new Option('--keep <kinds...>', 'what keeps its real value, because the policy compares it').choices(
        replacedKinds,
      ),
    )
    .addOption(configOption())
    .addOption(opaOption());
  const id = '01931f2e-7c1a-7b3e-9d54-2f6a1c0b8e77';
  finish(
    command,
    session,
    [
      `policy case add --from-record ${id}`,
      `policy case add policies --from-record ${id} --records decisions.ndjson --keep site ip`,
    ],
    (options: Options, [dir]) => addCase(dir as string | undefined, options, session),
  );
}

async function addCase(dir: string | undefined, options: Options, session: Session): Promise<Answer> {
  const { folder } = session.around;
  const project = projectOfArgument(dir, session);
  const out = resolve(
    ...(options.out === undefined
      ? [project.folder, 'cases/recorded', `${safeName(options.fromRecord)}.yaml`]
      : [folder, options.out]),
  );
  if (existsSync(out))
    throw new PortreeveError('PDP_USAGE', `${out} is there already; name another file with --out`);
  const { record, rules } = await recordOf(options, session);
  const bundle = buildBundle(opaOf(options, session), project);
  const draft = caseFromRecord(record, {
    title: options.title ?? `recorded: ${record.outcome} by ${record.reasons[0]?.code ?? 'nothing'}`,
    names: createNames(randomBytes(32), new Set(options.keep ?? [])),
    rules: rules ?? ownRules(bundle, record.class),
    presumed: rules === undefined,
  });
  write(out, caseText(draft, record));
  const ran = await runOnce(project, out, bundle, session);
  return answer(relative(folder, out), draft.untold, ran, session);
}

/** The rules of a class as the project's own data has them. */
function ownRules(bundle: Uint8Array, name: string | null): ClassRules | undefined {
  const { portreeve } = parseBundle(bundle).data as { readonly portreeve?: { readonly classes?: unknown } };
  const given = portreeve?.classes;
  if (name === null || typeof given !== 'object' || given === null || !Object.hasOwn(given, name))
    return undefined;
  const own = (given as Readonly<Record<string, Partial<ClassRules>>>)[name] ?? {};
  return classesOf({ [name]: own })[name];
}

/** An id is told as the name of a file. */
function safeName(id: string): string {
  return id.replaceAll(/[^\w-]/g, '_').slice(0, 100);
}

/** The record, and the rules of its device's class as they were, where they are to be had. */
async function recordOf(
  { records, config: named, fromRecord }: Options,
  session: Session,
): Promise<{ readonly record: AuditRecord; readonly rules: ClassRules | undefined }> {
  const config = optionalConfig(named, session);
  const names = records ?? (config ? [config.audit.path] : []);
  if (names.length === 0) {
    throw new PortreeveError(
      'PDP_USAGE',
      'no records: name files with --records, or the configuration with --config',
    );
  }
  const source = await openRecordSource(names, session);
  const progress = session.progress();
  let bytes = 0;
  try {
    const record = await findRecord(source.files, fromRecord, (count) => {
      bytes += count;
      progress.show(`${Math.round(bytes / 1e6)} MB read`);
    });
    const { sources } = await recordSettings(source, config);
    const classes = settingsReader(sources)(record.versions.configuration)?.settings.classes ?? {};
    const name = record.class ?? '';
    return { record, rules: Object.hasOwn(classes, name) ? classes[name] : undefined };
  } finally {
    progress.end();
  }
}

/** A case that was just written, decided as `policy test` does. */
async function runOnce(
  project: Project,
  file: string,
  bundle: Uint8Array,
  session: Session,
): Promise<CaseOutcome | undefined> {
  const { clock } = session.around;
  const cases = soundCases(loadCases([file], { folder: project.folder }));
  for await (const outcome of runCases(cases, { bundle, clock, compose: composeDecision })) return outcome;
  return undefined;
}

function answer(
  file: string,
  untold: readonly string[],
  ran: CaseOutcome | undefined,
  { paint }: Session,
): Answer {
  const passes = ran?.status === 'passed';
  const problems = ran?.problems ?? [];
  const list = (lines: readonly string[]): string => lines.map((line) => `  ${plain(line)}\n`).join('');
  const left = untold.length === 0 ? '' : `what words of a case cannot say:\n${list(untold)}`;
  const wrong =
    `${paint('bad', 'it does not pass')}:\n${list(problems)}` +
    'Where the policy compares a value that was replaced, keep it with --keep; else say in the case what differs.\n';
  return {
    exit: passes ? exitCodes.ok : exitCodes.failed,
    data: { file, passes, problems, untold },
    text: `${plain(file)} is written\n${left}${passes ? `${paint('good', 'it passes')}\n` : wrong}`,
  };
}

function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'wx' });
  } catch (thrown) {
    throw new PortreeveError('PDP_USAGE', `${file}: ${describeThrown(thrown)}`, { cause: thrown });
  }
}
