import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestsIn } from '../audit/export/digests.ts';
import type { Content } from '../audit/export/digests.ts';
import { namedContent } from '../audit/export/named-content.ts';
import { keepLarge } from '../audit/kept.ts';
import type { RecordLog } from '../audit/sources/types.ts';
import { sha256Hex } from '../lib/bytes.ts';
import { PortreeveError } from '../lib/errors.ts';

/** A log, as far as what its records name by digest may be asked for where it lies. */
export type AwayLog = Pick<RecordLog, 'origin' | 'readKept'>;

/** What records name by digest and is kept in archives and at addresses, brought to this machine as it is needed. */
export interface KeptAway {
  /** Folders of what was brought; none where no log is away. */
  readonly folders: readonly string[];
  /**
   * Brings what a record names from its log. Answers how many files that log has of it; undefined for a log in a folder of
   * this machine. Throws PDP_AUDIT_UNAVAILABLE where one was changed, and what reading it throws.
   */
  bring(record: Uint8Array, log: AwayLog): Promise<number | undefined>;
}

/** Does work that needs what is kept with logs; what was brought for it is removed afterwards. */
export async function withKeptAway<T>(
  logs: readonly AwayLog[],
  work: (away: KeptAway) => Promise<T>,
): Promise<T> {
  if (!logs.some(({ readKept }) => readKept))
    return work({ folders: [], bring: () => Promise.resolve(undefined) });
  const own = mkdtempSync(join(tmpdir(), 'portreeve-kept-'));
  // A folder within: what stands beside a folder of kept files is taken for its log's.
  const folder = join(own, 'kept');
  try {
    return await work({
      folders: [folder],
      bring: async (record, log) => (log.readKept ? bringInto(folder, record, log) : undefined),
    });
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

async function bringInto(folder: string, record: Uint8Array, { origin, readKept }: AwayLog): Promise<number> {
  const named = new Map<string, Content>();
  digestsIn(record, named);
  let count = 0;
  const kept = (digest: string) => readKept?.(digest) ?? Promise.resolve(undefined);
  for await (const { digest, bytes } of namedContent(named, kept)) {
    if (bytes === undefined) continue;
    if (sha256Hex(bytes) !== digest)
      throw new PortreeveError(
        'PDP_AUDIT_UNAVAILABLE',
        `${origin}: kept/${digest} is damaged: its digest is not its name`,
      );
    await keepLarge(folder, digest, bytes);
    count += 1;
  }
  return count;
}

/** What to do where neither a log nor a configuration has anything of what its records name. Throws PDP_USAGE. */
export function refuseWithoutKept(origin: string): never {
  throw new PortreeveError(
    'PDP_USAGE',
    `nothing that the record names by digest is kept in ${origin} (kept/): name the configuration that keeps it with --config`,
  );
}
