/** An expression of Rego over `c[0]`, `c[1]`…, and what stands there, call by call. */
export type CallTable = readonly (readonly [expression: string, calls: readonly (readonly unknown[])[]])[];

/** Calls with one argument each. */
export function each(values: readonly unknown[]): readonly (readonly unknown[])[] {
  return values.map((value) => [value]);
}

/** Calls with every combination. */
export function every(...lists: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] {
  return lists.reduce<readonly (readonly unknown[])[]>(
    (calls, list) => calls.flatMap((call) => list.map((value) => [...call, value])),
    [[]],
  );
}

/** Strings that encodings and hashes meet. */
export const texts: readonly string[] = [
  '',
  'a',
  'abc',
  'héllo wörld',
  'a b&c=d/é?~-._',
  '\u{1f600}x',
  '100%',
  'a+b',
  '%zz',
  '%41%e9',
  '%C3%A9',
  'a=b&c=d&a=e',
  'a=',
  '=b',
  '&&',
  'a;b=c',
  'a=%zz',
  'deadBEEF',
  'zz',
  'c3a9',
  'e9',
  'ff00',
  'ffé',
  '6',
  '\u0000\n',
];
