import { createHash } from 'node:crypto';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { isRawNumber, parseExactJson, type ExactJson } from '../../lib/exact-json.ts';

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
    hash.update(written(valueOf(name, content)));
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

/** As OPA's hasher walks a value; numbers keep the digits that they were written with. */
function written(value: ExactJson): string {
  if (value === null || typeof value !== 'object') return primitive(value);
  if (isRawNumber(value)) return value.rawJSON;
  if (isList(value)) return `[${value.map(written).join(',')}]`;
  const names = Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${names.map((name) => `${primitive(name)}:${written(value[name] as ExactJson)}`).join(',')}}`;
}

/** As Go's encoder writes it: as ECMAScript does, but for the two line separators. */
function primitive(value: null | boolean | number | string): string {
  const text = JSON.stringify(typeof value === 'string' ? value.toWellFormed() : value);
  return text.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function isList(value: object): value is readonly ExactJson[] {
  return Array.isArray(value);
}
