import type { FieldName } from '../query/fields.ts';

/** Which of a record's values it is counted under: of networks that of 24 or 64 bits, else the first. */
export function countedPlace(field: FieldName, values: readonly string[]): number {
  return field === 'network'
    ? Math.max(
        0,
        values.findIndex((one) => /\/(24|64)$/.test(one)),
      )
    : 0;
}

/** Longer texts are counted as none, and found by the records alone: an index must not be filled by whoever is denied. */
export const longestText = 256;

/** What a record is counted under; undefined where it has no value, or one that is too long. */
export function countedValue(field: FieldName, values: readonly string[]): string | undefined {
  const value = values[countedPlace(field, values)];
  // Half a surrogate pair has no bytes of its own, and stands in an index as what readers show for it.
  return value === undefined || value.length > longestText ? undefined : value.toWellFormed();
}
