import { mostAt, numberAt, type Result, type Results } from './results.ts';

/**
 * A figure, or why there is none; `small` is why it does not show yet that a goal is reached, `failed` that it is not, and
 * `missed` that the run itself says so.
 */
export type Figure =
  | { readonly value: number; readonly small?: string; readonly failed?: string; readonly missed?: boolean }
  | { readonly value?: never; readonly why: string };

/** What a run must have been: a number in its result, by keys with dots between them, and how that must compare. */
export type Need = readonly [field: string, is: '≥' | '≤' | '=', size: number];

/** A figure of a file of results. */
export interface FileFigure {
  /** The file's name below bench/results, without `.json`. */
  readonly name: string;
  /** Where it stands, by keys with dots between them; of several numbers there the largest counts. */
  readonly path: string;
  /** Without all of these the run was less than what the goal is about. */
  readonly needs: readonly Need[];
  /** How the run's own list of what it missed names it; by default as `path` does. */
  readonly missed?: string;
}

/**
 * A figure of another benchmark. What was run is read from the result itself: the command does not name what it left at
 * its default. What the run says that it missed is missed, whatever its figure here.
 */
export function ofFile(results: Results, { name, path, needs, missed = path }: FileFigure): Figure {
  const result = results(name);
  if (!result) return { why: `there is no bench/results/${name}.json` };
  const value = mostAt(result, path);
  if (value === undefined) return { why: `bench/results/${name}.json does not say ${path}` };
  const small = [...unsaid(result, needs), ...needs.flatMap((need) => lesser(result, need))];
  const failed = numberAt(result, 'failed_calls') ?? 0;
  const own: readonly unknown[] = Array.isArray(result['missed']) ? result['missed'] : [];
  return {
    value,
    missed: own.includes(missed),
    ...(small.length > 0 && { small: small.join(', ') }),
    ...(failed > 0 && { failed: `${failed} failed calls` }),
  };
}

function unsaid(result: Result, needs: readonly Need[]): readonly string[] {
  const fields = needs.filter(([field]) => numberAt(result, field) === undefined).map(nameOf);
  return fields.length === 0 ? [] : [`it does not say its ${fields.join(', ')}`];
}

/** Where a run was less than it must have been, or otherwise. */
function lesser(result: Result, need: Need): readonly string[] {
  const [field, is, size] = need;
  const found = numberAt(result, field) ?? size;
  const fits = is === '=' ? found === size : is === '≥' ? found >= size : found <= size;
  if (fits) return [];
  const wanted = `${is === '=' ? '' : `${is} `}${size.toLocaleString('en')}`;
  return [`${nameOf(need)} ${found.toLocaleString('en')} instead of ${wanted}`];
}

function nameOf([field]: Need): string {
  return field.replace(/\.length$/, '');
}
