import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerStateRestore } from './restore.ts';
import { registerStateSnapshot } from './snapshot.ts';

/** `state snapshot|restore`. */
export function registerState(program: Command, session: Session): void {
  const group = program
    .command('state')
    .description('take all that a site decides from as one signed file, and bring a site to serving with it');
  registerStateSnapshot(group, session);
  registerStateRestore(group, session);
}
