import { Option } from 'commander';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import type { ListedHold } from '../../revocation/holds/list.ts';
import { shortText } from '../command.ts';

/** The option that says who answers for a hold or its end. */
export function whoOption(): Option {
  return new Option('--who <text>', 'who answers for it (default: the user of the system)').argParser(
    (text) => shortText(text, 256),
  );
}

/** The option that names the tenant whose connections are meant. */
export function tenantOption(): Option {
  return new Option('--tenant <name>', 'whose connections').default('default');
}

/** A hold as machines are told of it: its times as RFC 3339. */
export function holdData(hold: ListedHold): object {
  return {
    ...hold,
    issued_before: instant(hold.issued_before),
    since: formatInstant(hold.since),
    until: instant(hold.until),
    lifted_at: instant(hold.lifted_at),
  };
}

function instant(at: EpochMs | null): string | null {
  return at === null ? null : formatInstant(at);
}
