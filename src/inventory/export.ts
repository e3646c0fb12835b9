import { PortreeveError } from '../lib/errors.ts';
import type { Store } from '../store/types.ts';
import { bindingText } from './binding-fields.ts';
import { bindingFields, listFields, textFields, instantFields } from './device-fields.ts';
import { decodeDraft } from './device-rows.ts';
import { deviceFields } from './difference.ts';
import { eachDevice } from './list.ts';
import type { BoundDigest, IssuedBinding } from './types.ts';

/** Devices that are read in one snapshot. */
const devicesAtOnce = 1000;

/**
 * Every device of a tenant as text of an import file, in the order of their ids, a block of lines at a time: what is
 * imported again as it is changes nothing. Each block is read in a snapshot of its own, so that a long export holds
 * nothing up: what changes meanwhile may be in it or not, device by device. Throws PDP_LIMIT_EXCEEDED for a list that CSV
 * cannot hold, and for more attributes than it may have columns.
 */
export function* exportBlocks(
  store: Store,
  tenant: string,
  format: 'ndjson' | 'csv',
): Generator<{ readonly text: string; readonly devices: number }> {
  const columns = format === 'csv' ? csvColumns(store, tenant) : [];
  if (format === 'csv') yield { text: `${columns.map(csvCell).join(',')}\r\n`, devices: 0 };
  for (let after = ''; ;) {
    const drafts = store.snapshot(() => {
      const page = [];
      for (const row of eachDevice(store, tenant, after)) {
        page.push(decodeDraft(row));
        if (page.length >= devicesAtOnce) break;
      }
      return page;
    });
    const last = drafts.at(-1);
    if (last === undefined) return;
    const lines = drafts.map((draft) =>
      format === 'csv' ? csvLine(draft, columns) : `${JSON.stringify(deviceFields(draft))}\n`,
    );
    yield { text: lines.join(''), devices: drafts.length };
    after = last.device_id;
  }
}

const attributePrefix = 'attributes.';
const mostAttributeColumns = 1000;

/** Every field, and an `attributes.` column for each attribute that any device has. */
function csvColumns(store: Store, tenant: string): string[] {
  const names = store
    .prepare<{ name: string }>(
      `SELECT DISTINCT a.key AS name FROM devices d, json_each(d.body, '$.attributes') a
       WHERE d.tenant = ? ORDER BY 1 LIMIT ${mostAttributeColumns + 1}`,
    )
    .all(tenant)
    .map(({ name }) => `${attributePrefix}${name}`);
  if (names.length > mostAttributeColumns)
    throw new PortreeveError(
      'PDP_LIMIT_EXCEEDED',
      `the devices have attributes of more than ${mostAttributeColumns} names, a column each; export as NDJSON`,
    );
  return [
    ...Object.keys(textFields),
    ...instantFields,
    ...bindingFields,
    ...Object.keys(listFields),
    ...names,
  ];
}

function csvLine(draft: Parameters<typeof deviceFields>[0], columns: readonly string[]): string {
  const fields = deviceFields(draft);
  const cells = columns.map((name) => {
    if (name.startsWith(attributePrefix))
      return csvCell(draft.attributes[name.slice(attributePrefix.length)] ?? '');
    if (bindingFields.includes(name)) {
      const bound = (draft[name as keyof typeof draft] ?? []) as readonly (BoundDigest | IssuedBinding)[];
      return csvCell(bound.map(bindingText).join('|'));
    }
    const value = fields[name];
    return Array.isArray(value)
      ? csvCell(listCell(draft.device_id, name, value as string[]))
      : csvCell(value);
  });
  return `${cells.join(',')}\r\n`;
}

/** A list whose items the cell could not tell apart is refused: NDJSON holds every list. */
function listCell(deviceId: string, name: string, items: readonly string[]): string {
  const [first = ''] = items;
  if (items.some((item) => item.includes('|')) || (items.length === 1 && first.includes(' ')))
    throw new PortreeveError(
      'PDP_LIMIT_EXCEEDED',
      `device ${JSON.stringify(deviceId)}: ${name} has an item that CSV cannot hold (${JSON.stringify(items)}); export as NDJSON`,
    );
  return items.join('|');
}

function csvCell(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
