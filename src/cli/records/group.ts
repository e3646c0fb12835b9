import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerRecordsSample } from './sample.ts';

/** `records sample`. */
export function registerRecords(program: Command, session: Session): void {
  const group = program.command('records').description('work with the records of decisions');
  registerRecordsSample(group, session);
}
