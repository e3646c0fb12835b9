import { LRUCache } from 'lru-cache';
import { CertificateError } from '../../identity/certificate-error.ts';
import { parseCertificate } from '../../identity/parse.ts';
import type { Certificate } from '../../identity/types.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { decodePem } from '../../lib/pem.ts';
import type { ReasonCode } from '../../lib/reason-code.ts';
import { parseCrl, type ParsedCrl } from '../../revocation/parse-crl.ts';
import { BundleReader, type Bundle } from './bundle.ts';

/** What became of one piece of text or of one file: everything in it that could be read, and what could not. */
export interface Material<T> {
  readonly read: readonly T[];
  readonly problems: readonly string[];
}

/** A leaf, or the reason for which it is none. */
export type LeafMaterial =
  | { readonly leaf: Certificate }
  | { readonly leaf?: undefined; readonly code: ReasonCode; readonly problem: string };

/** Certificates or CRLs in one PEM text. */
const mostBlocks = 10_000;

/** Characters of anchors, intermediates and CRLs that are kept parsed: what comes again is not read again. */
const keptCharacters = 64 * 1024 * 1024;

/** Reads PEM texts of one run, each text once for as long as it is kept. */
export class MaterialReader {
  readonly #certificates = cache<Certificate>();
  readonly #anchors = cache<Certificate>();
  readonly #bundles = new BundleReader(keptCharacters);
  readonly #crls = cache<ParsedCrl>();

  /**
   * Every anchor of every text; texts are numbered in problems from 0. The same texts are answered with the same array,
   * of which path validation prepares what it needs only once.
   */
  anchors(texts: readonly string[]): Material<Certificate> {
    const one = (text: string): Material<Certificate> =>
      kept(this.#certificates, text, () => readText(text, 'CERTIFICATE', parseCertificate));
    return kept(this.#anchors, JSON.stringify(texts), () => join(texts, 'anchor', one));
  }

  /** Intermediates, as many as are read for one leaf. */
  intermediates(texts: readonly string[]): Bundle {
    return this.#bundles.read(texts);
  }

  crls(texts: readonly string[]): Material<ParsedCrl> {
    const one = (text: string): Material<ParsedCrl> =>
      kept(this.#crls, text, () => readText(text, 'X509 CRL', parseCrl));
    return join(texts, 'crl', one);
  }

  /** Leaves differ from request to request and are not kept. */
  leaf(text: string): LeafMaterial {
    try {
      const blocks = decodePem(text, 'CERTIFICATE', 2);
      if (blocks.length !== 1)
        throw new PortreeveError('PDP_INPUT_MALFORMED', `${blocks.length} certificates, one expected`);
      return { leaf: parseCertificate(blocks[0] as Uint8Array) };
    } catch (thrown) {
      return leafProblem(thrown);
    }
  }
}

/** Why something is no leaf. */
export function leafProblem(thrown: unknown): LeafMaterial {
  const code = thrown instanceof CertificateError ? thrown.reason : 'identity.unparsable_certificate';
  return { code, problem: describeThrown(thrown) };
}

/** Reads each of several DER encodings. */
export function readEach<T>(ders: readonly Uint8Array[], parse: (der: Uint8Array) => T): Material<T> {
  const read: T[] = [];
  const problems: string[] = [];
  for (const der of ders) {
    try {
      read.push(parse(der));
    } catch (thrown) {
      problems.push(describeThrown(thrown));
    }
  }
  return { read, problems };
}

function cache<T>(): LRUCache<string, Material<T>> {
  return new LRUCache({ maxSize: keptCharacters, sizeCalculation: (_, text) => text.length + 1 });
}

function kept<T>(known: LRUCache<string, Material<T>>, key: string, read: () => Material<T>): Material<T> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = read();
  known.set(key, made);
  return made;
}

function readText<T>(text: string, label: string, parse: (der: Uint8Array) => T): Material<T> {
  try {
    const blocks = decodePem(text, label, mostBlocks);
    if (blocks.length === 0) return { read: [], problems: [`no ${label} block`] };
    return readEach(blocks, parse);
  } catch (thrown) {
    return { read: [], problems: [describeThrown(thrown)] };
  }
}

function join<T>(texts: readonly string[], name: string, one: (text: string) => Material<T>): Material<T> {
  const all = texts.map(one);
  return {
    read: all.flatMap(({ read }) => read),
    problems: all.flatMap(({ problems }, index) => problems.map((problem) => `${name} ${index}: ${problem}`)),
  };
}
