/**
 * What imports changed about single devices: one row a device that an import added to an inventory that was there,
 * changed or took away, until it is too old. Edits of single devices stand in `changes` alone.
 */
export const deviceHistory = `
  CREATE TABLE device_history (
    tenant TEXT NOT NULL,
    device_id TEXT NOT NULL,
    -- Of the import; its change is the one of the generation's visible_epoch.
    generation INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('added', 'changed', 'removed')),
    -- JSON: fields with what they were and became.
    difference TEXT NOT NULL,
    PRIMARY KEY (tenant, device_id, generation)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX device_history_by_generation ON device_history (generation);

  -- Who changed what about one device.
  CREATE INDEX changes_by_selector ON changes (selector);
`;
