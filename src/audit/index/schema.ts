import { fieldNames, type FieldName } from '../query/fields.ts';

/**
 * Format of the index; one of another format is made anew. It goes up with every change of what is read from records too:
 * verification compares an index with what it would be if it were made now.
 */
export const indexFormat = 4;

/** Name of the index beside a log. */
export const indexName = 'index.db';

/** What records are counted by: each has a column in `columns`. Those of many values are last, where few read past them. */
export const countedFields = [
  'kind',
  'act',
  'tenant',
  'outcome',
  'reason',
  'class',
  'owner',
  'site',
  'gateway',
  'pep',
  'door',
  'assurance',
  'issuer',
  'firmware',
  'bundle',
  'network',
  'device',
] as const satisfies readonly FieldName[];

export type CountedField = (typeof countedFields)[number];

/** Fields that records are looked up by: every value has a term. Those that are counted stand first. */
export const lookedUpFields: readonly FieldName[] = [
  ...countedFields,
  ...fieldNames.filter((name) => !countedFields.some((counted) => counted === name)),
];

/** Most buckets of a run. */
export const mostBuckets = 4096;

/**
 * One tile is 256 entries, as in the log; only whole ones are indexed, so that no row is ever written twice.
 * `tiles.unread`: how many of its entries are no records.
 * `columns`: what stands in a tile. `lengths`: bytes of each entry, 16 bits little-endian; `rows`, `times` and the fields: see
 * `column.ts` and `tile-columns.ts`.
 * `runs`: the terms of tiles from `first` up to below `next`, which are of one group of 64; one for the whole group as soon
 * as all of it is there. `buckets.id` is the run's first tile times 4096 and the bucket's place; `buckets.terms`: see `run.ts`.
 * `meta.key`: what terms are made with, hexadecimal.
 */
export const indexSchema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tiles (tile INTEGER PRIMARY KEY, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL, unread INTEGER NOT NULL);
CREATE INDEX tiles_by_last ON tiles (last_time);
CREATE INDEX tiles_by_first ON tiles (first_time);
CREATE INDEX tiles_unread ON tiles (tile) WHERE unread > 0;
CREATE TABLE columns (tile INTEGER PRIMARY KEY, lengths BLOB NOT NULL, rows BLOB, times BLOB, ${countedFields
  .map((name) => `${name} BLOB`)
  .join(', ')});
CREATE TABLE runs (first INTEGER PRIMARY KEY, next INTEGER NOT NULL, buckets INTEGER NOT NULL);
CREATE TABLE buckets (id INTEGER PRIMARY KEY, terms BLOB NOT NULL);
INSERT INTO meta (key, value) VALUES ('key', lower(hex(randomblob(8))));
`;
