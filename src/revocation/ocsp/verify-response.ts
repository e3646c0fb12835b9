import { equalBytes } from '../../lib/bytes.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { isAhead } from '../freshness.ts';
import { reasonName, reasonNumbers } from '../reasons.ts';
import { isCertIdOf } from './cert-id.ts';
import { findSigner, type ResponderTrust } from './responder.ts';
import type { AnswerSigner, BasicResponse, OcspAnswer, OcspResponse, SingleResponse } from './types.ts';

/** What an answer is verified for. */
export interface OcspQuestion extends ResponderTrust {
  /** Serial number of the certificate, lower-case hex without leading zero octets. */
  readonly serial: string;
  /** The nonce that was sent with the request; absent = none was. */
  readonly nonce?: Uint8Array;
  /** Whether the answer must repeat it; else it must not have another one. */
  readonly nonceRequired?: boolean;
}

/** An answer, and whoever signed it: that one may be revoked, or expire, before the answer does. */
export type VerifiedAnswer = OcspAnswer & { readonly signer: AnswerSigner };

/** What an answer says; or why it cannot be used, and whether that is a passing state of the responder. */
export type OcspVerdict =
  | { readonly answer: VerifiedAnswer; readonly problem?: undefined }
  | { readonly answer?: undefined; readonly problem: string; readonly passing: boolean };

/**
 * What an answer says of one certificate (RFC 6960 section 3.2): whoever signed it has the right to, it is about that very
 * certificate, its times are not ahead of our clock, and everything critical in it is understood. One that says good or
 * unknown and is past its nextUpdate is not used; what revokes is, however old. Pure; never throws.
 */
export function verifyOcspResponse(response: OcspResponse, question: OcspQuestion): OcspVerdict {
  if (response.status !== 'successful') {
    const passing = response.status === 'internal_error' || response.status === 'try_later';
    return { problem: `the responder answers ${response.status}`, passing };
  }
  const { basic, digest } = response;
  const problem = problemOfNonce(basic, question) ?? problemOfForm(basic, question.now);
  if (problem !== undefined) return refused(problem);
  const single = singleFor(basic, question);
  if (single === undefined) return refused('it is not about the certificate that was asked about');
  const wrong = problemOfSingle(single, question.now);
  if (wrong !== undefined) return refused(wrong);
  const { signer, problem: unsigned } = findSigner(basic, question);
  if (signer === undefined) return refused(unsigned);
  return { answer: { ...answerOf(single, basic, digest, signer.certificate.keyDigest), signer } };
}

function refused(problem: string): OcspVerdict {
  return { problem, passing: false };
}

function problemOfNonce({ nonce }: BasicResponse, question: OcspQuestion): string | undefined {
  const { nonce: sent, nonceRequired = false } = question;
  if (sent === undefined) return nonceRequired ? 'no nonce was sent, and one is required' : undefined;
  if (nonce === undefined)
    return nonceRequired ? 'it does not repeat the nonce, which is required' : undefined;
  return equalBytes(nonce, sent) ? undefined : 'it has another nonce than was sent';
}

function problemOfForm({ unknownCritical, producedAt }: BasicResponse, now: EpochMs): string | undefined {
  if (unknownCritical.length > 0) return `its critical extension ${unknownCritical[0] ?? ''} is unknown`;
  if (isAhead(producedAt, now)) return `it was produced in the future, at ${formatInstant(producedAt)}`;
  return undefined;
}

function problemOfSingle(single: SingleResponse, now: EpochMs): string | undefined {
  const { unknownCritical, thisUpdate, nextUpdate, status } = single;
  if (unknownCritical.length > 0) return `its critical extension ${unknownCritical[0] ?? ''} is unknown`;
  if (isAhead(thisUpdate, now)) return `its thisUpdate is in the future, at ${formatInstant(thisUpdate)}`;
  if (status !== 'revoked' && nextUpdate !== undefined && nextUpdate <= now)
    return `it was to be renewed by ${formatInstant(nextUpdate)}`;
  return undefined;
}

/** Of several about the same certificate the one that revokes, else the newest. */
function singleFor(basic: BasicResponse, { issuer, serial }: OcspQuestion): SingleResponse | undefined {
  const about = basic.responses.filter(({ certId }) => isCertIdOf(certId, issuer, serial));
  const weight = ({ status }: SingleResponse): number => (status === 'revoked' ? 1 : 0);
  return about.sort((a, b) => weight(b) - weight(a) || b.thisUpdate - a.thisUpdate)[0];
}

function answerOf(
  single: SingleResponse,
  { producedAt }: BasicResponse,
  digest: string,
  signerKey: string,
): OcspAnswer {
  const { status, thisUpdate, nextUpdate, revokedAt, reason = 0 } = single;
  const isRevoked = status === 'revoked';
  return {
    digest,
    next_update: nextUpdate ?? null,
    produced_at: producedAt,
    reason: isRevoked ? (reasonName(reason) ?? 'unspecified') : null,
    revoked_at: revokedAt ?? null,
    signer_key: signerKey,
    status: isRevoked && reason === reasonNumbers.certificateHold ? 'on_hold' : status,
    this_update: thisUpdate,
  };
}
