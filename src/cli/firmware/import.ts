import type { Command } from 'commander';
import { importFirmware } from '../../inventory/firmware/import.ts';
import { catalogueOptions, runCatalogueImport, type CatalogueOptions } from '../catalogue-import.ts';
import { finish } from '../command.ts';
import { lockoutOption } from '../lockout.ts';
import type { Session } from '../session.ts';

/** `firmware import FILE|-`. */
export function registerFirmwareImport(group: Command, session: Session): void {
  const command = catalogueOptions(
    group
      .command('import')
      .description(
        'import firmware (firmware_hash, product, version, status, advisory, grace_until): all rows, or none where any is wrong',
      ),
    'firmware',
  ).addOption(lockoutOption());
  finish(
    command,
    session,
    [
      'firmware import firmware.csv --why "release 2.4.0"',
      'firmware import firmware.ndjson --delete-missing --dry-run',
    ],
    (options: CatalogueOptions, [file]) =>
      runCatalogueImport(file as string, options, session, importFirmware),
  );
}
