import type { Command } from 'commander';
import { bindingText } from '../../inventory/binding-fields.ts';
import { bindingFields, instantFields } from '../../inventory/device-fields.ts';
import { createObservedReader } from '../../inventory/observed/reader.ts';
import { createInventoryReader } from '../../inventory/reader.ts';
import type { BoundDigest, DeviceRecord, IssuedBinding } from '../../inventory/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { configOption, finish } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { fields } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { seenData, seenTable } from './seen.ts';
import { deviceData, tenantOption, type DeviceOptions } from './tenant.ts';

/** `device get ID`. */
export function registerDeviceGet(group: Command, session: Session): void {
  const command = group
    .command('get')
    .description(
      'show one device as the inventory knows it, and the certificates it was seen with; answers 1 where it is unknown',
    )
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
  const { device, seen } = await withStore(config, 'read_only', session.around.clock, (store) => {
    const reader = createInventoryReader(store);
    return store.snapshot(() => ({
      device: reader.device(options.tenant, id),
      seen: createObservedReader(store).certificatesSeen(options.tenant, id),
    }));
  });
  if (!device)
    throw new PortreeveError('PDP_NOT_FOUND', `no device ${JSON.stringify(id)} in tenant ${options.tenant}`);
  const list = seen.length === 0 ? '' : `\n${seenTable(seen, session.paint)}`;
  return {
    exit: exitCodes.ok,
    data: { ...deviceData(device), certificates_seen: seen.map(seenData) },
    text: `${fields(recordPairs(device), session.paint)}${list}`,
  };
}

/** A record as lines of name and value. */
export function recordPairs(device: DeviceRecord): (readonly [string, string])[] {
  return Object.entries(device).map(([key, value]) => [key, show(key, value)] as const);
}

function show(key: string, value: unknown): string {
  if (key === 'updated_at' || instantFields.includes(key)) return formatInstant(value as number);
  if (bindingFields.includes(key))
    return (value as (BoundDigest | IssuedBinding)[]).map(bindingText).join(', ') || '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(', ');
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(([name, one]) => `${name}=${String(one)}`);
    return parts.length === 0 ? '-' : parts.join(', ');
  }
  return String(value);
}
