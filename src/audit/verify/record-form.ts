import { canonicalJson } from '../../lib/canonical-json.ts';

/** Levels of lists and objects that a record has at most: some parsers go no deeper than a few hundred. */
const mostDepth = 256;
const [quote, openList, backslash, closeList, openObject, closeObject] = [34, 91, 92, 93, 123, 125];

/** Whether brackets outside of texts are nested deeper than those of any record, whatever else the bytes are. */
export function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  for (let at = 0; at < bytes.byteLength; at += 1) {
    const byte = bytes[at];
    if (byte === quote) {
      for (at += 1; at < bytes.byteLength && bytes[at] !== quote; at += 1)
        if (bytes[at] === backslash) at += 1;
    } else if (byte === openObject || byte === openList) {
      depth += 1;
      if (depth > mostDepth) return true;
    } else if (byte === closeObject || byte === closeList) depth -= 1;
  }
  return false;
}

/**
 * Whether a JSON text is the one that its value has by RFC 8785, as all records are written: any other has a member twice,
 * members in another order, blanks, needless escapes or another spelling of a number. Readers may differ over what it says,
 * and who looks for a text in it need not find it. Not to be asked of what `isTooDeep`.
 */
export function isCanonical(text: string, value: unknown): boolean {
  try {
    return canonicalJson(value) === text;
  } catch {
    // Lone surrogates have no canonical form.
    return false;
  }
}
