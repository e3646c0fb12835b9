import type { RecordMode } from '../../audit/home.ts';
import { openingFolderOf } from '../../audit/home.ts';
import { buildRecord, recordBytes } from '../../audit/record.ts';
import { createOpeningWriter } from '../../audit/redact/opening-writer.ts';
import type { OpeningWriter } from '../../audit/redact/opening-writer.ts';
import { createRedactor } from '../../audit/redact/redact-record.ts';
import type { Redactor } from '../../audit/redact/redact-record.ts';
import { buildSupersedingRecord } from '../../audit/superseding.ts';
import type { Config } from '../../config/types.ts';
import type { MadeDecision } from '../../decision/types.ts';

/** Writes the lines of decisions' records, as the configuration wants them. */
export interface RecordLines {
  readonly line: (
    made: MadeDecision,
    how: { readonly supersedes: boolean; readonly mode: RecordMode | undefined },
  ) => string;
  /** Before lines leave: writes what they hide. Throws PDP_AUDIT_UNAVAILABLE. */
  readonly beforeLeave: () => void;
  /** What is hidden from here on. */
  use(config: Pick<Config, 'audit'>): void;
}

export function createRecordLines(): RecordLines {
  let redactor: Redactor | undefined;
  let openings: OpeningWriter | undefined;
  return {
    line: (made, { supersedes, mode }) => {
      const record = supersedes ? buildSupersedingRecord(made, mode) : buildRecord(made, mode);
      if (!redactor) return recordBytes(record);
      const { record: hiding, opening } = redactor(record);
      if (opening) openings?.add(opening);
      return recordBytes(hiding);
    },
    beforeLeave: () => openings?.flush(),
    use: ({ audit }) => {
      redactor = createRedactor(audit.redact);
      openings?.close();
      openings = redactor && createOpeningWriter(openingFolderOf(audit.path));
    },
  };
}
