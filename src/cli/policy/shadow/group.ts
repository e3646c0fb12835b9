import type { Command } from 'commander';
import type { Session } from '../../session.ts';
import { registerShadowPromote } from './promote.ts';
import { registerShadowReport } from './report.ts';

/** `policy shadow promote|report`. A trial begins and ends with `policy.shadow` of the configuration. */
export function registerPolicyShadow(policy: Command, session: Session): void {
  const group = policy
    .command('shadow')
    .description('see what the policy on trial (policy.shadow) would have decided, and put it in force');
  registerShadowReport(group, session);
  registerShadowPromote(group, session);
}
