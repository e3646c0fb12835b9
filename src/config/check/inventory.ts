import type { Place } from '../place.ts';
import type { Report } from './report.ts';
import { checkFileOrUrlSources } from './sources.ts';

/** Inventories in the background: two that are each the whole of one kind and tenant would undo each other. */
export function checkInventory(root: Place, report: Report): void {
  const sources = root.get('inventory', 'sources');
  checkFileOrUrlSources(sources, report);
  const known = new Map<string, number>();
  for (const source of sources.items()) known.set(scopeOf(source), (known.get(scopeOf(source)) ?? 0) + 1);
  for (const source of sources.items()) {
    const [whole, columns] = [source.get('whole'), source.get('columns')];
    if (whole.value === true && (known.get(scopeOf(source)) ?? 0) > 1)
      report.refuse(whole, `cannot be: another source brings ${kindOf(source)} of the same tenant`);
    warnOfFile(source, report);
    if (columns.present && source.get('format').text !== 'csv') report.refuse(columns, 'are for format csv');
  }
}

/** What stands still is read again and again: only its signer's word that it has ended tells that nobody renews it. */
function warnOfFile(source: Place, report: Report): void {
  const maxAge = source.get('max_age');
  if (!maxAge.present || !source.get('file').present || source.get('signed_by').present) return;
  report.warn(
    maxAge,
    'counts from when the file was last read, so that one which nobody renews never becomes too old: sign it with an end ' +
      '(portreeve sign --until) and set signed_by, or bring it by url',
  );
}

function kindOf(source: Place): string {
  return source.get('kind').text ?? 'devices';
}

/** What a source is the whole of. */
function scopeOf(source: Place): string {
  return `${kindOf(source)} ${source.get('tenant').text ?? 'default'}`;
}
