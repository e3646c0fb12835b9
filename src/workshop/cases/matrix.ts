import { isWords, laidOver, withValueAt } from './merge.ts';
import type { Words } from './words.ts';

/** One combination of a matrix, and the case with its values. */
export interface Combination {
  /** Axis → name of the value. */
  readonly names: Readonly<Record<string, string>>;
  readonly words: Words;
}

interface AxisValue {
  readonly name: string;
  readonly lay: (words: Words) => Words;
}

/** Most combinations of one matrix. */
export const mostCombinations = 10_000;

/** How many combinations the axes have. */
export function countCombinations(matrix: Words): number {
  return Object.values(matrix).reduce<number>((product, axis) => product * valuesOf('', axis).length, 1);
}

/** Words that are read before a matrix is laid over its case. */
const readBefore: Readonly<Record<string, string>> = {
  base: 'name fixtures at their places, such as device: [meter, camera]',
  expect: 'what is expected of a combination stands under expect, with when',
  title: 'a combination is named by its values',
  matrix: 'it has no matrix of its own',
};

/** What is wrong with the axes, each with its name: words without effect, values that cannot be told apart. */
export function unsoundAxes(matrix: Words): readonly { readonly axis: string; readonly message: string }[] {
  return Object.entries(matrix).flatMap(([axis, values]) => {
    const names = valuesOf(axis, values).map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    const laid = Array.isArray(values)
      ? [axis.split('.')[0] ?? axis]
      : Object.values(values as Words).flatMap((patch) => Object.keys(patch as Words));
    const word = laid.find((one) => Object.hasOwn(readBefore, one));
    return [
      ...(twice === undefined ? [] : [{ axis, message: `has the value ${JSON.stringify(twice)} twice` }]),
      ...(word === undefined ? [] : [{ axis, message: `cannot change ${word}: ${readBefore[word] ?? ''}` }]),
    ];
  });
}

/** Every combination, the last axis changing fastest; of no matrix the case alone. */
export function combinations(words: Words): readonly Combination[] {
  const { matrix, ...rest } = words;
  let all: readonly Combination[] = [{ names: {}, words: rest }];
  for (const [axis, values] of Object.entries(isWords(matrix) ? matrix : {})) {
    const laid = valuesOf(axis, values);
    all = all.flatMap((one) =>
      laid.map(({ name, lay }) => ({ names: { ...one.names, [axis]: name }, words: lay(one.words) })),
    );
  }
  return all;
}

function valuesOf(axis: string, values: unknown): readonly AxisValue[] {
  if (Array.isArray(values)) {
    const path = axis.split('.');
    return values.map((value: unknown) => ({
      name: String(value),
      lay: (words) => withValueAt(words, path, value) as Words,
    }));
  }
  return Object.entries(values as Words).map(([name, patch]) => ({
    name,
    lay: (words) => laidOver(words, patch) as Words,
  }));
}

/** Whether an expectation is for a combination: every axis that it names has one of the values that it names. */
export function isFor(when: unknown, names: Combination['names']): boolean {
  if (!isWords(when)) return true;
  return Object.entries(when).every(([axis, wanted]) =>
    (Array.isArray(wanted) ? (wanted as unknown[]) : [wanted]).some((one) => String(one) === names[axis]),
  );
}

/** What is wrong with the words of `when`: axes and values that the matrix does not have. */
export function strangers(when: unknown, matrix: unknown): readonly string[] {
  if (!isWords(when)) return [];
  return Object.entries(when).flatMap(([axis, wanted]) => {
    const values = isWords(matrix) ? matrix[axis] : undefined;
    if (values === undefined) return [`the matrix has no axis ${JSON.stringify(axis)}`];
    const names = valuesOf(axis, values).map(({ name }) => name);
    return (Array.isArray(wanted) ? (wanted as unknown[]) : [wanted])
      .map(String)
      .filter((one) => !names.includes(one))
      .map((one) => `the axis ${axis} has no value ${JSON.stringify(one)}`);
  });
}

/** `status=active, network=plant`; empty without a matrix. */
export function combinationText(names: Combination['names']): string {
  return Object.entries(names)
    .map(([axis, name]) => `${axis}=${name}`)
    .join(', ');
}
