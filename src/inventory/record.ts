import { parseInstant } from '../lib/clock.ts';
import { readBindings } from './binding-fields.ts';
import {
  attributeName,
  attributeValue,
  bindingFields,
  instantFields,
  listFields,
  mostAttributes,
  textFields,
  type TextRule,
} from './device-fields.ts';
import type { DeviceRecord } from './types.ts';

/** A device as an import row describes it, checked and normalised, before it has an epoch. */
export type DeviceDraft = Omit<DeviceRecord, 'epoch' | 'updated_at'>;

/** Takes one problem of a row, in words. */
export type Report = (message: string) => void;

/**
 * Builds a device from the fields of one import row, strictly: a required field that is missing, a field of the
 * wrong kind, an unknown field are all reported (every problem of the row, not the first one), and the answer is
 * then undefined. Digests become lower-case hex without colons; lists become sorted sets.
 */
export function buildDraft(
  fields: Readonly<Record<string, unknown>>,
  report: Report,
): DeviceDraft | undefined {
  let sound = true;
  const refuse: Report = (message) => {
    sound = false;
    report(message);
  };
  refuseUnknown(fields, refuse);
  const draft: Record<string, unknown> = {};
  for (const [name, { rule, required }] of Object.entries(textFields)) {
    const value = readText(name, fields[name], rule, refuse);
    if (value !== undefined) draft[name] = value;
    else if (required && fields[name] === undefined) refuse(`${name} is missing`);
  }
  for (const [name, { rule, most }] of Object.entries(listFields)) {
    draft[name] = readList(name, fields[name], rule, most, refuse);
  }
  for (const name of bindingFields) draft[name] = readBindings(name, fields[name], refuse);
  for (const name of instantFields) {
    const at = readInstant(name, fields[name], refuse);
    if (at !== undefined) draft[name] = at;
  }
  draft['attributes'] = readAttributes(fields['attributes'], refuse);
  // Every field of the type was set above from the tables in device-fields.ts.
  return sound ? (draft as unknown as DeviceDraft) : undefined;
}

function refuseUnknown(fields: Readonly<Record<string, unknown>>, refuse: Report): void {
  for (const name of Object.keys(fields)) {
    if (isField(name)) continue;
    refuse(`${shown(name)} is not a field of a device; further columns belong under attributes`);
  }
}

/** Whether a device has a field of this name. */
export function isField(name: string): boolean {
  return fieldNames.has(name);
}

const fieldNames: ReadonlySet<string> = new Set([
  ...Object.keys(textFields),
  ...Object.keys(listFields),
  ...bindingFields,
  ...instantFields,
  'attributes',
]);

function readInstant(name: string, value: unknown, refuse: Report): number | undefined {
  if (value === undefined) return undefined;
  const at = typeof value === 'string' ? parseInstant(value) : undefined;
  if (at === undefined) refuse(`${name} must be an RFC 3339 instant such as 2027-01-01T00:00:00Z`);
  return at;
}

function readText(name: string, value: unknown, rule: TextRule, refuse: Report): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') return void refuse(`${name} must be text`);
  const result = rule(value);
  if (typeof result === 'string') return result;
  refuse(`${name} ${shown(value)} ${result.problem}`);
  return undefined;
}

function readList(name: string, value: unknown, rule: TextRule, most: number, refuse: Report): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) refuse(`${name} must be a list of texts`);
  else if (value.length > most) refuse(`${name} has more than ${most} items`);
  else {
    const items = value.map((item: unknown) => readText(name, item ?? null, rule, refuse));
    return [...new Set(items.filter((item) => item !== undefined))].sort();
  }
  return [];
}

function readAttributes(value: unknown, refuse: Report): Record<string, string> {
  const attributes: Record<string, string> = {};
  if (value === undefined) return attributes;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse('attributes must be an object of texts');
    return attributes;
  }
  const entries = Object.entries(value as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length > mostAttributes) {
    refuse(`attributes has more than ${mostAttributes} entries`);
    return attributes;
  }
  for (const [name, item] of entries) {
    if (!attributeName.test(name)) {
      refuse(`attribute name ${shown(name)} must be letters, digits, '_', '.' or '-', at most 64`);
      continue;
    }
    const text = readText(`attributes.${name}`, item, attributeValue, refuse);
    if (text !== undefined) attributes[name] = text;
  }
  return attributes;
}

/** A value as it is shown in a message: quoted, without control characters, cut short. */
function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
