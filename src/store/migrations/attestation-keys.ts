/**
 * Public keys of attestation verifiers, by the place that they were published at: another place is another publisher. A
 * key that vanished from its set stays, with the time of that, because tokens that it signed are still about.
 */
export const attestationKeys = `
  CREATE TABLE attestation_keys (
    verifier TEXT NOT NULL,
    source TEXT NOT NULL,
    -- RFC 7638, SHA-256, base64url.
    thumbprint TEXT NOT NULL,
    kid TEXT,
    -- Published as the only key, not in a set.
    alone INTEGER NOT NULL CHECK (alone IN (0, 1)),
    algorithm TEXT NOT NULL,
    jwk TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    gone_at INTEGER,
    PRIMARY KEY (verifier, source, thumbprint)
  ) STRICT, WITHOUT ROWID;
`;
