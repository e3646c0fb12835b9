import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { Option, type Command } from 'commander';
import { exportBlocks } from '../../inventory/export.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import type { Store } from '../../store/types.ts';
import { configOption, finish } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { tenantOption, type DeviceOptions } from './tenant.ts';

interface Options extends DeviceOptions {
  readonly format?: 'ndjson' | 'csv';
}

/** `device export FILE|-`. */
export function registerDeviceExport(group: Command, session: Session): void {
  const command = group
    .command('export')
    .description('write every device as an import file: imported again it changes nothing')
    .argument('<file>', 'NDJSON or CSV file, - for standard output')
    .addOption(
      new Option('--format <format>', 'format (default: by the ending of the name, else ndjson)').choices([
        'ndjson',
        'csv',
      ]),
    )
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    ['device export devices.ndjson', 'device export devices.csv --json', 'device export - > devices.ndjson'],
    (options: Options, [file]) => runExport(file as string, options, session),
  );
}

async function runExport(file: string, options: Options, session: Session): Promise<Answer> {
  if (file === '-' && session.json)
    throw new PortreeveError('PDP_USAGE', 'standard output cannot hold the devices and --json: name a file');
  const config = session.config(options.config);
  const format = options.format ?? (file.endsWith('.csv') ? 'csv' : 'ndjson');
  const devices = await withStore(config, 'read_only', session.around.clock, (store) =>
    file === '-'
      ? writeTo(session.around.stdout, store, options.tenant, format)
      : writeFile(resolve(session.around.folder, file), store, options.tenant, format),
  );
  const text = file === '-' ? '' : `${devices} devices exported to ${file}\n`;
  return { exit: exitCodes.ok, data: { devices, file, format }, text };
}

/** The file appears whole, under its name, or not at all. */
async function writeFile(
  path: string,
  store: Store,
  tenant: string,
  format: 'ndjson' | 'csv',
): Promise<number> {
  const partial = `${path}.${process.pid}.part`;
  const out = createWriteStream(partial, { flags: 'wx' });
  try {
    const closed = once(out, 'close');
    const devices = await writeTo(out, store, tenant, format);
    out.end();
    await closed;
    await rename(partial, path);
    return devices;
  } catch (thrown) {
    out.destroy();
    await rm(partial, { force: true });
    if (thrown instanceof PortreeveError) throw thrown;
    throw new PortreeveError('PDP_USAGE', `cannot write ${path}: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  }
}

async function writeTo(
  out: Writable,
  store: Store,
  tenant: string,
  format: 'ndjson' | 'csv',
): Promise<number> {
  let devices = 0;
  for (const block of exportBlocks(store, tenant, format)) {
    if (!out.write(block.text)) await once(out, 'drain');
    devices += block.devices;
  }
  return devices;
}
