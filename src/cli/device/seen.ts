import type { SeenCertificate } from '../../inventory/observed/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import { table, type Paint } from '../output.ts';

/** A certificate that a device was seen with, as machines are told of it: times RFC 3339. */
export function seenData(seen: SeenCertificate): object {
  return {
    ...seen,
    not_after: formatInstant(seen.not_after),
    first_seen: formatInstant(seen.first_seen),
    last_seen: formatInstant(seen.last_seen),
  };
}

/** The certificates that a device was seen with, the latest first. */
export function seenTable(seen: readonly SeenCertificate[], paint: Paint): string {
  return table(
    ['certificate seen', 'serial', 'ends', 'first seen', 'last seen', 'by', 'from'],
    seen.map((one) => [
      one.fingerprint,
      one.serial,
      formatInstant(one.not_after),
      formatInstant(one.first_seen),
      formatInstant(one.last_seen),
      one.gateway,
      one.network,
    ]),
    paint,
  );
}
