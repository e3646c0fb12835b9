import { issue, type Authority, type IssueOptions } from './authority.ts';
import { basicConstraints, extendedKeyUsage, keyUsage, subjectAltName } from './extensions.ts';
import type { SubjectAltNames } from './extensions.ts';
import { generateKeys, type CryptoKeyPair } from './keys.ts';
import type { x509 } from './x509.ts';

/** Same fields as an Authority, so that a leaf can (wrongly) issue. */
export type Leaf = Authority;

export interface LeafOptions extends IssueOptions {
  readonly san?: SubjectAltNames;
  /** `clientAuth`, `serverAuth`, … or OIDs; default `['clientAuth']`, `[]` = no extension. */
  readonly eku?: readonly string[];
  /** basicConstraints cA; false unless asked for. */
  readonly ca?: boolean;
}

/** Issues an end-entity certificate under `parent`; keyUsage is `digitalSignature` unless given. */
export async function issueLeaf(parent: Authority, o: LeafOptions): Promise<Leaf> {
  return issue(parent, await keysOf(o), o, leafExtensions(o));
}

/** Makes an end-entity certificate that its own key signed. */
export async function selfSignLeaf(o: LeafOptions): Promise<Leaf> {
  const keys = await keysOf(o);
  return issue({ subject: o.subject, keys }, keys, o, leafExtensions(o));
}

async function keysOf(o: LeafOptions): Promise<CryptoKeyPair> {
  return o.keyPair ?? (await generateKeys(o.key ?? 'ec-p256'));
}

function leafExtensions(o: LeafOptions): x509.Extension[] {
  return [
    basicConstraints(o.ca ?? false),
    ...keyUsage(o.keyUsage ?? ['digitalSignature']),
    ...extendedKeyUsage(o.eku ?? ['clientAuth']),
    ...subjectAltName(o.san ?? {}, o.subject),
  ];
}
