import type { Certificate } from '../../src/identity/types.ts';
import { verifySignature } from '../../src/identity/verify-signature.ts';
import { asPortreeveError } from '../../src/lib/errors.ts';
import type { CrlEntry } from '../../src/revocation/crl-entries.ts';
import { splitCrls } from '../../src/revocation/crl-pem.ts';
import { findCrlIssuer } from '../../src/revocation/crl-issuer.ts';
import { parseCrl, type CrlFields } from '../../src/revocation/parse-crl.ts';
import { crlDer } from '../../src/revocation/stream/crl-der.ts';
import { streamEntries } from '../../src/revocation/stream/entries.ts';
import { surveyCrl } from '../../src/revocation/stream/survey.ts';

/** What reading a CRL comes to, in a form that two readers can be compared by. */
export type Reading =
  | {
      readonly digest: string;
      readonly fields: object;
      readonly signer: string;
      readonly entries: CrlEntry[];
    }
  | { readonly code: string };

const maxBytes = 1024 * 1024;

/** Bytes in chunks of the sizes given, again and again; empty ones included. */
export async function* chunked(
  bytes: Uint8Array,
  sizes: readonly number[],
): AsyncGenerator<Uint8Array, void> {
  await Promise.resolve();
  for (let at = 0, turn = 0; at < bytes.byteLength; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.byteLength;
    yield bytes.subarray(at, at + size);
    at += size;
    if (turn > sizes.length * bytes.byteLength) throw new Error('chunks of nothing');
  }
}

/** All of a stream. */
export async function gathered(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** Reads one CRL, PEM or DER, as a stream. */
export async function readStreamed(
  bytes: Uint8Array,
  sizes: readonly number[],
  issuers: readonly Certificate[],
  now: number,
): Promise<Reading> {
  try {
    const der = () => crlDer(() => chunked(bytes, sizes), maxBytes);
    const survey = await surveyCrl(der(), issuers);
    const signer = signerOf(() => findCrlIssuer(survey.fields, issuers, now, survey.verify));
    const entries: CrlEntry[] = [];
    for await (const batch of streamEntries(der(), survey)) entries.push(...batch);
    return { digest: survey.digest, fields: plain(survey.fields), signer, entries };
  } catch (thrown) {
    return { code: asPortreeveError(thrown).code };
  }
}

/** Reads one CRL, PEM or DER, with all of it at hand. */
export function readWhole(bytes: Uint8Array, issuers: readonly Certificate[], now: number): Reading {
  try {
    const [der, ...more] = splitCrls(bytes);
    if (der === undefined || more.length > 0) return { code: 'PDP_CRL_INVALID' };
    const crl = parseCrl(der);
    const { signatureAlgorithm: algorithm, tbs: data, signature } = crl;
    const signer = signerOf(() =>
      findCrlIssuer(crl, issuers, now, ({ spki, key }) =>
        verifySignature({
          algorithmOid: algorithm.oid,
          algorithmDer: algorithm.der,
          spki,
          key,
          data,
          signature,
        }),
      ),
    );
    return { digest: crl.digest, fields: plain(crl), signer, entries: [...crl.entries()] };
  } catch (thrown) {
    return { code: asPortreeveError(thrown).code };
  }
}

/** The signer's key, or why there is none. */
function signerOf(find: () => Certificate): string {
  try {
    return find().keyDigest;
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown);
    return `${code} ${message}`;
  }
}

function plain(fields: CrlFields): object {
  const { version, issuer, thisUpdate, nextUpdate, signatureAlgorithm, signature } = fields;
  const { number, authorityKeyId, baseNumber, scope, unknownCritical, wronglyCritical } = fields;
  const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');
  return {
    ...{
      version,
      issuer: issuer.key,
      thisUpdate,
      nextUpdate,
      number,
      baseNumber,
      unknownCritical,
      wronglyCritical,
    },
    algorithm: hex(signatureAlgorithm.der),
    signature: hex(signature),
    authorityKeyId: hex(authorityKeyId),
    scope: scope && { ...scope, der: hex(scope.der) },
  };
}
