import { control } from './controls.ts';
import { about } from './entry.ts';
import type { ReasonEntry, ReasonGroup } from './entry.ts';

const holdControls = [control.identities, control.beforeAccess, control.dynamicPolicy];

function hold(what: string, further: readonly string[] = []): ReasonEntry {
  return {
    ...about(
      `An operator holds ${what}.`,
      'Ask whoever holds it (the detail says who, why and until when); lift it when that is over: `portreeve hold lift`.',
      [...holdControls, ...further],
    ),
    retryable: true,
  };
}

/** Group hold: what an operator keeps out by name, for a time or until it is lifted. */
export const holdReasons: ReasonGroup<'hold'> = {
  'hold.device': hold('this device, or the one that speaks for it', [control.offboarding]),
  'hold.certificate': hold('this certificate, or one of its path', [control.offboarding]),
  'hold.key': hold('this key, in whichever certificate it is, or one of the path', [control.offboarding]),
  'hold.issuer': hold('a CA of the path, or what it issued before a time', [control.offboarding]),
  'hold.firmware': hold('this firmware', [control.vulnerabilities, control.software]),
  'hold.class': hold("the device's class", [control.posture]),
  'hold.gateway': hold('the gateway or enforcement point that this comes by', [control.enforcementPoint]),
  'hold.network': hold('the network that this comes from', [control.networks]),
};
