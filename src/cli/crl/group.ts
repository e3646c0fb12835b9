import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerCrlImport } from './import.ts';
import { registerCrlStatus } from './status.ts';

/** `crl import|status`. */
export function registerCrl(program: Command, session: Session): void {
  const group = program.command('crl').description('import certificate revocation lists, show their state');
  registerCrlImport(group, session);
  registerCrlStatus(group, session);
}
