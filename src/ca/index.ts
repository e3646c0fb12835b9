export { createRoot, issueCa } from './authority.ts';
export type { Authority, CaOptions, IssueOptions } from './authority.ts';
export { issueLeaf, selfSignLeaf } from './leaf.ts';
export type { Leaf, LeafOptions } from './leaf.ts';
export { issueCrl } from './crl.ts';
export type { CrlEntry, CrlOptions } from './crl.ts';
export { generateKeys } from './keys.ts';
export type { CryptoKeyPair, HashName, KeyKind } from './keys.ts';
export type { RawExtension, SubjectAltNames } from './extensions.ts';
