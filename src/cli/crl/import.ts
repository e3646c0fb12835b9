import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  isAboveLimit,
  lockoutLimitOf,
  lockoutText,
  type Lockout,
  type LockoutLimit,
} from '../../inventory/lockout-limit.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { listCrlFiles } from '../../revocation/sources/crl-files.ts';
import { importCrlFile, type CrlFileJob, type CrlOutcome } from '../../server/helpers/import-crl-file.ts';
import { keptFolder } from '../../server/records/keep-versions.ts';
import { crlIssuers, loadAuthorities } from '../../server/loaded.ts';
import { configOption, finish, whyOption, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { knownNow } from '../known-now.ts';
import { plain, table, type Cell, type Paint } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { yieldWhenLong } from '../yield-when-long.ts';
import { withStore } from '../with-store.ts';
import { importProgress } from './progress.ts';

interface Options extends CommonOptions {
  readonly why?: string;
  readonly dryRun?: boolean;
}

/** What one CRL came to; with `--dry-run` what it would come to. */
type Line =
  | {
      readonly source: string;
      readonly result: 'imported' | 'unchanged' | 'would_import';
      readonly issuer: string;
      /** What part of its issuer's certificates it is about; empty for all. */
      readonly scope: string;
      readonly delta: boolean;
      readonly number: string | null;
      readonly entries: number;
      readonly added: number;
      readonly removed: number;
      readonly epoch: number | null;
      /** Why its bytes could not be kept for replay; null where they are. */
      readonly not_kept: string | null;
      /** Active devices that it keeps out; null where it changes nothing. */
      readonly lockout: Lockout | null;
      /** Configured CAs that it newly revokes. */
      readonly revoked_cas: readonly string[];
      /** Those are more than `limits.max_lockout`, or it revokes a CA; it is in force all the same. */
      readonly alarm: boolean;
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
    .description('import CRLs of the configured CAs, of any size; running servers see them at once')
    .argument('<file...>', 'CRL files (PEM or DER), or folders of them')
    .option('--dry-run', 'only tell what would change: numbers, entries added and removed')
    .addOption(whyOption())
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nEach CRL stands for itself: those that are refused are told, the others are in force. Answers 2 where any was' +
        ' refused.\nNothing of a CRL whose signature is not verified is ever stored; a killed import changes nothing.',
    );
  finish(
    command,
    session,
    [
      'crl import crl/meters.crl',
      'crl import crl/ --why "weekly lists" --json',
      'crl import crl/meters.crl --dry-run',
    ],
    (options: Options, [files]) => runImport(files as string[], options, session),
  );
}

async function runImport(names: readonly string[], options: Options, session: Session): Promise<Answer> {
  const { clock, folder } = session.around;
  const config = session.config(options.config);
  const issuers = crlIssuers(loadAuthorities(config));
  const { files, problems } = await listCrlFiles(names.map((name) => resolve(folder, name)));
  const lines: Line[] = problems.map(({ path, error }) => refusal(path, error));
  const progress = importProgress(session);
  const yielding = yieldWhenLong();
  const limit = lockoutLimitOf(config);
  const common = {
    maxBytes: config.revocation.max_crl_bytes,
    actor: session.actor(),
    keptFolder: keptFolder(config),
    dryRun: options.dryRun === true,
  };
  try {
    await withStore(config, 'read_write', clock, async (store) => {
      for (const { path } of files) {
        const why = options.why ?? `import of ${path}`;
        const job: CrlFileJob = { ...common, path, name: path, now: knownNow(store, clock, config), why };
        try {
          const show = progress.of(path);
          const outcomes = await importCrlFile(store, job, issuers, (how, size) => {
            yielding(how.entries);
            show(how, size);
          });
          lines.push(...outcomes.map((outcome) => lineOf(outcome, job.dryRun, limit)));
        } catch (thrown) {
          lines.push(refusal(path, thrown));
        }
      }
    });
  } finally {
    progress.end();
  }
  return answer(lines, session);
}

function lineOf(outcome: CrlOutcome, dryRun: boolean, limit: LockoutLimit): Line {
  const { source } = outcome;
  if ('error' in outcome) return { source, result: 'refused', error: outcome.error };
  const { crl, changed, added, removed, epoch } = outcome.done;
  const { lockout, revokedCas } = outcome;
  return {
    source,
    result: !changed ? 'unchanged' : dryRun ? 'would_import' : 'imported',
    issuer: crl.issuerName,
    scope: crl.scope,
    delta: crl.delta,
    number: crl.number ?? null,
    entries: crl.entries,
    added,
    removed,
    epoch,
    not_kept: outcome.notKept,
    lockout,
    revoked_cas: revokedCas,
    alarm: revokedCas.length > 0 || (lockout !== null && isAboveLimit(lockout, limit)),
  };
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
    text:
      lines.length === 0
        ? 'no CRL files there\n'
        : `${table(head, lines.map(row), paint)}${lines.map((line) => alarmText(line, paint)).join('')}`,
  };
}

/** Signed CRLs always apply: nothing has to be typed, and whoever brings one is told. */
function alarmText(line: Line, paint: Paint): string {
  if (line.result === 'refused' || !line.alarm || line.lockout === null) return '';
  const { source, lockout, revoked_cas: cas } = line;
  const keeps = line.result === 'would_import' ? 'would keep' : 'keeps';
  const under = cas.length === 0 ? '' : `, and everything under ${cas.join(' and ')}, which it revokes`;
  return `${paint('bad', 'ALARM')}  ${plain(`${source} ${keeps} out ${lockoutText(lockout)}${under}`)}\n`;
}

function row(line: Line): Cell[] {
  if (line.result === 'refused') {
    const why = `${line.error.code}: ${line.error.message}`;
    return [line.source, { text: line.result, tone: 'bad' }, null, null, null, null, null, why];
  }
  const { source, result, issuer, number, entries, added, removed, not_kept: notKept } = line;
  return [
    source,
    { text: result.replace('_', ' '), tone: 'good' },
    issuer,
    number,
    entries,
    added,
    removed,
    notKept ?? '',
  ];
}
