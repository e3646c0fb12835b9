import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ShadowRecord, ShadowSummaryRecord } from './shadow-record.ts';
import schema from './shadow.schema.json' with { type: 'json' };

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

/** Whether parsed JSON, as untrusted as any file, is a record of the policy on trial in this program's format. */
export function isShadowRecord(value: unknown): value is ShadowRecord | ShadowSummaryRecord {
  return validate(value);
}
