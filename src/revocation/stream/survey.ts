import { createHash } from 'node:crypto';
import { parseName } from '../../identity/name.ts';
import { signedStream, type SignedStream } from '../../identity/signed-stream.ts';
import type { Certificate } from '../../identity/types.ts';
import { verifySignature, type SignatureVerdict } from '../../identity/verify-signature.ts';
import { DerReader } from '../../lib/der/reader.ts';
import { DerStream } from '../../lib/der/stream.ts';
import { tags } from '../../lib/der/tags.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { invalid } from '../crl-extensions.ts';
import type { CrlFields } from '../parse-crl.ts';
import { readFields } from './fields.ts';
import { readTbsFrame, takeElement } from './tbs-frame.ts';

/** What one reading of a CRL from front to back tells, its entries left aside. */
export interface SurveyedCrl {
  readonly fields: CrlFields;
  /** SHA-256 of its DER, hex. */
  readonly digest: string;
  /** Bytes of its DER. */
  readonly bytes: number;
  /** Where the contents of revokedCertificates lie in the DER; absent where there are none. */
  readonly entries?: { readonly start: number; readonly end: number };
  /** Whether a key signed it, of a certificate of `issuers` with the CRL's issuer's name. Never throws for those. */
  readonly verify: (signer: Certificate) => SignatureVerdict;
}

/**
 * Reads a CRL's DER from chunks: all but its entries, which only go by, into its digest and into whatever verifies its
 * signature. Structure and fields are judged as `parseCrl` does, by the same code: the same bytes are refused with the
 * same code. Throws PDP_CRL_INVALID, PDP_CRL_REFUSED and PDP_LIMIT_EXCEEDED, and whatever the source throws.
 */
export async function surveyCrl(
  chunks: AsyncIterable<Uint8Array>,
  issuers: readonly Certificate[],
): Promise<SurveyedCrl> {
  const digest = createHash('sha256');
  let signed: SignedStream | undefined;
  const stream = new DerStream(chunks, (bytes) => {
    digest.update(bytes);
    signed?.update(bytes);
  });
  try {
    const list = await stream.header(Infinity);
    requireTag(list.tag, tags.sequence);
    const tbs = await stream.header(list.end);
    requireTag(tbs.tag, tags.sequence);
    const frame = await readTbsFrame(stream, tbs, (head) => {
      signed = signedStream(head.algorithm, keysOf(head.issuer, issuers));
      signed.update(tbs.octets);
      signed.update(head.bytes);
    });
    await stream.skip(tbs.end);
    const message = signed;
    signed = undefined;
    const algorithm = await takeElement(stream, list.end);
    const signature = await takeElement(stream, list.end);
    if (stream.offset !== list.end) throw invalid('bytes too many after the signature');
    await stream.end();
    const fields = readFields(frame, algorithm, signature);
    return {
      fields,
      digest: digest.digest('hex'),
      bytes: list.end,
      ...(frame.entries && { entries: frame.entries }),
      verify: verifier(fields, message),
    };
  } catch (thrown) {
    throw asCrlError(thrown);
  } finally {
    await stream.close();
  }
}

/** How many different keys may have to be tried: those of the certificates with the CRL issuer's name. */
function keysOf(issuerDer: Uint8Array, issuers: readonly Certificate[]): number {
  try {
    const name = parseName(new DerReader(issuerDer).next());
    return new Set(issuers.filter((one) => one.subject.key === name.key).map((one) => one.keyDigest)).size;
  } catch {
    // A broken name is told once the whole structure was seen.
    return 0;
  }
}

/** Each key is tried once, as often as it is asked for. */
function verifier(fields: CrlFields, message: SignedStream | undefined): SurveyedCrl['verify'] {
  const verdicts = new Map<string, SignatureVerdict>();
  return (signer) => {
    const known = verdicts.get(signer.keyDigest);
    if (known !== undefined) return known;
    const verdict = verifySignature({
      algorithmOid: fields.signatureAlgorithm.oid,
      algorithmDer: fields.signatureAlgorithm.der,
      spki: signer.spki,
      key: signer.key,
      data: (digest) => message?.data(digest) ?? Buffer.alloc(0),
      signature: fields.signature,
    });
    verdicts.set(signer.keyDigest, verdict);
    return verdict;
  };
}

function requireTag(found: number, tag: number): void {
  if (found !== tag) throw invalid(`element 0x${tag.toString(16)} expected, 0x${found.toString(16)} found`);
}

/** What went wrong with the source itself is told as it came. */
function asCrlError(thrown: unknown): unknown {
  if (!(thrown instanceof PortreeveError) || thrown.code !== 'PDP_DER_INVALID') return thrown;
  return invalid(thrown.message, thrown);
}
