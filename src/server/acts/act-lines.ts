import type { ActRecord } from '../../audit/acts.ts';
import { openingFolderOf } from '../../audit/home.ts';
import { recordBytes } from '../../audit/record.ts';
import { createOpeningWriter } from '../../audit/redact/opening-writer.ts';
import { createActRedactor } from '../../audit/redact/redact-record.ts';
import type { Config } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { createIds } from '../new-id.ts';

/** Writes the lines of acts, as the configuration that is in force wants them. */
export interface ActLines {
  readonly line: (act: ActRecord) => string;
  /** Before lines leave: writes what they hide. Throws PDP_AUDIT_UNAVAILABLE. */
  readonly beforeLeave: () => void;
  readonly close: () => void;
}

export function createActLines({
  config,
  clock,
}: {
  readonly config: () => Pick<Config, 'audit'>;
  readonly clock: Clock;
}): ActLines {
  const newId = createIds(clock);
  const openings = createOpeningWriter(openingFolderOf(config().audit.path));
  let [redact, redactor] = [config().audit.redact, createActRedactor(config().audit.redact)];
  return {
    line: (act) => {
      const now = config().audit.redact;
      if (now !== redact) [redact, redactor] = [now, createActRedactor(now)];
      if (!redactor) return recordBytes(act);
      const { record, opening } = redactor(act, newId);
      if (opening) openings.add(opening);
      return recordBytes(record);
    },
    beforeLeave: () => openings.flush(),
    close: () => openings.close(),
  };
}
