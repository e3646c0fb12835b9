import { equalBytes, sha256Hex } from '../../lib/bytes.ts';
import { isObject } from '../../policy/is-object.ts';
import { signaturesFile } from '../../policy/signatures/types.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/**
 * In what a bundle's files differ from those that its sources make now, a line each; empty where they do not. Signatures
 * are left out: they are not made from the sources alone.
 */
export function bundleDifferences(built: Files, rebuilt: Files): readonly string[] {
  const [was, is] = [madeFrom(built), madeFrom(rebuilt)];
  const sources = union(Object.keys(was.sources), Object.keys(is.sources))
    .filter((name) => was.sources[name] !== is.sources[name])
    .map((name) => `${name}: ${changeOf(was.sources[name], is.sources[name])} since the bundle was built`);
  const compiler =
    was.compiler === is.compiler ? [] : [`compiler: the bundle has ${was.compiler}, this is ${is.compiler}`];
  const files = union([...built.keys()], [...rebuilt.keys()])
    .filter((name) => name !== signaturesFile && !same(built.get(name), rebuilt.get(name)))
    .map(
      (name) => `/${name}: the bundle has ${told(built.get(name))}, rebuilt it is ${told(rebuilt.get(name))}`,
    );
  return [...sources, ...compiler, ...files];
}

function union(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...some, ...others])].sort();
}

function same(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && equalBytes(one, other);
}

function told(file: Uint8Array | undefined): string {
  return file ? `${file.byteLength} bytes, sha256 ${sha256Hex(file).slice(0, 16)}` : 'none';
}

function changeOf(was: unknown, is: unknown): string {
  if (was === undefined) return 'new';
  return is === undefined ? 'gone' : 'changed';
}

/** What a manifest says of its making; a bundle of another builder says nothing. */
function madeFrom(files: Files): {
  readonly compiler: string;
  readonly sources: Readonly<Record<string, unknown>>;
} {
  const ours = metadataOf(files.get('.manifest'));
  const { compiler, sources } = ours;
  return {
    compiler: typeof compiler === 'string' ? compiler : 'none',
    sources: isObject(sources) ? sources : {},
  };
}

/** `metadata.portreeve` of a manifest; empty where there is none, or nothing that can be read. */
export function metadataOf(manifest: Uint8Array | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(manifest ?? []).toString());
    const metadata = isObject(value) ? value['metadata'] : undefined;
    const ours = isObject(metadata) ? metadata['portreeve'] : undefined;
    return isObject(ours) ? ours : {};
  } catch {
    return {};
  }
}
