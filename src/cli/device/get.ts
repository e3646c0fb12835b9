import type { Command } from 'commander';
import { createInventoryReader } from '../../inventory/reader.ts';
import { formatInstant } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { configOption, finish } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { fields } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { deviceData, tenantOption, type DeviceOptions } from './tenant.ts';

/** `device get ID`. */
export function registerDeviceGet(group: Command, session: Session): void {
  const command = group
    .command('get')
    .description('show one device as the inventory knows it; answers 1 where it is unknown')
    .argument('<id>', 'device id')
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    ['device get meter-0001', 'device get meter-0001 --json'],
    (options: DeviceOptions, [id]) => runGet(id as string, options, session),
  );
}

async function runGet(id: string, options: DeviceOptions, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const device = await withStore(config, 'read_only', session.around.clock, (store) => {
    const reader = createInventoryReader(store);
    return store.snapshot(() => reader.device(options.tenant, id));
  });
  if (!device)
    throw new PortreeveError('PDP_NOT_FOUND', `no device ${JSON.stringify(id)} in tenant ${options.tenant}`);
  const pairs = Object.entries(device).map(([key, value]) => [key, show(key, value)] as const);
  return { exit: exitCodes.ok, data: deviceData(device), text: fields(pairs, session.paint) };
}

function show(key: string, value: unknown): string {
  if (key === 'updated_at') return formatInstant(value as number);
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(', ');
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(([name, one]) => `${name}=${String(one)}`);
    return parts.length === 0 ? '-' : parts.join(', ');
  }
  return String(value);
}
