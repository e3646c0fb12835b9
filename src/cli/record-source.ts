import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { openRecords } from '../audit/sources/open-records.ts';
import type { RecordSource } from '../audit/sources/open-records.ts';
import { createLogFetcher } from '../server/audit/fetch-log.ts';
import { PortreeveError } from '../lib/errors.ts';
import type { Session } from './session.ts';

/** What every option that names records takes, for help. */
export const recordsHelp =
  'where records are: folders of logs, exports (.zip), HTTP addresses of logs, files of records with what was rotated away beside them';

/** Opens the records that a command line names. Throws as `openRecords`, and PDP_INPUT_MALFORMED where there is nothing. */
export async function openRecordSource(names: readonly string[], session: Session): Promise<RecordSource> {
  const { folder, clock } = session.around;
  for (const name of names) {
    const path = resolve(folder, name);
    if (/^https?:\/\//i.test(name) || existsSync(path)) continue;
    throw new PortreeveError(
      'PDP_INPUT_MALFORMED',
      `cannot read ${name}: there is nothing at ${path}; name ${recordsHelp}`,
    );
  }
  return openRecords(names, { folder, fetch: createLogFetcher(clock) });
}
