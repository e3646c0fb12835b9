import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerPolicyBench } from './bench.ts';
import { registerPolicyBuild } from './build.ts';
import { registerPolicyCheck } from './check.ts';
import { registerPolicyCase } from './case-add.ts';
import { registerPolicyDiff } from './diff.ts';
import { registerPolicyInit } from './init.ts';
import { registerPolicyInspect } from './inspect.ts';
import { registerPolicyList } from './list.ts';
import { registerPolicyRollback } from './rollback.ts';
import { registerPolicyShadow } from './shadow/group.ts';
import { registerPolicyUnpin } from './unpin.ts';
import { registerPolicyTest } from './test.ts';
import { registerPolicyReplay } from './replay.ts';

/** `policy build|…`: the workshop of policy authors. */
export function registerPolicy(program: Command, session: Session): void {
  const group = program.command('policy').description('write, test, compare and ship policies');
  registerPolicyInit(group, session);
  registerPolicyBuild(group, session);
  registerPolicyCheck(group, session);
  registerPolicyInspect(group, session);
  registerPolicyDiff(group, session);
  registerPolicyTest(group, session);
  registerPolicyCase(group, session);
  registerPolicyReplay(group, session);
  registerPolicyBench(group, session);
  registerPolicyList(group, session);
  registerPolicyRollback(group, session);
  registerPolicyUnpin(group, session);
  registerPolicyShadow(group, session);
}
