import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerCrlImport } from './import.ts';
import { registerCrlShow } from './show.ts';
import { registerCrlStatus } from './status.ts';

/** `crl import|show|status`. */
export function registerCrl(program: Command, session: Session): void {
  const group = program
    .command('crl')
    .description('import certificate revocation lists, show them and their state');
  registerCrlImport(group, session);
  registerCrlShow(group, session);
  registerCrlStatus(group, session);
}
