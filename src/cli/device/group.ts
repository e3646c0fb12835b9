import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerDeviceGet } from './get.ts';
import { registerDeviceImport } from './import.ts';
import { registerDeviceList } from './list.ts';
import { registerDeviceSetStatus } from './set-status.ts';

/** `device import|list|get|set-status`. */
export function registerDevice(program: Command, session: Session): void {
  const group = program.command('device').description('import, list and change devices of the inventory');
  registerDeviceImport(group, session);
  registerDeviceList(group, session);
  registerDeviceGet(group, session);
  registerDeviceSetStatus(group, session);
}
