import { numberField, part, textField } from '../../api/wire-text.ts';
import type { SpanAttributes } from '../../telemetry/span-attributes.ts';
import { remembered } from './remembered.ts';

/** Each a `KeyValue` (opentelemetry/proto/common/v1) as a member of this number: texts, truth values and lists of texts. */
export function attributeFields(attributes: SpanAttributes, number: number): string {
  let fields = '';
  for (const key of Object.keys(attributes)) {
    fields += part(number, keyOf(key) + part(2, anyValue(attributes[key] as SpanAttributes[string])));
  }
  return fields;
}

function anyValue(value: SpanAttributes[string]): string {
  if (typeof value === 'string') return textField(1, value);
  if (typeof value === 'boolean') return numberField(2, value ? 1 : 0);
  let values = '';
  for (const item of value) values += part(1, textField(1, item));
  return part(5, values);
}

const keyOf = remembered((key) => textField(1, key));
