import { PortreeveError } from '../../lib/errors.ts';
import type { LoadedCase } from './types.ts';

export interface Selection {
  /** Cases that have one of these; empty: any. */
  readonly tags: readonly string[];
  /** Cases whose `id` (file, title and combination) matches this regular expression. */
  readonly run?: string;
}

/** The cases that are meant, in their order. Throws PDP_USAGE for a pattern that is none. */
export function selectCases(cases: readonly LoadedCase[], { tags, run }: Selection): readonly LoadedCase[] {
  const pattern = run === undefined ? undefined : patternOf(run);
  return cases.filter(
    (one) =>
      (tags.length === 0 || one.tags.some((tag) => tags.includes(tag))) &&
      (pattern === undefined || pattern.test(one.id)),
  );
}

/** A regular expression of the command line. Throws PDP_USAGE. */
export function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (cause) {
    throw new PortreeveError('PDP_USAGE', `--run ${text}: is no regular expression`, { cause });
  }
}
