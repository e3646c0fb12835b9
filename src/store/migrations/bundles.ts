/**
 * Policy bundles that were in force or were brought to be, with their bytes: what a start goes by while every source is
 * away, and what a rollback goes back to. Working state of the server, whose rows change without an epoch; but a pin is
 * an operator's act, and has one.
 */
export const bundles = `
  CREATE TABLE bundles (
    -- SHA-256 (hex) of the bytes.
    digest TEXT PRIMARY KEY,
    revision TEXT NOT NULL,
    bytes BLOB NOT NULL,
    -- Where it came from last, and where that stood.
    source TEXT NOT NULL,
    location TEXT NOT NULL,
    brought_at INTEGER NOT NULL,
    -- Whose signature was verified; NULL where none need be.
    key_id TEXT,
    -- What its self-test was passed under: program and class data. Under another it is tested again.
    tested TEXT NOT NULL,
    cases INTEGER NOT NULL,
    -- Grows by one each time that a bundle comes into force; the highest is in force, or was when the server ended.
    turn INTEGER UNIQUE,
    in_force_at INTEGER
  ) STRICT;

  -- What each source has brought last.
  CREATE TABLE bundle_offers (
    source TEXT PRIMARY KEY,
    location TEXT NOT NULL,
    digest TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The bundle that an operator has put in force until it is unpinned, whatever sources bring; at most one row.
  CREATE TABLE bundle_pin (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    digest TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    why TEXT NOT NULL
  ) STRICT;
`;
