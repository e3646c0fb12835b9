/**
 * What was learnt from decisions, written by the server's parent alone. Not state that anybody set: its rows change
 * without an epoch, are pruned by age and number, and may be deleted without harm to anything but memory.
 */
export const observed = `
  -- Certificates that devices proved themselves with in allowed connections; digests as bytes.
  CREATE TABLE seen_certificates (
    tenant TEXT NOT NULL,
    device_id TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    key BLOB NOT NULL,
    issuer_key BLOB,
    serial TEXT NOT NULL,
    not_after INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    -- Where it was seen last: gateway (or enforcement point), and network by prefix.
    gateway TEXT NOT NULL,
    network TEXT,
    PRIMARY KEY (tenant, device_id, fingerprint)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX seen_certificates_by_age ON seen_certificates (last_seen);
  -- Whose certificate a CRL revokes.
  CREATE INDEX seen_certificates_by_serial ON seen_certificates (serial, issuer_key);

  -- Highest firmware version of each product that a device ran in an allowed connection, and by a verified attestation:
  -- a row each, so that no claim takes the place of what was measured.
  CREATE TABLE seen_firmware (
    tenant TEXT NOT NULL,
    device_id TEXT NOT NULL,
    product TEXT NOT NULL,
    version TEXT NOT NULL,
    firmware_hash TEXT NOT NULL,
    attested INTEGER NOT NULL CHECK (attested IN (0, 1)),
    -- When that version was seen first.
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, device_id, product, attested)
  ) STRICT, WITHOUT ROWID;
  -- Who runs what the catalogue takes away.
  CREATE INDEX seen_firmware_by_hash ON seen_firmware (tenant, firmware_hash);

  -- Keys that were used in more than one place, or by more than one device: where, each with its last use.
  CREATE TABLE shared_uses (
    tenant TEXT NOT NULL,
    key BLOB NOT NULL,
    gateway TEXT NOT NULL,
    -- Empty where the address was not told.
    network TEXT NOT NULL,
    device_id TEXT NOT NULL,
    last_used INTEGER NOT NULL,
    PRIMARY KEY (tenant, key, gateway, network, device_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX shared_uses_by_age ON shared_uses (last_used);
`;
