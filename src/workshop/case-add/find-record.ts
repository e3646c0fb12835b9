import { readRecord } from '../../audit/read-record.ts';
import type { AuditRecord } from '../../audit/record.ts';
import type { RecordFile } from '../../audit/sources/types.ts';
import { PortreeveError } from '../../lib/errors.ts';

/**
 * The record of an act that hides something, by its id, else of a decision, as it stands in the files. Throws as
 * `findRecord`.
 */
export async function findHiding(
  files: readonly RecordFile[],
  id: string,
): Promise<Pick<AuditRecord, 'decision_id' | 'time' | 'redacted'>> {
  for (const { lines } of files) {
    for await (const line of lines(() => undefined)) {
      if (line === undefined || !line.includes(id)) continue;
      const act = actOf(line, id);
      if (act) return act;
    }
  }
  return findRecord(files, id, () => undefined);
}

function actOf(line: string, id: string): Pick<AuditRecord, 'decision_id' | 'time'> | undefined {
  try {
    const record = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const { kind, act_id: own, time } = record;
    if (kind !== 'act' || own !== id || typeof time !== 'string') return undefined;
    return { ...record, decision_id: id, time };
  } catch {
    return undefined;
  }
}

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
