import { formatInstant } from '../lib/clock.ts';
import { bindingData } from './binding-fields.ts';
import { bindingFields, instantFields } from './device-fields.ts';
import type { DeviceDraft } from './record.ts';
import type { BoundDigest, IssuedBinding } from './types.ts';

/** What happens to a device: times RFC 3339, as in files. */
export interface DeviceDifference {
  readonly device_id: string;
  readonly kind: 'added' | 'changed' | 'removed';
  /** Fields of a changed device; of an added or removed one its status and class. Null = the field is empty. */
  readonly fields: readonly FieldDifference[];
}

export interface FieldDifference {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Works out what became of a device; undefined on one side where it was not there, or is no more. */
export function deviceDifference(
  deviceId: string,
  before: DeviceDraft | undefined,
  after: DeviceDraft | undefined,
): DeviceDifference {
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  const [was, is] = [before && deviceFields(before), after && deviceFields(after)];
  const names =
    kind === 'changed' ? [...new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])] : shortly;
  const fields = names.flatMap((field) => {
    const [one, other] = [was?.[field] ?? null, is?.[field] ?? null];
    return JSON.stringify(one) === JSON.stringify(other) ? [] : [{ field, before: one, after: other }];
  });
  return { device_id: deviceId, kind, fields };
}

const shortly = ['status', 'class'];

/** A device's fields as an import file has them: those that are empty left out, times RFC 3339. */
export function deviceFields(draft: DeviceDraft): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(draft)) {
    if (value === undefined || isEmpty(value)) continue;
    if (instantFields.includes(name)) fields[name] = formatInstant(value as number);
    else if (bindingFields.includes(name))
      fields[name] = (value as (BoundDigest | IssuedBinding)[]).map(bindingData);
    else fields[name] = value;
  }
  return fields;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** One line for people. */
export function differenceText({ device_id: id, kind, fields }: DeviceDifference): string {
  const sign = { added: '+', changed: '~', removed: '-' }[kind];
  const parts = fields.map(({ field, before, after }) => {
    if (kind !== 'changed') return `${field} ${told(kind === 'added' ? after : before)}`;
    return `${field} ${told(before)} -> ${told(after)}`;
  });
  return `${sign} ${id}  ${parts.join(', ')}`;
}

function told(value: unknown): string {
  if (value === null) return 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
