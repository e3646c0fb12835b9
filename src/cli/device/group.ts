import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerDeviceBind } from './bind.ts';
import { registerDeviceExport } from './export.ts';
import { registerDeviceGet } from './get.ts';
import { registerDeviceHistory } from './history.ts';
import { registerDeviceImport } from './import.ts';
import { registerDeviceList } from './list.ts';
import { registerDevicePropose } from './propose.ts';
import { registerDeviceSetStatus } from './set-status.ts';
import { registerDeviceWhy } from './why.ts';

/** `device import|export|propose|list|get|history|why|set-status|bind|unbind`. */
export function registerDevice(program: Command, session: Session): void {
  const group = program.command('device').description('import, list and change devices of the inventory');
  registerDeviceImport(group, session);
  registerDeviceExport(group, session);
  registerDevicePropose(group, session);
  registerDeviceList(group, session);
  registerDeviceGet(group, session);
  registerDeviceHistory(group, session);
  registerDeviceWhy(group, session);
  registerDeviceSetStatus(group, session);
  registerDeviceBind(group, session);
}
