/** Every limit on attestation tokens and on the keys that verify them, in one place. */
export const attestationLimits = {
  /** Characters of a token's protected header, decoded. */
  header: 4096,
  /** Levels of nesting in a token's claims. */
  depth: 16,
  /** Values in a token's claims, members and items included. */
  values: 4096,
  /** Appraisals in one token. */
  submods: 32,
  /** Characters of a submodule's label. */
  label: 128,
  /** Characters of ids that are kept: verifier, build, policy, profile. */
  text: 256,
  /** Ids of appraisal policies of one submodule. */
  policies: 16,
  /** Nonces in one claim. */
  nonces: 8,
  /** Bytes of a key that an appraisal names (DER SubjectPublicKeyInfo). */
  key: 4096,
  /** Bytes of a set of verifier keys. */
  keySet: 256 * 1024,
  /** Keys in such a set. */
  keys: 64,
  /** Keys of one verifier that are kept, those within their overlap included. */
  keptKeys: 128,
  /** Keys that one token is tried with. */
  candidates: 8,
} as const;
