import { builtinLimits, within } from './limits.ts';
import { numberOf } from './number.ts';
import { OperandError, smallIntAt, textAt, textsOf } from './operands.ts';
import { runesOf } from './text.ts';
import type { BuiltinTable } from './types.ts';
import type { RegoValue } from './value.ts';

/** Strings. Places and counts are of characters, not of bytes or UTF-16 units. */
export const stringBuiltins: BuiltinTable = {
  indexof_n: (args) => {
    const [base, search] = [textAt(args, 0), textAt(args, 1)];
    if (search === '') throw new OperandError('nothing to search for');
    return places(base, search).map(numberOf);
  },
  'strings.any_prefix_match': ([search, base]) =>
    anyAffix(search, base, (text, affix) => text.startsWith(affix)),
  'strings.any_suffix_match': ([search, base]) =>
    anyAffix(search, base, (text, affix) => text.endsWith(affix)),
  'strings.count': (args) => {
    const [base, search] = [textAt(args, 0), textAt(args, 1)];
    return numberOf(search === '' ? runesOf(base).length + 1 : base.split(search).length - 1);
  },
  'strings.split_n': (args) => splitN(textAt(args, 0), textAt(args, 1), smallIntAt(args, 2)),
};

function places(base: string, search: string): number[] {
  const found: number[] = [];
  let rune = 0;
  let counted = 0;
  for (let at = base.indexOf(search); at >= 0; at = base.indexOf(search, at + 1)) {
    rune += runesOf(base.slice(counted, at)).length;
    counted = at;
    found.push(rune);
  }
  within(found.length, builtinLimits.members, 'places found');
  return found;
}

function anyAffix(
  search: RegoValue | undefined,
  base: RegoValue | undefined,
  has: (text: string, affix: string) => boolean,
): boolean {
  const texts = typeof search === 'string' ? [search] : textsOf(search);
  const affixes = typeof base === 'string' ? [base] : textsOf(base);
  within(texts.length * affixes.length, builtinLimits.pairs, 'pairs of texts');
  return texts.some((text) => affixes.some((affix) => has(text, affix)));
}

/** The first parts of a text, or with a number below 0 the last ones. */
function splitN(text: string, delimiter: string, most: number): readonly string[] {
  const parts = delimiter === '' ? runesOf(text) : text.split(delimiter);
  within(parts.length, builtinLimits.members, 'parts of a text');
  if (most < 0) return parts.slice(Math.max(parts.length + most, 0));
  return parts.slice(0, most);
}
