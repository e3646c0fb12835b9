import type { SignedCheckpoint } from '../../audit/tlog/checkpoint.ts';
import type { PutLine } from '../../audit/witness/types.ts';
import type { AuditAnchorConfig } from '../../config/types.ts';
import { toHex } from '../../lib/bytes.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { formatInstant, parseHttpDate } from '../../lib/clock.ts';
import { parseHttpUrl, withPathEnding } from '../../lib/http-url.ts';
import { exchange } from './exchange.ts';
import { ownBytes } from './seen-log.ts';

export interface Anchored<Line> {
  readonly line: Line;
  /** The outsider's time; ours where it tells none. */
  readonly at: EpochMs;
}

export interface AnchorQuestion {
  readonly anchor: AuditAnchorConfig;
  readonly checkpoint: SignedCheckpoint;
  readonly now: () => EpochMs;
  readonly signal: AbortSignal;
}

/** Statuses of an object that is kept. 202 is none: it was not yet. */
const stored = [200, 201, 204];

/** What a checkpoint is called in a store: sizes sort as names do, and another history never has the same name. */
export function objectName({ size, root }: SignedCheckpoint): string {
  return `${String(size).padStart(16, '0')}-${toHex(root).slice(0, 16)}.checkpoint`;
}

/**
 * PUTs a checkpoint under a new name. Throws PDP_SOURCE_UNAVAILABLE and PDP_SOURCE_REFUSED as `exchange`. What comes
 * back is the store's word to us; whoever verifies later asks the store himself.
 */
export async function putAnchor(folder: string, o: AnchorQuestion): Promise<Anchored<PutLine>> {
  const { anchor, checkpoint } = o;
  const bytes = ownBytes(checkpoint);
  const url = withPathEnding(folder, objectName(checkpoint));
  const { headers } = await exchange(
    {
      ...{ url, method: 'PUT', body: bytes },
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      headersFile: anchor.headers_file,
      ...{ ca: anchor.ca, timeout: anchor.timeout, signal: o.signal },
      wanted: stored,
      maxBytes: 65_536,
    },
    o.now(),
  );
  const now = o.now();
  return {
    line: {
      ...{ kind: 'put', anchor: anchor.name, at: formatInstant(now) },
      checkpoint: Buffer.from(bytes).toString(),
      url: withoutQuery(url),
      etag: shown(headers.etag),
      version: shown(
        headers['x-amz-version-id'] ?? headers['x-goog-generation'] ?? headers['x-ms-version-id'],
      ),
    },
    at: (headers.date === undefined ? undefined : parseHttpDate(headers.date)) ?? now,
  };
}

/** Without the query, which may be what lets whoever has it write. */
function withoutQuery(url: string): string {
  const parsed = parseHttpUrl(url);
  return parsed ? `${parsed.origin}${parsed.pathname}` : url;
}

function shown(value: string | readonly string[] | undefined): string | null {
  return typeof value === 'string' && /^[\x20-\x7e]{1,512}$/.test(value) ? value : null;
}
