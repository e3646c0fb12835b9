import type { DerStream, ElementHeader } from '../../lib/der/stream.ts';
import { derError } from '../../lib/der/reader.ts';
import { tags } from '../../lib/der/tags.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { crlLimits } from '../limits.ts';

/** The parts of a tbsCertList around its entries (RFC 5280 section 5.1.2), as DER. */
export interface TbsFrame {
  /** Everything before revokedCertificates. */
  readonly head: Uint8Array;
  /** Where the contents of revokedCertificates lie in the stream. */
  readonly entries?: { readonly start: number; readonly end: number };
  /** Everything after revokedCertificates. */
  readonly tail: Uint8Array;
  /** Why no more of it could be read than `head` and `tail` hold. */
  readonly problem?: PortreeveError;
}

/** The fields before the entries, at hand before anything behind them is consumed. */
export interface TbsHead {
  readonly bytes: Uint8Array;
  /** AlgorithmIdentifier. */
  readonly algorithm: Uint8Array;
  /** Name. */
  readonly issuer: Uint8Array;
}

/**
 * Walks over a tbsCertList whose header was consumed. A broken structure is a `problem`, because a field before it may
 * refuse the CRL for a reason of its own. Throws PDP_LIMIT_EXCEEDED and what the source throws.
 */
export async function readTbsFrame(
  stream: DerStream,
  tbs: ElementHeader,
  onHead: (head: TbsHead) => void,
): Promise<TbsFrame> {
  const parts: Uint8Array[] = [];
  let entries: TbsFrame['entries'];
  let tail: Uint8Array = Buffer.alloc(0);
  try {
    onHead(await readHead(stream, tbs.end, parts));
    if ((await stream.peekTag(tbs.end)) === tags.sequence) {
      const revoked = await stream.header(tbs.end);
      entries = { start: revoked.contentStart, end: revoked.end };
      await stream.skip(revoked.end);
    }
    refuseLarge(tbs.end - stream.offset);
    tail = await stream.take(tbs.end);
  } catch (thrown) {
    if (!(thrown instanceof PortreeveError) || thrown.code !== 'PDP_DER_INVALID') throw thrown;
    return { head: Buffer.concat(parts), tail, problem: thrown };
  }
  return { head: Buffer.concat(parts), tail, ...(entries && { entries }) };
}

/** Version, signature, issuer, thisUpdate and nextUpdate, put into `parts` one by one. */
async function readHead(stream: DerStream, end: number, parts: Uint8Array[]): Promise<TbsHead> {
  const next = async (tag?: number): Promise<Uint8Array> => {
    const found = await stream.peekTag(end);
    if (tag !== undefined && found !== tag) throw derError(`element 0x${tag.toString(16)} expected`);
    const element = await takeElement(stream, end);
    parts.push(element);
    return element;
  };
  if ((await stream.peekTag(end)) === tags.integer) await next();
  const algorithm = await next(tags.sequence);
  const issuer = await next(tags.sequence);
  await next();
  const tag = await stream.peekTag(end);
  if (tag === tags.utcTime || tag === tags.generalizedTime) await next();
  return { bytes: Buffer.concat(parts), algorithm, issuer };
}

/** The whole next element; all but the entries may have `crlLimits.fieldBytes`. */
export async function takeElement(stream: DerStream, within: number): Promise<Uint8Array> {
  const header = await stream.header(within);
  refuseLarge(header.end - header.start);
  return Buffer.concat([header.octets, await stream.take(header.end)]);
}

function refuseLarge(bytes: number): void {
  if (bytes <= crlLimits.fieldBytes) return;
  throw new PortreeveError(
    'PDP_LIMIT_EXCEEDED',
    `CRL with ${bytes} bytes in one field beside its entries, at most ${crlLimits.fieldBytes}`,
  );
}
