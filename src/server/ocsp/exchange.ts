import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { EpochMs } from '../../lib/clock.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import type { OcspResponder } from '../../revocation/ocsp/knowledge.ts';
import { nonceOctets, ocspLimits } from '../../revocation/ocsp/limits.ts';
import { parseOcspResponse } from '../../revocation/ocsp/parse-response.ts';
import { ocspRequest } from '../../revocation/ocsp/request.ts';
import type { ResponderTrust } from '../../revocation/ocsp/responder.ts';
import type { SignedAnswer } from '../../revocation/ocsp/signers.ts';
import { verifyOcspResponse } from '../../revocation/ocsp/verify-response.ts';
import { retryAfterOf } from '../sources/failures.ts';
import { fetchWhole } from '../sources/fetch-limited.ts';

/** What came of one exchange with a responder. */
export type Exchange =
  | { readonly answer: SignedAnswer; readonly error?: undefined }
  | {
      readonly answer?: undefined;
      readonly error: PortreeveError;
      /** Whether it would come out the same for any other certificate: the responder is down, busy or no responder. */
      readonly general: boolean;
      /** How long the server asked to be left alone (ms). */
      readonly retryAfter: number | undefined;
    };

export interface ExchangeOptions {
  readonly now: () => EpochMs;
  readonly signal: AbortSignal;
  readonly signerStatus: NonNullable<ResponderTrust['signerStatus']>;
}

/** Longest time to a connection, and longest silence (ms). */
const mostSilence = 5000;

/**
 * Asks a responder about one certificate (RFC 6960 appendix A.1, by POST) and verifies what it answers; a serial number in
 * lower-case hex. Never rejects.
 */
export async function askResponder(
  responder: OcspResponder,
  serial: string,
  o: ExchangeOptions,
): Promise<Exchange> {
  const nonce = responder.nonce === 'never' ? undefined : randomBytes(nonceOctets);
  try {
    const body = ocspRequest(responder.issuer, [serial], { hash: responder.hash, ...(nonce && { nonce }) });
    const response = parseOcspResponse(await post(responder, body, o));
    const verdict = verifyOcspResponse(response, {
      ...{ serial, issuer: responder.issuer, signers: responder.signers, signerStatus: o.signerStatus },
      now: o.now(),
      ...(nonce && { nonce }),
      nonceRequired: responder.nonce === 'required',
    });
    if (verdict.answer) return verdict;
    const error = new PortreeveError('PDP_OCSP_INVALID', `${responder.url}: ${verdict.problem}`);
    return { error, general: verdict.passing, retryAfter: undefined };
  } catch (thrown) {
    return {
      error: asPortreeveError(thrown, 'PDP_SOURCE_UNAVAILABLE'),
      general: true,
      retryAfter: retryAfterOf(thrown),
    };
  }
}

async function post(
  { url, ca, timeout }: OcspResponder,
  body: Uint8Array,
  { now, signal }: ExchangeOptions,
): Promise<Uint8Array> {
  const silence = Math.min(mostSilence, timeout);
  return fetchWhole(
    url,
    {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' },
      maxBytes: ocspLimits.bytes,
      timeouts: { connect: silence, idle: silence, total: timeout },
      signal,
      ...(ca !== null && { ca: await readFile(ca, 'latin1') }),
    },
    now(),
  );
}
