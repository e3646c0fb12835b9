/**
 * The catalogue of firmware: what each hash is, and whether it may run. Rows change together with an epoch.
 */
export const firmware = `
  CREATE TABLE firmware (
    tenant TEXT NOT NULL,
    -- Lower-case hex.
    firmware_hash TEXT NOT NULL,
    product TEXT NOT NULL,
    version TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('approved', 'known_vulnerable', 'blocked')),
    advisory TEXT,
    -- Until when devices may run it although they should not.
    grace_until INTEGER,
    -- Of the change that made the row what it is.
    epoch INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, firmware_hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX firmware_by_product ON firmware (tenant, product);
`;
