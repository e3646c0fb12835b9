import { recordedDocument, type RecordedDocument } from '../../decision/recorded-document.ts';
import type { RequestDocument } from '../../context/types.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { isWords } from '../cases/merge.ts';
import type { CaseWords, Words } from '../cases/words.ts';

/**
 * What rules for opa-envoy-plugin saw of a case's request, to travel in a bundle: certificate and attestation result that
 * were made for the case are others on every machine, and stand as digests of `description`. Undefined where the request
 * is not kept whole.
 */
export function travellingDocument(
  recorded: RecordedDocument,
  words: CaseWords,
  description: string,
): RequestDocument | undefined {
  const document = recordedDocument(recorded);
  if (!document || words.request) return document;
  const { certificate, gateway, attestation } = words;
  const isReal = certificate?.file !== undefined || gateway?.certificate?.file !== undefined;
  const isTokenMade = attestation !== undefined && attestation !== null && attestation.file === undefined;
  const digest = (what: string) => sha256Hex(`${what}\0${description}`);
  let changed: unknown = document;
  if (!isReal)
    changed = replaced(changed, ['attributes', 'source', 'certificate'], () => digest('certificate'));
  if (isTokenMade) {
    const said = new Set([...Object.keys(words.network?.headers ?? {}).map((name) => name.toLowerCase())]);
    const claimed = new Set<unknown>(Object.values(words.claims ?? {}));
    // The header that carries it is the configuration's to name: it is what neither the case nor its claims say.
    changed = replaced(changed, ['attributes', 'request', 'http', 'headers'], (headers) =>
      Object.fromEntries(
        Object.entries(headers as Words).map(([name, value]) =>
          said.has(name.toLowerCase()) || claimed.has(value) ? [name, value] : [name, digest(name)],
        ),
      ),
    );
  }
  return changed as RequestDocument;
}

/** The value with what stands at a place exchanged; the same where nothing stands there. */
function replaced(value: unknown, path: readonly string[], by: (was: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by(value);
  if (!isWords(value) || value[key] === undefined) return value;
  return { ...value, [key]: replaced(value[key], rest, by) };
}
