import { openRecords } from '../audit/sources/open-records.ts';
import type { RecordSource } from '../audit/sources/open-records.ts';
import { createLogFetcher } from '../server/audit/fetch-log.ts';
import type { Session } from './session.ts';

/** What every option that names records takes, for help. */
export const recordsHelp =
  'where records are: folders of logs, exports (.zip), HTTP addresses of logs, files of records with what was rotated away beside them';

/** Opens the records that a command line names. Throws as `openRecords`. */
export function openRecordSource(names: readonly string[], session: Session): Promise<RecordSource> {
  const { folder, clock } = session.around;
  return openRecords(names, { folder, fetch: createLogFetcher(clock) });
}
