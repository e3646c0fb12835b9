import type { Config, OcspResponderConfig } from '../../config/types.ts';
import { parseCertificate } from '../../identity/parse.ts';
import type { Certificate } from '../../identity/types.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { decodePem, looksLikePem } from '../../lib/pem.ts';
import type { OcspResponder } from '../../revocation/ocsp/knowledge.ts';
import type { Authorities } from '../loaded.ts';
import type { Material } from '../material.ts';

/**
 * The responders of a configuration, by the SHA-256 (hex) of their CA's key. Throws PDP_CONFIG_INVALID, naming the entry,
 * for a signer's file that is no certificate, and for two names of one key.
 */
export function ocspResponders(
  config: Config,
  { trust }: Pick<Authorities, 'trust'>,
  certificates: Material['certificates'],
): ReadonlyMap<string, OcspResponder> {
  const responders = new Map<string, OcspResponder>();
  for (const entry of config.revocation.ocsp.responders) {
    const ca = [...trust.anchors, ...trust.intermediates].find(({ name }) => name === entry.issuer);
    if (!ca) throw invalid(entry, 'no such CA is configured');
    const key = ca.certificate.keyDigest;
    if (responders.has(key)) throw invalid(entry, 'another entry is about the same CA');
    responders.set(key, responderOf(entry, ca.certificate, certificates));
  }
  return responders;
}

function responderOf(
  entry: OcspResponderConfig,
  issuer: Certificate,
  certificates: Material['certificates'],
): OcspResponder {
  const { issuer: name, url, ca, nonce, hash, signer, timeout } = entry;
  return {
    ...{ name, issuer, url, ca, nonce, hash, timeout },
    signers: signer === null ? [] : [signerOf(entry, signer, certificates)],
    ratePerSecond: entry.rate_per_second,
    maxAge: entry.max_age,
  };
}

function signerOf(
  entry: OcspResponderConfig,
  file: string,
  certificates: Material['certificates'],
): Certificate {
  const bytes = certificates.get(file);
  if (!bytes) throw new PortreeveError('PDP_INTERNAL', `the signer's file was not read: ${file}`);
  try {
    if (!looksLikePem(bytes)) return parseCertificate(bytes);
    const [der] = decodePem(Buffer.from(bytes).toString('latin1'), 'CERTIFICATE', 1);
    if (!der) throw new Error('there is no certificate in it');
    return parseCertificate(der);
  } catch (thrown) {
    throw invalid(entry, `signer ${file}: ${describeThrown(thrown)}`, thrown);
  }
}

function invalid({ issuer }: OcspResponderConfig, problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_CONFIG_INVALID', `OCSP responder of "${issuer}": ${problem}`, { cause });
}
