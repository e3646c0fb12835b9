import { decodeProtectedHeader } from 'jose';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { isJsonObject, parseStrictJson, type JsonObject, type JsonValue } from '../../lib/strict-json.ts';
import { isHashAlgorithm } from './hash-file.ts';

/** Bytes of `.signatures.json`: some 200 for each of the most files that a bundle may have. */
const maxBytes = 1024 * 1024;

/** Deep and large enough for the claims that a signer may add. */
const jsonLimits = { depth: 16, values: 100_000 };

/** One file of a bundle as its signature lists it. */
export interface ListedFile {
  /** Without leading slash. */
  readonly name: string;
  /** Lower-case hex. */
  readonly hash: string;
  /** `SHA-256` and its like. */
  readonly algorithm: string;
}

/** What a bundle's signature says, before anybody has verified it. */
export interface ReadSignature {
  /** JWS compact (RFC 7515). */
  readonly token: string;
  readonly algorithm: string;
  /** Name of the key; undefined where the signature names none. */
  readonly keyId: string | undefined;
  readonly scope: string | undefined;
  readonly files: readonly ListedFile[];
}

/**
 * Reads `.signatures.json` as OPA writes it: one JWT over the list of the bundle's files. Throws
 * PDP_BUNDLE_SIGNATURE_MALFORMED, and PDP_BUNDLE_SIGNATURE_ALGORITHM where files are hashed by what proves nothing.
 */
export function readSignature(bytes: Uint8Array): ReadSignature {
  if (bytes.byteLength > maxBytes) throw malformed(`is larger than ${maxBytes / 1024 / 1024} MiB`);
  const token = tokenOf(parse(bytes));
  const [, body] = token.split('.');
  const payload = parse(Buffer.from(body ?? '', 'base64url'));
  if (!isJsonObject(payload)) throw malformed('holds a token over something else than an object');
  const header = headerOf(token);
  return {
    token,
    algorithm: typeof header.alg === 'string' ? header.alg : 'none',
    // As OPA has it: the header's name comes first, the claim is its older place.
    keyId: text(header.kid as JsonValue | undefined, 'kid') ?? text(payload['keyid'], 'keyid'),
    scope: text(payload['scope'], 'scope'),
    files: filesOf(payload),
  };
}

function tokenOf(value: JsonValue): string {
  const signatures = isJsonObject(value) ? value['signatures'] : undefined;
  if (!Array.isArray(signatures)) throw malformed('has no "signatures"');
  const [token, ...more] = signatures as readonly JsonValue[];
  // OPA takes one only; of several it would not be plain which one counts.
  if (more.length > 0) throw malformed('has more than one signature');
  if (typeof token !== 'string' || token.split('.').length !== 3) throw malformed('has no token');
  return token;
}

interface TokenHeader {
  readonly alg?: unknown;
  readonly kid?: unknown;
  readonly crit?: unknown;
}

function headerOf(token: string): TokenHeader {
  const header = decoded(token);
  // RFC 7515 section 4.1.11: what must be understood is not, here. RFC 7797 would even change what the payload is.
  if (header.crit !== undefined)
    throw malformed('has a token with extensions that must be understood (crit)');
  return header;
}

function decoded(token: string): TokenHeader {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw malformed(`has a token whose header cannot be read: ${describeThrown(cause)}`, cause);
  }
}

function filesOf(payload: JsonObject): readonly ListedFile[] {
  const { files } = payload;
  if (!Array.isArray(files)) throw malformed('lists no files');
  const listed = (files as readonly JsonValue[]).map(readFile);
  const names = new Set(listed.map(({ name }) => name));
  if (names.size !== listed.length) throw malformed('lists a file twice');
  return listed;
}

function readFile(value: JsonValue): ListedFile {
  if (!isJsonObject(value)) throw malformed('lists something else than files');
  const { name, hash, algorithm } = value;
  if (typeof name !== 'string' || typeof hash !== 'string' || typeof algorithm !== 'string') {
    throw malformed('lists a file without its name, hash and algorithm');
  }
  if (!isHashAlgorithm(algorithm)) {
    const problem = `the file ${JSON.stringify(name)} is hashed by ${JSON.stringify(algorithm)}: use SHA-256`;
    throw new PortreeveError('PDP_BUNDLE_SIGNATURE_ALGORITHM', `policy bundle: ${problem}`);
  }
  return { name: name.replace(/^\/+/, ''), hash: hash.toLowerCase(), algorithm };
}

function text(value: JsonValue | undefined, name: string): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw malformed(`has a ${name} that is not a text`);
  return value;
}

function parse(bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), jsonLimits);
  } catch (cause) {
    throw malformed(describeThrown(cause), cause);
  }
}

function malformed(problem: string, cause?: unknown): PortreeveError {
  return new PortreeveError('PDP_BUNDLE_SIGNATURE_MALFORMED', `policy bundle: .signatures.json ${problem}`, {
    cause,
  });
}
