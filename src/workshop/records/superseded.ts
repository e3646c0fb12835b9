import type { RecordFile } from '../../audit/sources/types.ts';

const mark = Buffer.from('"supersedes":true');

/**
 * Ids of decisions that have a second record, which says what was answered: the first one does not count. Looks at bytes
 * and reads no line that is not such a record. Throws PDP_INPUT_MALFORMED where a file cannot be read.
 */
export async function supersededIds(
  files: readonly RecordFile[],
  onBytes?: (count: number) => void,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const file of files) {
    for await (const { bytes } of file.blocks(onBytes)) {
      for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
        const start = bytes.lastIndexOf(0x0a, at) + 1;
        const end = bytes.indexOf(0x0a, at);
        const id = idOf(bytes.toString('utf8', start, end < 0 ? bytes.length : end));
        if (id !== undefined) ids.add(id);
      }
    }
  }
  return ids;
}

/** What is no record is told by whoever reads the lines. */
function idOf(line: string): string | undefined {
  try {
    const { decision_id: id, supersedes } = JSON.parse(line) as Record<string, unknown>;
    return supersedes === true && typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a record gives way to a second one of the same decision. */
export function isSuperseded(
  record: { readonly decision_id: string; readonly supersedes?: unknown },
  ids: ReadonlySet<string>,
): boolean {
  return ids.size > 0 && record.supersedes !== true && ids.has(record.decision_id);
}
