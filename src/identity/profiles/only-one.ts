import { idProblem } from './id-text.ts';
import { type Identification, unidentified } from './profile.ts';

/**
 * The one value of a place that names devices, or why there is none: `expected` says what was looked for. Values are
 * held to the form of ids.
 */
export function onlyOne(
  values: readonly string[],
  expected: string,
): { readonly value: string } | { readonly refusal: Identification } {
  const [value, ...others] = values;
  if (value === undefined || value === '')
    return { refusal: unidentified('identity.id_missing', { expected }) };
  if (others.length > 0) {
    return { refusal: unidentified('identity.multiple_ids', { expected, found: values.length }) };
  }
  const problem = idProblem(value);
  if (problem !== undefined) return { refusal: unidentified('identity.id_malformed', { expected, problem }) };
  return { value };
}
