import { Option, type Command } from 'commander';
import { catalogueLimits } from '../inventory/catalogue-rows.ts';
import type { CatalogueImport, CatalogueResult } from '../inventory/catalogue-types.ts';
import type { ColumnMap } from '../inventory/csv-rows.ts';
import { lockoutLimitOf, lockoutText } from '../inventory/lockout-limit.ts';
import type { Store } from '../store/types.ts';
import { configOption, whyOption, type CommonOptions } from './command.ts';
import { columnMapArgument } from './device/column-map.ts';
import { tenantOption } from './device/tenant.ts';
import { exitCodes } from './exit-codes.ts';
import { readInput } from './input.ts';
import { knownNow } from './known-now.ts';
import { plain } from './output.ts';
import type { Answer, Session } from './session.ts';
import { withStore } from './with-store.ts';

export interface CatalogueOptions extends CommonOptions {
  readonly tenant: string;
  readonly format?: 'ndjson' | 'csv';
  readonly map?: ColumnMap;
  readonly deleteMissing?: boolean;
  readonly allowEmpty?: boolean;
  readonly dryRun?: boolean;
  readonly lockout?: number;
  readonly why?: string;
}

/** Adds what every import of a small file takes. */
export function catalogueOptions(command: Command, what: string): Command {
  return command
    .argument('<file>', 'NDJSON or CSV file, - for standard input')
    .addOption(
      new Option('--format <format>', 'format (default: by the ending of the name, else ndjson)').choices([
        'ndjson',
        'csv',
      ]),
    )
    .addOption(
      new Option('--map <fields>', 'columns of a foreign CSV: field=column,field=column').argParser(
        columnMapArgument,
      ),
    )
    .option('--delete-missing', `the file is all ${what} of the tenant: what it does not name is taken away`)
    .option('--dry-run', 'check and compare only; change nothing')
    .option('--allow-empty', 'take a file without rows for what it says; else it is refused')
    .addOption(whyOption())
    .addOption(tenantOption())
    .addOption(configOption());
}

/** Imports a small file and tells what it changed. Throws what the import throws. */
export async function runCatalogueImport(
  file: string,
  options: CatalogueOptions,
  session: Session,
  take: (store: Store, options: CatalogueImport) => CatalogueResult,
): Promise<Answer> {
  const config = session.config(options.config);
  const text = await readInput(file, catalogueLimits.bytes, session);
  const source = file === '-' ? 'standard input' : file;
  const dryRun = options.dryRun === true;
  const done = await withStore(config, 'read_write', session.around.clock, (store) =>
    take(store, {
      bytes: Buffer.from(text),
      format: options.format ?? (file.endsWith('.csv') ? 'csv' : 'ndjson'),
      columns: options.map,
      tenant: options.tenant,
      actor: session.actor(),
      why: options.why ?? `import of ${source}`,
      now: knownNow(store, session.around.clock, config),
      source,
      whole: options.deleteMissing === true,
      allowEmpty: options.allowEmpty === true,
      dryRun,
      lockout: { limit: lockoutLimitOf(config), typed: options.lockout },
    }),
  );
  return { exit: exitCodes.ok, data: { dry_run: dryRun, ...done }, text: textOf(done, dryRun) };
}

function textOf(done: CatalogueResult, dryRun: boolean): string {
  const { rows, added, changed, removed, unchanged, epoch, differences, lockout } = done;
  const counts = `${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged`;
  const head = `${rows} rows ${dryRun ? 'would be imported' : 'imported'}: ${counts}`;
  const told = dryRun
    ? Object.entries(differences).flatMap(([kind, lines]) =>
        lines.map((line) => `  ${kind.padEnd(7)}  ${plain(line)}\n`),
      )
    : [];
  const out =
    lockout === null || lockout.kept_out === 0
      ? ''
      : `${dryRun ? 'This would keep' : 'It keeps'} out ${plain(lockoutText(lockout))}.\n`;
  return `${head}${epoch === null ? '' : ` (epoch ${epoch})`}\n${out}${told.join('')}`;
}
