import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerCertShow } from './show.ts';
import { registerCertVerify } from './verify.ts';

/** `cert show|verify`. */
export function registerCert(program: Command, session: Session): void {
  const group = program
    .command('cert')
    .description('show certificates, verify their paths; no server needed');
  registerCertShow(group, session);
  registerCertVerify(group, session);
}
