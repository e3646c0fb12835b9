import { Argument, type Command } from 'commander';
import { setStatus } from '../../inventory/edit.ts';
import { deviceStatuses, type DeviceStatus } from '../../inventory/types.ts';
import { configOption, finish, whyOption } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { knownNow } from '../known-now.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import { tenantOption, type DeviceOptions } from './tenant.ts';

interface Options extends DeviceOptions {
  readonly why: string;
}

/** `device set-status ID STATUS --why TEXT`. */
export function registerDeviceSetStatus(group: Command, session: Session): void {
  const command = group
    .command('set-status')
    .description("change a device's status; running servers see it at once")
    .argument('<id>', 'device id')
    .addArgument(new Argument('<status>', 'new status').choices(deviceStatuses))
    .addOption(whyOption().makeOptionMandatory())
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    ['device set-status meter-0001 disabled --why "reported stolen, case 17"'],
    (options: Options, [id, status]) => runSetStatus(id as string, status as DeviceStatus, options, session),
  );
}

async function runSetStatus(
  id: string,
  status: DeviceStatus,
  options: Options,
  session: Session,
): Promise<Answer> {
  const config = session.config(options.config);
  const change = await withStore(config, 'read_write', session.around.clock, (store) =>
    setStatus(store, {
      tenant: options.tenant,
      deviceId: id,
      status,
      actor: session.actor(),
      why: options.why,
      now: knownNow(store, session.around.clock, config),
    }),
  );
  return {
    exit: exitCodes.ok,
    data: { device_id: id, ...change },
    text: `${plain(id)}: ${change.before} -> ${change.after} (epoch ${change.epoch})\n`,
  };
}
