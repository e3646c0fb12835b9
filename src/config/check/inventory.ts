import type { Place } from '../place.ts';
import type { Report } from './report.ts';
import { checkFileOrUrlSources } from './sources.ts';

/** Inventories in the background: two that are each the whole of one tenant would undo each other. */
export function checkInventory(root: Place, report: Report): void {
  const sources = root.get('inventory', 'sources');
  checkFileOrUrlSources(sources, report);
  const tenants = new Map<string, number>();
  for (const source of sources.items()) {
    const tenant = source.get('tenant').text ?? 'default';
    tenants.set(tenant, (tenants.get(tenant) ?? 0) + 1);
  }
  for (const source of sources.items()) {
    const [whole, columns, tenant] = [source.get('whole'), source.get('columns'), source.get('tenant')];
    if (whole.value === true && (tenants.get(tenant.text ?? 'default') ?? 0) > 1)
      report.refuse(whole, 'cannot be: another source brings devices of the same tenant');
    if (columns.present && source.get('format').text !== 'csv') report.refuse(columns, 'are for format csv');
  }
}
