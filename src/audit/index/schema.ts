import { fieldNames, type FieldName } from '../query/fields.ts';

/** Format of the index; one of another format is made anew. */
export const indexFormat = 1;

/** Name of the index beside a log. */
export const indexName = 'index.db';

/** Columns of `rows` beside index and time: what records are counted by, as numbers of `words`. */
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

/**
 * One tile is 256 entries, as in the log; only whole ones are indexed, so that no row is ever written twice.
 * `rows.part`: 0 for a record of one decision, from 1 for the groups of merged denials.
 * `postings.places`: where in the tile a term's entries are, one byte each, or 32 bytes with a bit for each.
 * `bundles.ends`: where in the bundle each entry ends, 32 bits little-endian each; `bundles.terms`: the tile's terms, 48 bits
 * each, so that it can be taken out again.
 */
export const indexSchema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tiles (tile INTEGER PRIMARY KEY, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL);
CREATE INDEX tiles_by_last ON tiles (last_time);
CREATE INDEX tiles_by_first ON tiles (first_time);
CREATE TABLE bundles (tile INTEGER PRIMARY KEY, ends BLOB NOT NULL, terms BLOB NOT NULL);
CREATE TABLE postings (term INTEGER NOT NULL, tile INTEGER NOT NULL, places BLOB NOT NULL, PRIMARY KEY (term, tile)) WITHOUT ROWID;
CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE rows (idx INTEGER NOT NULL, part INTEGER NOT NULL, time INTEGER NOT NULL, count INTEGER NOT NULL, ${countedFields
  .map((name) => `${name} INTEGER`)
  .join(', ')}, PRIMARY KEY (idx, part)) WITHOUT ROWID;
`;
