import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { registerGatewayDelegate } from './delegate.ts';
import { registerGatewayGet } from './get.ts';
import { registerGatewayImport } from './import.ts';
import { registerGatewayList } from './list.ts';
import { registerGatewayRevoke } from './revoke.ts';

/** `gateway import|list|get|delegate|revoke`. */
export function registerGateway(program: Command, session: Session): void {
  const group = program
    .command('gateway')
    .description('which gateways may speak for which devices and classes, and until when');
  registerGatewayImport(group, session);
  registerGatewayList(group, session);
  registerGatewayGet(group, session);
  registerGatewayDelegate(group, session);
  registerGatewayRevoke(group, session);
}
