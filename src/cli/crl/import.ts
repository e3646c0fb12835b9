import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../../config/types.ts';
import type { Certificate } from '../../identity/types.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { importCrl } from '../../revocation/import-crl.ts';
import { listCrlFiles, readCrlFile } from '../../revocation/sources/crl-files.ts';
import type { Store } from '../../store/types.ts';
import { crlIssuers, loadAuthorities } from '../../server/loaded.ts';
import { crlKeeper } from '../../server/keep-crl.ts';
import { configOption, finish, whyOption, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { table, type Cell } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';

interface Options extends CommonOptions {
  readonly why?: string;
}

/** What one CRL came to. */
type Line =
  | {
      readonly source: string;
      readonly result: 'imported' | 'unchanged';
      readonly issuer: string;
      readonly number: string | null;
      readonly entries: number;
      readonly added: number;
      readonly removed: number;
      readonly epoch: number | null;
      /** Why its bytes could not be kept for replay; null where they are. */
      readonly not_kept: string | null;
    }
  | {
      readonly source: string;
      readonly result: 'refused';
      readonly error: { readonly code: string; readonly message: string };
    };

/** `crl import FILE…`. */
export function registerCrlImport(group: Command, session: Session): void {
  const command = group
    .command('import')
    .description('import CRLs of the configured CAs; running servers see them at once')
    .argument('<file...>', 'CRL files (PEM or DER), or folders of them')
    .addOption(whyOption())
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nEach CRL stands for itself: those that are refused are told, the others are in force. Answers 2 where any was refused.',
    );
  finish(
    command,
    session,
    ['crl import crl/meters.crl', 'crl import crl/ --why "weekly lists" --json'],
    (options: Options, [files]) => runImport(files as string[], options, session),
  );
}

async function runImport(names: readonly string[], options: Options, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const issuers = crlIssuers(loadAuthorities(config));
  const { files, problems } = await listCrlFiles(names.map((name) => resolve(session.around.folder, name)));
  const lines: Line[] = problems.map(({ path, error }) => refusal(path, error));
  const progress = session.progress();
  try {
    await withStore(config, 'read_write', session.around.clock, async (store) => {
      for (const { path } of files) {
        progress.show(path);
        lines.push(...(await importFile(path, { store, issuers, config, options, session })));
      }
    });
  } finally {
    progress.end();
  }
  return answer(lines, session);
}

interface Job {
  readonly store: Store;
  readonly issuers: readonly Certificate[];
  readonly config: Config;
  readonly options: Options;
  readonly session: Session;
}

async function importFile(path: string, job: Job): Promise<Line[]> {
  const lines: Line[] = [];
  try {
    for (const { source, bytes } of await readCrlFile(path)) lines.push(await importOne(source, bytes, job));
  } catch (thrown) {
    lines.push(refusal(path, thrown));
  }
  return lines;
}

async function importOne(
  source: string,
  bytes: Uint8Array,
  { store, issuers, config, options, session }: Job,
): Promise<Line> {
  const problems: string[] = [];
  try {
    const done = await importCrl(store, {
      bytes,
      issuers,
      source,
      now: session.around.clock.now(),
      actor: session.actor(),
      why: options.why ?? `import of ${source}`,
      keep: crlKeeper(config, (problem) => problems.push(problem)),
    });
    const { crl, added, removed, epoch } = done;
    const result = done.changed ? ('imported' as const) : ('unchanged' as const);
    return {
      source,
      result,
      issuer: crl.issuerName,
      number: crl.number ?? null,
      entries: crl.entries,
      added,
      removed,
      epoch,
      not_kept: problems[0] ?? null,
    };
  } catch (thrown) {
    return refusal(source, thrown);
  }
}

function refusal(source: string, thrown: unknown): Line {
  const { code, message } = asPortreeveError(thrown);
  return { source, result: 'refused', error: { code, message } };
}

function answer(lines: readonly Line[], { paint }: Session): Answer {
  const refused = lines.filter((line) => line.result === 'refused');
  const [first] = refused;
  const error = first && {
    code: first.error.code,
    message: first.error.message,
    problems: refused.map((line) => ({ source: line.source, ...line.error })),
  };
  const head = ['file', 'result', 'issuer', 'number', 'entries', 'added', 'removed', 'why'];
  return {
    exit: first || lines.length === 0 ? exitCodes.refused : exitCodes.ok,
    data: { crls: lines, ...(error && { error }) },
    text: lines.length === 0 ? 'no CRL files there\n' : table(head, lines.map(row), paint),
  };
}

function row(line: Line): Cell[] {
  if (line.result === 'refused') {
    const why = `${line.error.code}: ${line.error.message}`;
    return [line.source, { text: line.result, tone: 'bad' }, null, null, null, null, null, why];
  }
  const { source, result, issuer, number, entries, added, removed, not_kept: notKept } = line;
  return [source, { text: result, tone: 'good' }, issuer, number, entries, added, removed, notKept ?? ''];
}
