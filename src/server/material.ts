import { readFileSync } from 'node:fs';
import type { Config } from '../config/types.ts';
import { PortreeveError, describeThrown } from '../lib/errors.ts';
import { configuredBundle, type BundleFile } from './bundles/bundle-file.ts';

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

/** What is read beside the bundle, which comes from several places. */
export type FileMaterial = Omit<Material, 'bundle'>;

/** Reads every file that a configuration names, but for bundles. Throws PDP_CONFIG_INVALID for one that cannot be read. */
export function readFiles(config: Config): FileMaterial {
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
  return { certificates, verifierKeys };
}

/** The same with the bundle of `policy.bundle`, or the one that ships. */
export async function readMaterial(config: Config): Promise<Material> {
  return { ...readFiles(config), bundle: await configuredBundle(config) };
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
