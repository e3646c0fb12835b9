import { invalidBundle } from './bundle-json.ts';

/**
 * What is read of a bundle outside of any process that can be killed. A hundred kilobytes unpack to tens of millions of
 * values, which take gigabytes and minutes to read; and a file is read to be hashed before it is known that it is not the
 * one that was signed.
 */
const most = {
  /** Bytes of the manifest: names and hashes of some ten thousand sources. */
  manifestBytes: 2 * 1024 * 1024,
  /** Values of the data: about what a policy's memory (64 MiB) could hold. */
  dataValues: 1_000_000,
} as const;

/** Throws PDP_BUNDLE_INVALID where a document of a bundle is larger than any that could be used. */
export function refuseLargeDocuments(files: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, content] of files) {
    const last = name.slice(name.lastIndexOf('/') + 1);
    if (last === '.manifest' && content.byteLength > most.manifestBytes) {
      throw invalidBundle(`${name} is larger than ${most.manifestBytes / 1024 / 1024} MiB`);
    }
    if (last === 'data.json' && hasMore(content, most.dataValues)) {
      throw invalidBundle(`${name} has more than ${most.dataValues} values`);
    }
  }
}

const [quote, backslash, comma, list, object] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b];

/** Whether a JSON text has more values: each but the first stands behind a comma or the beginning of a list or an object. */
function hasMore(text: Uint8Array, limit: number): boolean {
  // Each value takes two bytes: what is shorter need not be looked through.
  if (text.byteLength < limit) return false;
  let [values, quoted] = [1, false];
  for (let at = 0; at < text.byteLength; at += 1) {
    const byte = text[at];
    if (byte === quote) quoted = !quoted;
    else if (quoted) at += byte === backslash ? 1 : 0;
    else if (byte === comma || byte === list || byte === object) values += 1;
    if (values > limit) return true;
  }
  return false;
}
