import { Refusal } from './refusal.ts';

/**
 * Control characters (C0, DEL, C1) and U+FFFD. Protobuf decoders put U+FFFD where bytes were not UTF-8, so its
 * presence is malformed input; nothing that a device legitimately sends holds it.
 */
const forbidden = /[\u0000-\u001f\u007f-\u009f\ufffd]/;

/** Checks one text that counts: not empty, within `max` UTF-16 units, well formed, no control characters. */
export function checkText(field: string, text: string, max: number): Refusal | undefined {
  if (text === '') return new Refusal(field, 'is empty');
  if (text.length > max) return new Refusal(field, `has ${text.length} characters, more than ${max}`);
  if (forbidden.test(text) || !text.isWellFormed()) {
    return new Refusal(field, 'holds control characters or is not UTF-8');
  }
  return undefined;
}

/** The text, or why not; absent and (as proto3 has it) empty are undefined. */
export function optionalText(
  field: string,
  text: string | undefined,
  max: number,
): string | Refusal | undefined {
  if (text === undefined || text === '') return undefined;
  return checkText(field, text, max) ?? text;
}
