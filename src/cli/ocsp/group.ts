import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerOcspFetch } from './fetch.ts';
import { registerOcspStatus } from './status.ts';

/** `ocsp fetch|status`. */
export function registerOcsp(program: Command, session: Session): void {
  const group = program
    .command('ocsp')
    .description('show OCSP responders and what they answered, and try them');
  registerOcspFetch(group, session);
  registerOcspStatus(group, session);
}
