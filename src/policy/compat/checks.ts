import { PortreeveError } from '../../lib/errors.ts';

/** Most of each; far above what policies say, low enough that no answer grows past what a wire carries. */
export const most = {
  headers: 64,
  entries: 128,
  text: 8192,
  body: 64 * 1024,
  depth: 16,
  values: 4096,
} as const;

/** An answer of a policy that cannot be used. */
export function wrong(what: string, must: string): PortreeveError {
  return new PortreeveError('PDP_POLICY_TRAP', `the policy's answer cannot be used: ${what} is not ${must}`);
}

/** A text within its limit that protobuf can carry. Throws PDP_POLICY_TRAP. */
export function checkedText(value: unknown, what: string, atMost: number): string {
  if (typeof value !== 'string') throw wrong(what, 'a text');
  if (value.length > atMost) throw wrong(what, `at most ${atMost} characters long`);
  return value.toWellFormed();
}

/** Control characters but for the tab: a line end would begin another header, or another request. */
const control = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;

/** As `checkedText`, for what stands in the head of an HTTP message. */
export function checkedLine(value: unknown, what: string, atMost: number): string {
  const text = checkedText(value, what, atMost);
  if (control.test(text)) throw wrong(what, 'without control characters');
  return text;
}

/** An object has no order: told in that of its names, in lower case, the same answer is the same. */
export function entriesByName(
  object: Readonly<Record<string, unknown>>,
): readonly (readonly [string, unknown])[] {
  const keys = Object.entries(object).map((entry) => [entry[0].toLowerCase(), entry] as const);
  return keys.sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, entry]) => entry);
}
