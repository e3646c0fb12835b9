import { Option, type Command } from 'commander';
import { listFirmware } from '../../inventory/firmware/list.ts';
import {
  firmwareStatuses,
  type FirmwareRecord,
  type FirmwareStatus,
} from '../../inventory/firmware/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import { configOption, finish, integerArgument, type CommonOptions } from '../command.ts';
import { tenantOption } from '../device/tenant.ts';
import { exitCodes } from '../exit-codes.ts';
import { table, type Cell } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { firmwareData, firmwareTones } from './shown.ts';

interface Options extends CommonOptions {
  readonly tenant: string;
  readonly product?: string;
  readonly status?: FirmwareStatus;
  readonly limit: number;
}

/** `firmware list`. */
export function registerFirmwareList(group: Command, session: Session): void {
  const command = group
    .command('list')
    .description('list the catalogue by product, the highest version first')
    .option('--product <name>', 'only this product')
    .addOption(new Option('--status <status>', 'only this status').choices(firmwareStatuses))
    .option('--limit <number>', 'most to list', integerArgument(1, 1_000_000), 1000)
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    ['firmware list --product meter-os', 'firmware list --status known_vulnerable --json'],
    (options: Options) => runList(options, session),
  );
}

async function runList(options: Options, session: Session): Promise<Answer> {
  const { tenant, product, status, limit } = options;
  const config = session.config(options.config);
  // One more than asked tells whether there are more.
  const found = await withStore(config, 'read_only', session.around.clock, (store) =>
    listFirmware(store, { tenant, product, status, limit: limit + 1 }),
  );
  const firmware = found.slice(0, limit);
  const more = found.length > limit;
  const head = ['product', 'version', 'status', 'until', 'advisory', 'hash', 'epoch'];
  return {
    exit: exitCodes.ok,
    data: { firmware: firmware.map(firmwareData), more },
    text:
      firmware.length === 0
        ? 'no firmware\n'
        : `${table(head, firmware.map(row), session.paint)}${more ? `More: --limit ${limit * 10}\n` : ''}`,
  };
}

function row(record: FirmwareRecord): Cell[] {
  const { product, version, status, advisory, grace_until: grace, firmware_hash: hash, epoch } = record;
  const shown = { text: status, tone: firmwareTones[status] };
  const until = grace === undefined ? null : formatInstant(grace);
  return [product, version, shown, until, advisory ?? null, hash, epoch];
}
