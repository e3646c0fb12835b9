/** Operators' holds, one row each, kept for good: what was held, by whom, and how it ended. */
export const holds = `
  CREATE TABLE holds (
    hold_id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- What is held, in the form in which it is compared.
    value TEXT NOT NULL,
    -- As it is told to people: the configured name of a CA, else the value.
    name TEXT NOT NULL,
    -- Of an issuer: only certificates whose notBefore is earlier.
    issued_before INTEGER,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    -- Active devices that it was worked out to keep out.
    kept_out INTEGER NOT NULL,
    lifted_at INTEGER,
    lifted_by TEXT,
    lifted_why TEXT,
    -- When its end was recorded as a change.
    expired_at INTEGER,
    -- Of the change that made the row what it is.
    epoch INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- What has changed since: readers follow it.
  CREATE INDEX holds_by_epoch ON holds (epoch);
  -- Ends that are not recorded yet.
  CREATE INDEX holds_to_end ON holds (until)
    WHERE until IS NOT NULL AND lifted_at IS NULL AND expired_at IS NULL;
`;
