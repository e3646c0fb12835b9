import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseTimestampResponse, timestampLimits } from '../../audit/witness/timestamp-response.ts';
import { timestampNonceOctets, timestampRequest } from '../../audit/witness/timestamp-request.ts';
import type { TimestampLine } from '../../audit/witness/types.ts';
import { verifyTimestamp } from '../../audit/witness/verify-timestamp.ts';
import { parseCertificate } from '../../identity/parse.ts';
import type { Certificate } from '../../identity/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { decodePem } from '../../lib/pem.ts';
import { refused } from '../sources/failures.ts';
import { exchange } from './exchange.ts';
import type { Anchored, AnchorQuestion } from './put-anchor.ts';
import { ownBytes } from './seen-log.ts';

const mostAuthorities = 64;

/** Reads the CAs that time-stamping authorities must chain to. Throws PDP_CONFIG_INVALID, naming the file. */
export async function readAuthorities(file: string): Promise<readonly Certificate[]> {
  try {
    const found = decodePem(await readFile(file, 'latin1'), 'CERTIFICATE', mostAuthorities);
    if (found.length === 0) throw new PortreeveError('PDP_INPUT_MALFORMED', 'has no certificate in PEM');
    return found.map(parseCertificate);
  } catch (cause) {
    throw new PortreeveError('PDP_CONFIG_INVALID', `${file}: ${describeThrown(cause)}`, { cause });
  }
}

/**
 * Has a checkpoint stamped (RFC 3161 by HTTP, section 3.4) and verifies the stamp before it is kept. Throws
 * PDP_SOURCE_UNAVAILABLE and PDP_SOURCE_REFUSED as `exchange`, PDP_DER_INVALID for what is no answer, and
 * PDP_SOURCE_REFUSED for a refusal and for a stamp that does not verify.
 */
export async function timestampAnchor(
  url: string,
  casFile: string,
  o: AnchorQuestion,
): Promise<Anchored<TimestampLine>> {
  const { anchor, checkpoint } = o;
  const data = ownBytes(checkpoint);
  const nonce = randomBytes(timestampNonceOctets);
  const policy = anchor.timestamp_policy ?? undefined;
  const { body } = await exchange(
    {
      ...{ url, method: 'POST' },
      body: timestampRequest(data, { nonce, ...(policy !== undefined && { policy }) }),
      headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
      headersFile: anchor.headers_file,
      ...{ ca: anchor.ca, timeout: anchor.timeout, signal: o.signal },
      wanted: [200],
      maxBytes: timestampLimits.bytes,
    },
    o.now(),
  );
  const { token, refusal } = parseTimestampResponse(body);
  if (token === undefined) throw refused(`${url}: ${refusal}`);
  const anchors = await readAuthorities(casFile);
  const verdict = verifyTimestamp(token, { data, anchors, nonce, ...(policy !== undefined && { policy }) });
  if (verdict.problem !== undefined)
    throw refused(`${url}: the time-stamp does not verify: ${verdict.problem}`);
  return {
    line: {
      ...{ kind: 'timestamp', anchor: anchor.name, at: formatInstant(o.now()) },
      checkpoint: Buffer.from(data).toString(),
      response: Buffer.from(body).toString('base64'),
    },
    at: verdict.at,
  };
}
