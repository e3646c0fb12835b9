/**
 * Answers of OCSP responders, one for each certificate that was asked about: what decisions read of it is its newest
 * verified answer. When it was used last and is asked again is working state of the server, which changes without an epoch.
 */
export const ocsp = `
  CREATE TABLE ocsp (
    -- SHA-256 of the issuing CA's SubjectPublicKeyInfo, hex.
    issuer_key TEXT NOT NULL,
    serial BLOB NOT NULL,
    -- All null until the first verified answer.
    status TEXT CHECK (status IN ('good', 'revoked', 'on_hold', 'unknown')),
    this_update INTEGER,
    next_update INTEGER,
    produced_at INTEGER,
    revoked_at INTEGER,
    reason TEXT,
    signer_key TEXT,
    digest TEXT,
    fetched_at INTEGER,
    used_at INTEGER NOT NULL,
    next_fetch INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (issuer_key, serial)
  ) STRICT, WITHOUT ROWID;

  -- What is asked next.
  CREATE INDEX ocsp_by_next_fetch ON ocsp (issuer_key, next_fetch);
`;
