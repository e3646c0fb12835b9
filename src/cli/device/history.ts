import type { Command } from 'commander';
import { deviceHistory, type DeviceEvent } from '../../inventory/history.ts';
import { createInventoryReader } from '../../inventory/reader.ts';
import { formatInstant } from '../../lib/clock.ts';
import { configOption, finish, integerArgument } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain, table, type Cell } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { tenantOption, type DeviceOptions } from './tenant.ts';

interface Options extends DeviceOptions {
  readonly limit: number;
}

/** `device history ID`. */
export function registerDeviceHistory(group: Command, session: Session): void {
  const command = group
    .command('history')
    .description('who changed what about a device, and when: edits, and what imports changed; newest first')
    .argument('<id>', 'device id')
    .option('--limit <number>', 'most events to list', integerArgument(1, 10_000), 100)
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    ['device history meter-0001', 'device history meter-0001 --limit 5 --json'],
    (options: Options, [id]) => runHistory(id as string, options, session),
  );
}

async function runHistory(id: string, options: Options, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const { events, known } = await withStore(config, 'read_only', session.around.clock, (store) => ({
    events: deviceHistory(store, options.tenant, id, options.limit),
    known: store.snapshot(() => createInventoryReader(store).device(options.tenant, id)) !== undefined,
  }));
  const data = events.map((event) => ({ ...event, at: formatInstant(event.at) }));
  return {
    exit: exitCodes.ok,
    data: { device_id: id, events: data },
    text:
      events.length === 0
        ? `${known ? '' : `The inventory has no device ${plain(id)}. `}Nothing is noted of this device (its first import is not, device by device).\n`
        : table(['epoch', 'at', 'who', 'what', 'fields', 'why'], events.map(row), session.paint),
  };
}

function row({ epoch, at, actor, why, change, source, kind, fields, detail }: DeviceEvent): Cell[] {
  const own = typeof detail['hold'] === 'string' ? `${change} ${detail['hold']}` : change;
  const what = kind === null ? own : `${kind} by ${change} of ${source ?? '-'}`;
  const told = fields.map(({ field, before, after }) => `${field}: ${text(before)} -> ${text(after)}`);
  return [epoch, formatInstant(at), actor, what, told.join(', ') || '-', why];
}

function text(value: unknown): string {
  if (value === null) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
