import { Option, type Command } from 'commander';
import { listDevices } from '../../inventory/list.ts';
import { deviceStatuses, type DeviceRecord, type DeviceStatus } from '../../inventory/types.ts';
import { configOption, finish, integerArgument } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { table, type Cell } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { deviceData, tenantOption, type DeviceOptions } from './tenant.ts';

interface Options extends DeviceOptions {
  readonly status?: DeviceStatus;
  readonly class?: string;
  readonly after?: string;
  readonly limit: number;
}

/** `device list`. */
export function registerDeviceList(group: Command, session: Session): void {
  const command = group
    .command('list')
    .description('list devices in the order of their ids')
    .addOption(new Option('--status <status>', 'only devices of this status').choices(deviceStatuses))
    .option('--class <name>', 'only devices of this class')
    .option('--after <id>', 'begin after this device id')
    .option('--limit <number>', 'most devices to list', integerArgument(1, 100_000), 100)
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    ['device list --status disabled', 'device list --class camera --limit 20 --after cam-0042 --json'],
    (options: Options) => runList(options, session),
  );
}

async function runList(options: Options, session: Session): Promise<Answer> {
  const { tenant, status, after, limit } = options;
  const config = session.config(options.config);
  // One more than asked tells whether there is a next page.
  const found = await withStore(config, 'read_only', session.around.clock, (store) =>
    listDevices(store, {
      tenant,
      limit: limit + 1,
      ...(status !== undefined && { status }),
      ...(options.class !== undefined && { class: options.class }),
      ...(after !== undefined && { after }),
    }),
  );
  const devices = found.slice(0, limit);
  const next = found.length > limit ? (devices.at(-1)?.device_id ?? null) : null;
  const more = next === null ? '' : `More: --after ${next}\n`;
  const rows = devices.map(row);
  return {
    exit: exitCodes.ok,
    data: { devices: devices.map(deviceData), next_after: next },
    text: `${table(['device', 'status', 'class', 'owner', 'site', 'certificates', 'keys', 'epoch'], rows, session.paint)}${more}`,
  };
}

function row(device: DeviceRecord): Cell[] {
  const tone = device.status === 'active' ? 'good' : 'warn';
  return [
    device.device_id,
    { text: device.status, tone },
    device.class,
    device.owner ?? null,
    device.site ?? null,
    device.certificates.length,
    device.keys.length,
    device.epoch,
  ];
}
