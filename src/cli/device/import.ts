import { Option, type Command } from 'commander';
import type { ColumnMap } from '../../inventory/csv-rows.ts';
import { importDevices } from '../../inventory/import.ts';
import { boundClasses } from '../../inventory/unbound.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { lockoutLimitOf, lockoutText } from '../../inventory/lockout-limit.ts';
import { configOption, finish, whyOption } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { openInput } from '../input.ts';
import { knownNow } from '../known-now.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { lockoutOption } from '../lockout.ts';
import { yieldWhenLong } from '../yield-when-long.ts';
import { tenantOption, type DeviceOptions } from './tenant.ts';
import { columnMapArgument } from './column-map.ts';
import { Differences, mostShown, mostToldToMachines } from './differences.ts';
import { UnknownClasses } from './unknown-classes.ts';

interface Options extends DeviceOptions {
  readonly format?: 'ndjson' | 'csv';
  readonly why?: string;
  readonly dryRun?: boolean;
  readonly deleteMissing?: boolean;
  readonly map?: ColumnMap;
  readonly allowEmpty?: boolean;
  readonly lockout?: number;
}

/** `device import FILE|-`. */
export function registerDeviceImport(group: Command, session: Session): void {
  const command = group
    .command('import')
    .description('import devices: all rows become visible at once, or none where any is wrong')
    .argument('<file>', 'NDJSON or CSV file, - for standard input')
    .addOption(
      new Option('--format <format>', 'format (default: by the ending of the name, else ndjson)').choices([
        'ndjson',
        'csv',
      ]),
    )
    .addOption(
      new Option(
        '--map <field=column,...>',
        'which columns of a foreign CSV are which fields; other columns are left out',
      ).argParser(columnMapArgument),
    )
    .option('--delete-missing', 'the file is the whole inventory: take away devices that it does not name')
    .option('--dry-run', 'check and compare only; show the differences and change nothing')
    .option('--allow-empty', 'take a file without devices for what it says; else it is refused')
    .addOption(lockoutOption())
    .addOption(whyOption())
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    [
      'device import devices.ndjson --why "delivery of March"',
      'device import - --format csv --dry-run --json',
      'device import export.csv --map device_id=SerialNo,class=Type,status=State --dry-run',
      'device import fleet.ndjson --delete-missing',
    ],
    (options: Options, [file]) => runImport(file as string, options, session),
  );
}

async function runImport(file: string, options: Options, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const format = options.format ?? (file.endsWith('.csv') ? 'csv' : 'ndjson');
  if (options.map && format !== 'csv') throw new PortreeveError('PDP_USAGE', '--map is for CSV files');
  const input = await openInput(file, session);
  const differences = options.dryRun
    ? new Differences(session.json ? mostToldToMachines : mostShown)
    : undefined;
  const progress = session.progress();
  const yielding = yieldWhenLong();
  const classes = new Set(Object.keys(config.classes));
  const unknown = new UnknownClasses(classes);
  try {
    const done = await withStore(config, 'read_write', session.around.clock, (store) =>
      importDevices(store, {
        input,
        format,
        columns: options.map,
        tenant: options.tenant,
        actor: session.actor(),
        why: options.why ?? `import of ${file === '-' ? 'standard input' : file}`,
        now: knownNow(store, session.around.clock, config),
        source: file === '-' ? 'standard input' : file,
        whySaid: options.why !== undefined,
        dryRun: options.dryRun === true,
        deleteMissing: options.deleteMissing === true,
        ...(differences && { onDifference: (one) => differences.note(one) }),
        allowEmpty: options.allowEmpty === true,
        lockout: { limit: lockoutLimitOf(config), typed: options.lockout },
        classes,
        bound: boundClasses(config.classes),
        onClass: (name) => unknown.note(name),
        onProgress: ({ rows }) => {
          yielding(rows);
          progress.show(`${rows} rows`);
        },
      }),
    );
    const warnings = unknown.warnings();
    const data = { dry_run: options.dryRun === true, ...done, ...differences?.data(), warnings };
    const what = options.dryRun ? 'would be imported' : 'imported';
    const { lockout } = done;
    const kept =
      lockout.kept_out === 0
        ? ''
        : `${options.dryRun ? 'This would keep' : 'It keeps'} out ${plain(lockoutText(lockout))}.\n`;
    const counts = `${done.added} added, ${done.changed} changed, ${done.removed} removed, ${done.unchanged} unchanged`;
    const epoch = done.epoch === null ? '' : ` (epoch ${done.epoch})`;
    const text = `${done.rows} rows ${what}: ${counts}${epoch}\n${differences?.text() ?? ''}${kept}${warnings.map(({ message }) => `${session.paint('warn', 'warning')}  ${plain(message)}\n`).join('')}`;
    return { exit: exitCodes.ok, data, text };
  } finally {
    progress.end();
    input.destroy();
  }
}
