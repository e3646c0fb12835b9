import type { Command } from 'commander';
import { importDelegations } from '../../inventory/gateways/import.ts';
import { catalogueOptions, runCatalogueImport, type CatalogueOptions } from '../catalogue-import.ts';
import { finish } from '../command.ts';
import { lockoutOption } from '../lockout.ts';
import type { Session } from '../session.ts';

/** `gateway import FILE|-`. */
export function registerGatewayImport(group: Command, session: Session): void {
  const command = catalogueOptions(
    group
      .command('import')
      .description(
        'import what is delegated to gateways (gateway, and device_id or class with site, until): all rows, or none where any is wrong',
      ),
    'delegations',
  ).addOption(lockoutOption());
  finish(
    command,
    session,
    [
      'gateway import delegations.csv --why "winter rota"',
      'gateway import delegations.ndjson --delete-missing --dry-run',
    ],
    (options: CatalogueOptions, [file]) =>
      runCatalogueImport(file as string, options, session, importDelegations),
  );
}
