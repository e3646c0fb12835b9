import { limits } from '../../context/limits.ts';

/** Control, format, surrogate, private and unassigned characters, and line and paragraph separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * Why a text cannot serve as a device id, undefined where it can. Ids are shown to people, put into headers and
 * compared: what looks the same must be the same.
 */
export function idProblem(text: string): string | undefined {
  if (text === '') return 'empty';
  if (text.length > limits.idText) return `longer than ${limits.idText} characters`;
  if (unprintable.test(text)) return 'control or invisible characters';
  if (text !== text.trim()) return 'white space at an end';
  return text === text.normalize('NFC') ? undefined : 'not in Unicode normal form C';
}

/** An id that is compared as it stands. */
export function plainId(text: string): string | undefined {
  return idProblem(text) === undefined ? text : undefined;
}
