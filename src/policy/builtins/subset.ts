import { equalValues } from './compare.ts';
import { OperandError } from './operands.ts';
import { RegoObject, RegoSet, isArray } from './value.ts';
import type { RegoValue } from './value.ts';

/** `object.subset`: whether all of one collection is in another. Throws where they cannot be compared. */
export function isSubset(whole: RegoValue | undefined, part: RegoValue | undefined): boolean {
  if (isArray(whole) && part instanceof RegoSet) return isSetInArray(whole, part);
  const found = compared(whole, part);
  if (found === undefined) throw new OperandError('not of one kind');
  return found;
}

function compared(whole: RegoValue | undefined, part: RegoValue | undefined): boolean | undefined {
  if (whole instanceof RegoObject && part instanceof RegoObject) return isObjectIn(whole, part);
  if (whole instanceof RegoSet && part instanceof RegoSet) {
    return part.members.every((member) => whole.members.some((other) => equalValues(member, other)));
  }
  return isArray(whole) && isArray(part) ? isArrayIn(whole, part) : undefined;
}

function isObjectIn(whole: RegoObject, part: RegoObject): boolean {
  return part.entries.every(([key, value]) => {
    const other = whole.entries.find(([name]) => equalValues(name, key))?.[1];
    return other !== undefined && (equalValues(value, other) || compared(other, value) === true);
  });
}

/**
 * Whether the one stands in the other without a gap. Found as OPA does: after a start that fails it goes on one place
 * further than where that start was.
 */
function isArrayIn(whole: readonly RegoValue[], part: readonly RegoValue[]): boolean {
  return whole.length >= part.length
    ? Array.from({ length: whole.length - part.length + 1 }).some((_, start) =>
        part.every((member, index) => equalValues(member, whole[start + index] ?? null)),
      )
    : false;
}

function isSetInArray(whole: readonly RegoValue[], part: RegoSet): boolean {
  let unmatched = part.members.length;
  return whole.some((member) => {
    if (part.members.some((other) => equalValues(member, other))) unmatched -= 1;
    return unmatched === 0;
  });
}
