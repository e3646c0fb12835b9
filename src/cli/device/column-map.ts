import { InvalidArgumentError } from 'commander';
import type { ColumnMap } from '../../inventory/csv-rows.ts';

/** Reads `field=column,field=column`; a column's name may hold anything but a comma. */
export function columnMapArgument(text: string, before: ColumnMap = {}): ColumnMap {
  const map: Record<string, string> = { ...before };
  for (const part of text.split(',')) {
    const [, field, column] = /^([^=]+)=(.+)$/.exec(part) ?? [];
    if (field === undefined || column === undefined)
      throw new InvalidArgumentError('It must be field=column, several with commas between.');
    if (Object.hasOwn(map, field)) throw new InvalidArgumentError(`${field} is mapped twice.`);
    map[field] = column;
  }
  return map;
}
