import type { RequestDocument } from '../context/types.ts';
import { sha256Hex } from '../lib/bytes.ts';
import { parseExactJson } from '../lib/exact-json.ts';

/** What the policy saw of a request beside our input, as it is recorded. */
export interface RecordedDocument {
  /** Of the whole text, UTF-8. */
  readonly bytes: number;
  /** Members that were left out because the whole is above the limit; empty where nothing was. */
  readonly cut: readonly string[];
  /** SHA-256 (hex) of the whole text. */
  readonly digest: string;
  /** JSON as a text, so that its numbers are exact. */
  readonly text: string;
}

/** What is cut first: what is large, and told again elsewhere. At last everything. */
const cuts = [
  'attributes.request.http.rawBody',
  'attributes.request.http.body',
  'parsed_body',
  'attributes.source.certificate',
  'attributes.request.http.headers',
  'attributes.request.http.headerMap',
  'attributes',
  'parsed_query',
  'parsed_path',
] as const;

/** The document for the record: whole where it has at most so many bytes, else without what is named in `cut`. */
export function recordDocument(document: RequestDocument, mostBytes: number): RecordedDocument {
  const whole = JSON.stringify(document);
  const about = { bytes: Buffer.byteLength(whole), digest: sha256Hex(whole) };
  let [text, left, cut] = [whole, document as Members, [] as string[]];
  for (const path of cuts) {
    if (Buffer.byteLength(text) <= mostBytes) return { bytes: about.bytes, cut, digest: about.digest, text };
    const next = without(left, path.split('.'));
    if (next === left) continue;
    [left, text] = [next, JSON.stringify(next)];
    cut = [...cut.filter((one) => !one.startsWith(`${path}.`)), path];
  }
  if (Buffer.byteLength(text) <= mostBytes) return { bytes: about.bytes, cut, digest: about.digest, text };
  return { bytes: about.bytes, cut: Object.keys(document).sort(), digest: about.digest, text: '{}' };
}

/** The document that a record holds; undefined where it is cut, or is not what its digest names. */
export function recordedDocument({ cut, digest, text }: RecordedDocument): RequestDocument | undefined {
  if (cut.length > 0 || sha256Hex(text) !== digest) return undefined;
  return parseExactJson(text) as RequestDocument;
}

type Members = Readonly<Record<string, unknown>>;

/** The same object where there is nothing under that path. */
function without(members: Members, [name = '', ...below]: readonly string[]): Members {
  if (!Object.hasOwn(members, name)) return members;
  if (below.length === 0) return Object.fromEntries(Object.entries(members).filter(([key]) => key !== name));
  const inner = members[name];
  if (typeof inner !== 'object' || inner === null) return members;
  const next = without(inner as Members, below);
  return next === inner ? members : { ...members, [name]: next };
}
