import { createHash } from 'node:crypto';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { parseExactJson, type ExactJson } from '../../lib/exact-json.ts';
import { orderedJson } from '../../lib/ordered-json.ts';

/** Names of hash algorithms as OPA writes them, and as the runtime calls them. MD5 and SHA-1, which OPA knows too, prove nothing. */
const hashes: Readonly<Record<string, string>> = {
  'SHA-224': 'sha224',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
  'SHA-512-224': 'sha512-224',
  'SHA-512-256': 'sha512-256',
};

/** Whether files may be hashed by the algorithm of that name. */
export function isHashAlgorithm(name: string): boolean {
  return Object.hasOwn(hashes, name);
}

/**
 * The hash (lower-case hex) of a bundle's file as OPA's signatures list it
 * (https://www.openpolicyagent.org/docs/management-bundles#signature-format): of JSON documents that OPA reads into its data
 * (`data.json`, `.manifest`) of their value, written without blanks and with names in the order of their UTF-8 bytes, so
 * that a tool may write them anew; of all others of their bytes. Throws PDP_BUNDLE_INVALID where such a document is no
 * JSON, or is YAML, which we do not read.
 */
export function hashBundleFile(name: string, content: Uint8Array, algorithm: string): string {
  const hash = createHash(hashes[algorithm] ?? algorithm);
  const last = name.slice(name.lastIndexOf('/') + 1);
  if (last === 'data.json' || last === '.manifest') {
    hash.update(orderedJson(valueOf(name, content)));
  } else if (last === 'data.yaml' || last === 'data.yml') {
    throw new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${name}: data is read as JSON only`);
  } else {
    hash.update(content);
  }
  return hash.digest('hex');
}

function valueOf(name: string, content: Uint8Array): ExactJson {
  try {
    return parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch (cause) {
    throw new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${name}: ${describeThrown(cause)}`, {
      cause,
    });
  }
}
