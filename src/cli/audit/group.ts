import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerAuditCheck } from './check.ts';
import { registerAuditExport } from './export.ts';
import { registerAuditKeyRotate } from './key-rotate.ts';
import { registerAuditProve } from './prove.ts';
import { registerAuditQuery } from './query.ts';
import { registerAuditReindex } from './reindex.ts';
import { registerAuditReplay } from './replay.ts';
import { registerAuditShow } from './show.ts';
import { registerAuditStats } from './stats.ts';
import { registerAuditVerify } from './verify.ts';
import { registerAuditWhy } from './why.ts';
import { registerAuditErase } from './erase.ts';
import { registerAuditReveal } from './reveal.ts';

/** `audit query|…`: read the log, and prove what it says. */
export function registerAudit(program: Command, session: Session): void {
  const group = program.command('audit').description('find, explain and prove what was decided');
  registerAuditQuery(group, session);
  registerAuditStats(group, session);
  registerAuditShow(group, session);
  registerAuditWhy(group, session);
  registerAuditReplay(group, session);
  registerAuditReindex(group, session);
  registerAuditVerify(group, session);
  registerAuditProve(group, session);
  registerAuditCheck(group, session);
  registerAuditExport(group, session);
  registerAuditReveal(group, session);
  registerAuditErase(group, session);
  registerAuditKeyRotate(group.command('key').description('the key that signs the log'), session);
}
