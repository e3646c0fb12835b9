import { readFileSync } from 'node:fs';
import type { Config } from '../config/types.ts';
import { PortreeveError, asPortreeveError, describeThrown } from '../lib/errors.ts';
import { readBundleFile } from '../policy/bundle.ts';

/**
 * The bytes of every file that decisions are made from, each read once. The parent reads them and hands them to its
 * workers, so that what was checked, kept and put in force is one thing, whatever lies on the disk by then. It crosses
 * the channel, hence data only.
 */
export interface Material {
  /** Certificates of anchors, intermediates, CAs of PEPs and signers of OCSP answers, by path. */
  readonly certificates: ReadonlyMap<string, Uint8Array>;
  /** Files of verifiers' keys, by path. */
  readonly verifierKeys: ReadonlyMap<string, Uint8Array>;
  readonly bundle: BundleFile;
}

/** A bundle's bytes, or why it could not be read. */
export type BundleFile =
  { readonly bytes: Uint8Array } | { readonly code: PortreeveError['code']; readonly message: string };

/** Reads everything that a configuration names. Throws PDP_CONFIG_INVALID for a certificate that cannot be read. */
export function readMaterial(config: Config): Material {
  const { anchors, intermediates, pep_cas: pepCas } = config.trust;
  const certificates = new Map([
    ...readCertificates('trust anchor', anchors),
    ...readCertificates('intermediate', intermediates),
    ...readCertificates('PEP CA', pepCas),
    ...readCertificates('OCSP signer', ocspSigners(config)),
  ]);
  const verifierKeys = readCertificates(
    'verifier',
    config.attestation.verifiers.flatMap(({ name, keys }) =>
      keys.file === null ? [] : [{ name, file: keys.file }],
    ),
  );
  return { certificates, verifierKeys, bundle: tryBundleFile(config.policy.bundle) };
}

function ocspSigners({ revocation }: Config): readonly { readonly name: string; readonly file: string }[] {
  return revocation.ocsp.responders.flatMap(({ issuer: name, signer: file }) =>
    file === null ? [] : [{ name, file }],
  );
}

/** Certificate files by path; of one that several entries name, the last reading counts for all. */
export function readCertificates(
  role: string,
  entries: readonly { readonly name: string; readonly file: string }[],
): ReadonlyMap<string, Uint8Array> {
  return new Map(entries.map((entry) => [entry.file, readCertificateFile(role, entry)]));
}

function tryBundleFile(path: string | null): BundleFile {
  try {
    return { bytes: readBundleFile(path) };
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown, 'PDP_BUNDLE_INVALID');
    return { code, message };
  }
}

function readCertificateFile(
  role: string,
  entry: { readonly name: string; readonly file: string },
): Uint8Array {
  try {
    return readFileSync(entry.file);
  } catch (thrown) {
    throw new PortreeveError(
      'PDP_CONFIG_INVALID',
      `${role} "${entry.name}": cannot read ${entry.file}: ${describeThrown(thrown)}`,
      { cause: thrown },
    );
  }
}
