import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { EpochMs } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import { withPathEnding } from '../../lib/http-url.ts';
import { packFolder } from '../bundles/unpacked.ts';
import { asUnavailable, refused } from './failures.ts';
import { fetchLimited, readAll } from './fetch-limited.ts';
import type { Fetched, FetchOptions } from './fetch-options.ts';
import { readHeadersFile } from './headers-file.ts';
import { maxStatementBytes, statementEnding } from './statement.ts';
import type { SourceSpec } from './types.ts';

/** What is known of the bytes already: conditions for a URL. */
export interface Known {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** Where a source stands, as text. */
export function locationText({ location }: Pick<SourceSpec, 'location'>): string {
  return 'url' in location ? location.url : location.file;
}

/**
 * Opens a source's bytes: by HTTP on the conditions of what is known, or its file, which has none. Throws
 * PDP_SOURCE_UNAVAILABLE and PDP_SOURCE_REFUSED.
 */
export async function openLocation(
  spec: SourceSpec,
  known: Known,
  signal: AbortSignal,
  now: EpochMs,
): Promise<Fetched> {
  if ('file' in spec.location) {
    const { file, unpacked } = spec.location;
    return unpacked ? openFolder(file, spec.max_bytes) : openFile(file, spec.max_bytes);
  }
  const options = await fetchOptions(spec, spec.max_bytes, signal);
  const conditions = {
    ...(known.etag !== null && { etag: known.etag }),
    ...(known.lastModified !== null && { lastModified: known.lastModified }),
  };
  return fetchLimited(spec.location.url, { ...options, ...conditions }, now);
}

/** The text of the statement that stands beside a source's bytes. Throws as `openLocation`. */
export async function readStatementText(
  spec: SourceSpec,
  signal: AbortSignal,
  now: EpochMs,
): Promise<{ readonly text: string; readonly from: string }> {
  if ('file' in spec.location) {
    const from = `${spec.location.file}${statementEnding}`;
    const opened = await openFile(from, maxStatementBytes);
    return { text: Buffer.from(await readAll(opened.body)).toString('latin1'), from };
  }
  const from = withPathEnding(spec.location.url, statementEnding);
  const fetched = await fetchLimited(from, await fetchOptions(spec, maxStatementBytes, signal), now);
  if (fetched.status !== 'ok')
    throw refused(`${from}: answers that nothing has changed, which was not asked`);
  return { text: Buffer.from(await readAll(fetched.body)).toString('latin1'), from };
}

async function fetchOptions(spec: SourceSpec, maxBytes: number, signal: AbortSignal): Promise<FetchOptions> {
  if ('file' in spec.location) throw refused('a file is not fetched');
  const { ca, headers_file: headersFile, mayVisit, mayBeLocal } = spec.location;
  return {
    maxBytes,
    signal,
    timeouts: { total: spec.timeout },
    ...(ca !== null && { ca: await readCas(ca) }),
    ...(headersFile !== null && { secrets: await readHeadersFile(headersFile) }),
    ...(mayVisit && { mayVisit }),
    ...(mayBeLocal && { mayBeLocal }),
  };
}

/** A file without a certificate would stand for no CA at all, which TLS tells in words that help nobody. */
async function readCas(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'latin1');
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error('there is no PEM certificate in it');
    return text;
  } catch (thrown) {
    throw refused(`CA file ${path}: ${describeThrown(thrown)}`, thrown);
  }
}

/** Opening anything but a file (a pipe) could wait for ever, so it is looked at first. */
async function openFile(path: string, maxBytes: number): Promise<Extract<Fetched, { status: 'ok' }>> {
  const found = await stat(path).catch((thrown: unknown) => {
    throw asUnavailable(thrown, path);
  });
  if (!found.isFile()) throw refused(`${path}: is not a file`);
  if (found.size > maxBytes)
    throw refused(`${path}: ${found.size} bytes are more than max_bytes (${maxBytes})`);
  const stream = createReadStream(path);
  return {
    status: 'ok',
    url: path,
    etag: undefined,
    lastModified: undefined,
    contentType: undefined,
    body: readable(stream, path),
    cancel: () => void stream.destroy(),
  };
}

/** A folder's files as one packed bundle. */
async function openFolder(path: string, maxBytes: number): Promise<Extract<Fetched, { status: 'ok' }>> {
  const packed = await packFolder(path, maxBytes);
  return {
    status: 'ok',
    url: path,
    etag: undefined,
    lastModified: undefined,
    contentType: undefined,
    body: Readable.from([packed]),
    cancel: () => undefined,
  };
}

async function* readable(stream: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (thrown) {
    throw asUnavailable(thrown, path);
  }
}
