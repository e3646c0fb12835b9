import { certificatesIn } from './digests.ts';
import type { Content } from './digests.ts';

/** Bytes that a digest names; undefined where they were not kept. */
export type ReadKept = (digest: string) => Promise<Uint8Array | undefined>;

/** What a digest names: its bytes, or that they were not kept. */
export interface NamedContent {
  readonly digest: string;
  readonly content: Content;
  readonly bytes: Uint8Array | undefined;
}

/** Reads what digests name, by their order, and the certificates that kept trust anchors name in turn; each once. */
export async function* namedContent(
  named: ReadonlyMap<string, Content>,
  kept: ReadKept,
): AsyncGenerator<NamedContent> {
  const certificates = new Set<string>();
  for (const [digest, content] of [...named].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = await kept(digest);
    yield { digest, content, bytes };
    if (content === 'trust anchors' && bytes) for (const one of certificatesIn(bytes)) certificates.add(one);
  }
  for (const digest of [...certificates].sort()) {
    if (!named.has(digest)) yield { digest, content: 'certificate', bytes: await kept(digest) };
  }
}
