import { BuiltinLimitError, builtinLimits, within } from './limits.ts';
import { OperandError } from './operands.ts';
import { runesOf } from './text.ts';

/** One place of a glob: which characters may stand there (undefined: any), and how often. */
interface Token {
  readonly characters: ReadonlySet<string> | undefined;
  readonly times: '' | '+' | '*';
}

type Glob = readonly Token[];

/**
 * `regex.globs_match`: whether some text matches both of two globs (characters, `.`, `[a-z]`, each with `+` or `*`). Finds
 * what the implementation that OPA uses finds, which is not complete: of a `*` it follows the first place where what comes
 * next fits, and goes on only while the repeated token fits too. Throws OperandError where one is no glob.
 */
export function globsIntersect(left: string, right: string): boolean {
  const trimmed = trim(simplify(tokenize(left)), simplify(tokenize(right)));
  if (!trimmed) return false;
  return new Intersection().normal(...trimmed);
}

class Intersection {
  #steps = 0;

  normal(a: Glob, b: Glob): boolean {
    let at = 0;
    for (; at < a.length && at < b.length; at += 1) {
      this.#step();
      const [left, right] = [a[at], b[at]];
      if (!left || !right) return false;
      if (left.times !== '') return this.#repeated(left.times, a.slice(at), b.slice(at));
      if (right.times !== '') return this.#repeated(right.times, b.slice(at), a.slice(at));
      if (!meet(left, right)) return false;
    }
    return at === a.length && at === b.length;
  }

  #repeated(times: '+' | '*', repeated: Glob, other: Glob): boolean {
    if (times === '*') return this.#star(repeated, other);
    const [first, next] = [repeated[0], other[0]];
    if (!first || !next || !meet(first, next)) return false;
    if (this.#star(repeated, other.slice(1))) return true;
    return next.times !== '' && this.normal(repeated.slice(1), other);
  }

  #star(repeated: Glob, other: Glob): boolean {
    const [star, next] = repeated;
    if (!star) return false;
    for (const [index, token] of other.entries()) {
      this.#step();
      if (next && meet(token, next) && this.normal(repeated.slice(1), other.slice(index))) return true;
      if (!meet(token, star)) return false;
    }
    return next === undefined;
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps > builtinLimits.globSteps) throw new BuiltinLimitError('globs that repeat too much');
  }
}

function meet(a: Token, b: Token): boolean {
  if (!a.characters || !b.characters) return true;
  for (const character of a.characters) if (b.characters.has(character)) return true;
  return false;
}

/** Takes off what both begin and end with while nothing repeats, but one token each; undefined where that differs. */
function trim(a: Glob, b: Glob): readonly [Glob, Glob] | undefined {
  const plain = (left: Token | undefined, right: Token | undefined): boolean =>
    left?.times === '' && right?.times === '';
  let front = 0;
  for (; plain(a[front], b[front]); front += 1) if (!meetAt(a, b, front, front)) return undefined;
  if (front > 0) front -= 1;
  let [endA, endB] = [a.length - 1, b.length - 1];
  for (; endA >= front && endB >= front && plain(a[endA], b[endB]); endA -= 1, endB -= 1) {
    if (!meetAt(a, b, endA, endB)) return undefined;
  }
  if (endA < a.length - 1) [endA, endB] = [endA + 1, endB + 1];
  return [a.slice(front, endA + 1), b.slice(front, endB + 1)];
}

function meetAt(a: Glob, b: Glob, atA: number, atB: number): boolean {
  const [left, right] = [a[atA], b[atB]];
  return left !== undefined && right !== undefined && meet(left, right);
}

/** Of neighbours that repeat the same one is enough; `+` stays. */
function simplify(tokens: Glob): Glob {
  const simple: Token[] = [];
  for (const token of tokens) {
    const before = simple.at(-1);
    if (before && before.times !== '' && token.times !== '' && isSame(before, token)) {
      const times = before.times === '+' || token.times === '+' ? '+' : '*';
      simple[simple.length - 1] = { ...before, times };
    } else {
      simple.push(token);
    }
  }
  return simple;
}

function isSame({ characters: a }: Token, { characters: b }: Token): boolean {
  if (!a || !b) return a === b;
  return a.size === b.size && [...a].every((character) => b.has(character));
}

function tokenize(text: string): Glob {
  const runes = runesOf(text);
  within(runes.length, builtinLimits.pattern, 'characters of a glob');
  const tokens: Token[] = [];
  for (let at = 0; at < runes.length;) {
    const [characters, next] = readCharacters(runes, at);
    const times = runes[next];
    const repeats = times === '+' || times === '*';
    tokens.push({ characters, times: repeats ? times : '' });
    at = repeats ? next + 1 : next;
  }
  return tokens;
}

function readCharacters(
  runes: readonly string[],
  at: number,
): readonly [ReadonlySet<string> | undefined, number] {
  const rune = runes[at] ?? '';
  if (rune === '.') return [undefined, at + 1];
  if (rune === '[') return readClass(runes, at + 1);
  if (rune === ']' || rune === '+' || rune === '*')
    throw new OperandError(`a glob with ${rune} where none may be`);
  if (rune === '\\') return [new Set([escaped(runes, at)]), at + 2];
  return [new Set([rune]), at + 1];
}

function readClass(runes: readonly string[], from: number): readonly [ReadonlySet<string>, number] {
  const characters = new Set<string>();
  let before: string | undefined;
  for (let at = from; at < runes.length; at += 1) {
    const rune = runes[at] ?? '';
    if (rune === ']') return [characters, at + 1];
    if (rune === '-') {
      let last = runes[at + 1] ?? '';
      at += 1;
      if (last === '\\') [last, at] = [escaped(runes, at), at + 1];
      else if (last === ']' || last === '-') throw new OperandError('a range without an end');
      if (before === undefined || at >= runes.length - 1) throw new OperandError('half a range');
      addRange(characters, before, last);
      before = undefined;
    } else if (rune === '\\') {
      before = escaped(runes, at);
      characters.add(before);
      at += 1;
    } else {
      before = rune;
      characters.add(rune);
    }
  }
  throw new OperandError('a class without an end');
}

function addRange(characters: Set<string>, from: string, to: string): void {
  const [first, last] = [from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0];
  if (last < first) throw new OperandError('a range out of order');
  within(last - first, builtinLimits.members, 'characters of a range');
  for (let code = first; code <= last; code += 1) characters.add(String.fromCodePoint(code));
}

function escaped(runes: readonly string[], at: number): string {
  const rune = runes[at + 1];
  if (rune === undefined) throw new OperandError('a backslash at the end');
  return rune;
}
