import { choice, flag, list, section, span, text, type Schema } from './keys.ts';
import { fileOrUrlKeys, type SourceKind } from './sources.ts';

const devices: SourceKind = {
  what: 'devices',
  example: 'devices.ndjson',
  interval: '15m',
  maxBytes: 8_589_934_592,
};

const columns: Schema = {
  type: 'object',
  description:
    'Of a foreign CSV: which column is which field (`device_id: SerialNo`, also `attributes.line: Line`); other columns are left out. Empty = columns are called like the fields, and an unknown one is refused.',
  default: {},
  propertyNames: { pattern: '^[a-z_]+$|^attributes[.][A-Za-z0-9][A-Za-z0-9_.-]{0,63}$' },
  additionalProperties: text('Name of the column.', { example: 'SerialNo' }),
  maxProperties: 100,
  examples: [{ device_id: 'SerialNo', status: 'State', class: 'Type' }],
};

/** `inventory`: where devices come from in the background. */
export const inventory: Schema = section('The inventory of devices.', {
  sources: list(
    'Inventories that are read in the background: all of a source comes into force at once, or nothing. One that would keep out more active devices than `limits.max_lockout` is refused with an alarm, and the last good one stays.',
    section(
      'One inventory, a file or a URL.',
      {
        ...fileOrUrlKeys(devices),
        max_age: span(
          'Age of the last success above which decisions that rest on it are denied as our fault (`inventory.cache_stale`), but for known devices of a class with `grace`; null = however old it is.',
          { default: null, example: '24h' },
          ['1m', '400d'],
        ),
        kind: choice(
          'What it brings: devices, the firmware catalogue, or what is delegated to gateways.',
          { default: 'devices', example: 'firmware' },
          ['devices', 'firmware', 'gateways'],
        ),
        format: choice('Its format.', { default: 'ndjson', example: 'csv' }, ['ndjson', 'csv']),
        columns,
        tenant: text('Whose inventory it is.', { default: 'default', example: 'default' }, 64),
        whole: flag(
          'It is all of its kind that the tenant has: what it does not name is taken away, but for lost and decommissioned devices.',
          { default: false, example: true },
        ),
      },
      { required: ['name'] },
    ),
    { max: 100 },
  ),
});
