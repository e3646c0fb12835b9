import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerHoldAdd } from './add.ts';
import { registerHoldLift } from './lift.ts';
import { registerHoldList } from './list.ts';

/** `hold add|lift|list`. */
export function registerHold(program: Command, session: Session): void {
  const group = program
    .command('hold')
    .description('keep devices, certificates, firmware or networks out at once, whatever else allows them');
  registerHoldAdd(group, session);
  registerHoldLift(group, session);
  registerHoldList(group, session);
}
