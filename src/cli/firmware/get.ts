import type { Command } from 'commander';
import { firmwareHashText } from '../../inventory/firmware/import.ts';
import { createFirmwareReader } from '../../inventory/firmware/reader.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { configOption, finish, type CommonOptions } from '../command.ts';
import { tenantOption } from '../device/tenant.ts';
import { exitCodes } from '../exit-codes.ts';
import { fields } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { firmwareData } from './shown.ts';

interface Options extends CommonOptions {
  readonly tenant: string;
}

/** `firmware get HASH`. */
export function registerFirmwareGet(group: Command, session: Session): void {
  const command = group
    .command('get')
    .description('show what the catalogue has of one hash; answers 1 where it has nothing')
    .argument('<hash>', 'SHA-256, SHA-384 or SHA-512 in hex')
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    ['firmware get a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1'],
    (options: Options, [hash]) => runGet(hash as string, options, session),
  );
}

async function runGet(given: string, options: Options, session: Session): Promise<Answer> {
  const hash = firmwareHashText(given);
  if (typeof hash !== 'string') throw new PortreeveError('PDP_USAGE', `the hash ${hash.problem}`);
  const config = session.config(options.config);
  const record = await withStore(config, 'read_only', session.around.clock, (store) => {
    const reader = createFirmwareReader(store);
    return store.snapshot(() => reader.firmware(options.tenant, hash));
  });
  if (!record)
    throw new PortreeveError(
      'PDP_NOT_FOUND',
      `the catalogue of tenant ${options.tenant} has no ${hash}; see 'portreeve firmware list'`,
    );
  const data = firmwareData(record);
  const pairs = Object.entries(data).map(
    ([name, value]) => [name, value === null ? '-' : String(value)] as const,
  );
  return { exit: exitCodes.ok, data, text: fields(pairs, session.paint) };
}
