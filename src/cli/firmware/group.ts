import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerFirmwareGet } from './get.ts';
import { registerFirmwareImport } from './import.ts';
import { registerFirmwareList } from './list.ts';

/** `firmware import|list|get`. */
export function registerFirmware(program: Command, session: Session): void {
  const group = program
    .command('firmware')
    .description('the catalogue of firmware: what each hash is, and whether it may run');
  registerFirmwareImport(group, session);
  registerFirmwareList(group, session);
  registerFirmwareGet(group, session);
}
