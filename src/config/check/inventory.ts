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
    if (columns.present && source.get('format').text !== 'csv') report.refuse(columns, 'are for format csv');
  }
}

function kindOf(source: Place): string {
  return source.get('kind').text ?? 'devices';
}

/** What a source is the whole of. */
function scopeOf(source: Place): string {
  return `${kindOf(source)} ${source.get('tenant').text ?? 'default'}`;
}
