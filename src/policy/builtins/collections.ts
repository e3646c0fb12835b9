import { equalValues, setOf } from './compare.ts';
import { goJson } from './go-json.ts';
import { builtinLimits, within } from './limits.ts';
import { numberOf, wholeOf } from './number.ts';
import { OperandError, asText, membersOf, numberAt, objectAt } from './operands.ts';
import { patchJson } from './patch.ts';
import { isSubset } from './subset.ts';
import type { Builtin, BuiltinTable } from './types.ts';
import { RegoObject, RegoSet, isArray } from './value.ts';
import type { RegoValue } from './value.ts';

/** Objects, arrays, sets, and JSON made of them. */
export const collectionBuiltins: BuiltinTable = {
  'object.subset': ([whole, part]) => isSubset(whole, part),
  'json.patch': patchJson,
  'json.marshal_with_options': (args) => marshalWith(args[0] ?? null, objectAt(args, 1)),
  'numbers.range_step': (args) => range(wholeAt(args, 0), wholeAt(args, 1), wholeAt(args, 2)),
  'graph.reachable_paths': (args) => reachablePaths(objectAt(args, 0), args[1]),
  // Of Rego v0; each takes what it makes and nothing else.
  cast_array: ([value]) => (isArray(value) ? value : membersOf(value)),
  cast_set: ([value]) => setOf(membersOf(value)),
  cast_string: only((value) => typeof value === 'string'),
  cast_boolean: only((value) => typeof value === 'boolean'),
  cast_null: only((value) => value === null),
  cast_object: only((value) => value instanceof RegoObject),
};

function only(accepts: (value: RegoValue | undefined) => boolean): Builtin {
  return ([value]) => (accepts(value) ? value : undefined);
}

function wholeAt(args: readonly RegoValue[], index: number): bigint {
  const whole = wholeOf(numberAt(args, index));
  if (whole === undefined) throw new OperandError('not an integer');
  return whole;
}

function range(from: bigint, to: bigint, step: bigint): readonly RegoValue[] {
  if (step <= 0n) throw new OperandError('a step that is not positive');
  const distance = from <= to ? to - from : from - to;
  const count = distance / step + 1n;
  within(Number(count), builtinLimits.members, 'numbers of a range');
  const by = from <= to ? step : -step;
  return Array.from({ length: Number(count) }, (_, index) => numberOf(from + by * BigInt(index)));
}

function marshalWith(value: RegoValue, options: RegoObject): string {
  let [prefix, indent] = ['', '\t'];
  let [implied, told]: [boolean, boolean | undefined] = [false, undefined];
  for (const [key, option] of options.entries) {
    if (key === 'prefix') [prefix, implied] = [asText(option), true];
    else if (key === 'indent') [indent, implied] = [asText(option), true];
    else if (key === 'pretty' && typeof option === 'boolean') told = option;
    else throw new OperandError('no such option');
  }
  return (told ?? implied) ? prefix + goJson(value, { prefix, indent }) : goJson(value);
}

/** All paths without a cycle that begin at these vertices and cannot go on. */
function reachablePaths(graph: RegoObject, starts: RegoValue | undefined): RegoSet {
  const paths: RegoValue[][] = [];
  const keep = (path: readonly RegoValue[]): void => {
    paths.push([...path]);
    within(paths.length, builtinLimits.members, 'paths of a graph');
  };
  const follow = (vertex: RegoValue, path: readonly RegoValue[]): void => {
    const edges = edgesOf(graph, vertex);
    if (!edges) return keep(path);
    const longer = [...path, vertex];
    if (edges.length === 0) return keep(longer);
    for (const next of edges) {
      if (longer.some((seen) => equalValues(seen, next))) keep(longer);
      else follow(next, longer);
    }
  };
  for (const start of membersOf(starts)) {
    const edges = edgesOf(graph, start);
    if (edges?.length === 0) keep([start]);
    // A vertex that points at itself is followed once more, as OPA does.
    for (const next of edges ?? []) {
      if (equalValues(next, start)) followLoop(graph, start, follow, keep);
      else follow(next, [start]);
    }
  }
  return setOf(paths);
}

type Follow = (vertex: RegoValue, path: readonly RegoValue[]) => void;

function followLoop(
  graph: RegoObject,
  start: RegoValue,
  follow: Follow,
  keep: (path: readonly RegoValue[]) => void,
): void {
  for (const next of edgesOf(graph, start) ?? []) {
    if (equalValues(next, start)) keep([start, start]);
    else follow(next, [start, start]);
  }
}

function edgesOf(graph: RegoObject, vertex: RegoValue): readonly RegoValue[] | undefined {
  const edges = graph.entries.find(([key]) => equalValues(key, vertex))?.[1];
  if (edges === undefined) return undefined;
  return isArray(edges) ? edges : edges instanceof RegoSet ? edges.members : [];
}
