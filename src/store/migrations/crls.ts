/**
 * The CRLs in force: one for each signer's key, issuer's name, scope and kind. Rows of format 2 are complete CRLs of their issuer's own
 * key; what they lack (`issuer`) is there again once the same CRL is read the next time. `revoked` stays as it is: a
 * certificate of another issuer than the CRL's own is found there under a longer key (src/revocation/entry-key.ts).
 */
export const crls = `
  ALTER TABLE crls RENAME TO complete_crls;

  CREATE TABLE crls (
    -- SHA-256 of the SubjectPublicKeyInfo that the CRL is signed with, hex.
    issuer_key TEXT NOT NULL,
    -- Canonical form of the issuing distribution point; empty for a CRL that is restricted to nothing.
    scope TEXT NOT NULL,
    delta INTEGER NOT NULL CHECK (delta IN (0, 1)),
    -- Comparison key of the issuer's name; empty where it is not known.
    issuer TEXT NOT NULL,
    issuer_name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    number TEXT,
    base_number TEXT,
    this_update INTEGER NOT NULL,
    next_update INTEGER NOT NULL,
    -- DER of the issuing distribution point, and the key identifier that the CRL asks for.
    distribution_point BLOB,
    authority_key_id BLOB,
    imported_at INTEGER NOT NULL,
    source TEXT NOT NULL,
    digest TEXT NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (issuer_key, scope, delta, issuer)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO crls (issuer_key, scope, delta, issuer, issuer_name, generation, number, base_number, this_update,
      next_update, distribution_point, authority_key_id, imported_at, source, digest, entries)
    SELECT issuer_key, '', 0, '', issuer_name, generation, number, NULL, this_update,
      next_update, NULL, NULL, imported_at, source, digest, entries FROM complete_crls;

  DROP TABLE complete_crls;
`;
