import { readRecord } from '../../audit/read-record.ts';
import type { AuditRecord } from '../../audit/record.ts';
import type { RecordFile } from '../../audit/sources/types.ts';
import { PortreeveError } from '../../lib/errors.ts';

/**
 * The record of a decision in files of records; the last one, as a later record of the
 * same decision says what was answered. Lines without the id are not read. Throws PDP_NOT_FOUND, and PDP_INPUT_MALFORMED
 * for a file that cannot be read.
 */
export async function findRecord(
  files: readonly RecordFile[],
  id: string,
  onBytes: (count: number) => void,
): Promise<AuditRecord> {
  let found: string | undefined;
  for (const { lines } of files) {
    for await (const line of lines(onBytes)) {
      if (line !== undefined && line.includes(id) && isOf(line, id)) found = line;
    }
  }
  if (found !== undefined) return readRecord(found);
  throw new PortreeveError(
    'PDP_NOT_FOUND',
    `no record of decision ${id} in ${files.map(({ path }) => path).join(', ')}`,
  );
}

function isOf(line: string, id: string): boolean {
  try {
    const { kind, decision_id: own } = JSON.parse(line) as {
      readonly kind?: unknown;
      readonly decision_id?: unknown;
    };
    return kind === 'decision' && own === id;
  } catch {
    return false;
  }
}
