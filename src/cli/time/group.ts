import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerTimeReset } from './reset.ts';
import { registerTimeShow } from './show.ts';

/** `time show|reset`. */
export function registerTime(program: Command, session: Session): void {
  const group = program
    .command('time')
    .description("show the latest trusted time that is kept, and what it says of this machine's clock");
  registerTimeShow(group, session);
  registerTimeReset(group, session);
}
