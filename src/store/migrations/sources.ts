/**
 * What is known of each background source: where it stands (validators belong to that place), how far its applied state
 * goes, and when it is asked next. Working state of the server, not state that decisions are made from: its rows change
 * without an epoch.
 */
export const sources = `
  CREATE TABLE sources (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    location TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    -- SHA-256 of what was applied last.
    digest TEXT,
    last_attempt INTEGER,
    last_success INTEGER,
    last_change INTEGER,
    next_fetch INTEGER,
    -- When what was applied ends by its own word.
    renew_by INTEGER,
    failures INTEGER NOT NULL,
    error_code TEXT,
    error_message TEXT,
    -- Highest number that a signed statement of this source had, and what it was a statement about.
    sequence INTEGER,
    sequence_digest TEXT,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
`;
