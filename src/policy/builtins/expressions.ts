import { RE2JS } from 're2js';
import { globsIntersect } from './globs.ts';
import { BuiltinLimitError, builtinLimits, within } from './limits.ts';
import { OperandError, smallIntAt, textAt } from './operands.ts';
import { expandTemplate } from './template.ts';
import type { BuiltinTable } from './types.ts';

/**
 * Regular expressions as OPA has them: RE2's syntax, leftmost-first, matched by re2js, in time proportional to the text.
 * JavaScript's own differ in syntax and meaning, and can be made to take exponential time.
 */
export const expressionBuiltins: BuiltinTable = {
  'regex.replace': (args) => {
    const [base, pattern, template] = [textAt(args, 0), textAt(args, 1), textAt(args, 2)];
    return replace(base, compile(pattern, base), template);
  },
  'regex.split': (args) => split(textAt(args, 1), textAt(args, 0)),
  'regex.find_n': (args) => {
    const [pattern, text, most] = [textAt(args, 0), textAt(args, 1), smallIntAt(args, 2)];
    return matches(compile(pattern, text), text, most).map(([whole]) => whole ?? '');
  },
  'regex.template_match': (args) => {
    const [template, text, start, end] = [textAt(args, 0), textAt(args, 1), textAt(args, 2), textAt(args, 3)];
    if (!isByte(start) || !isByte(end)) throw new OperandError('a delimiter that is not one character');
    return compile(templatePattern(template, start, end), text)
      .matcher(text)
      .find();
  },
  'regex.globs_match': (args) => globsIntersect(textAt(args, 0), textAt(args, 1)),
  'glob.quote_meta': (args) => textAt(args, 0).replace(/[?*\\[\]{}]/g, '\\$&'),
};

const compiled = new Map<string, RE2JS>();
const mostCompiled = 100;

/** Of the same few expressions each is compiled once. Throws OperandError where it is none. */
function compile(pattern: string, text: string): RE2JS {
  within(pattern.length, builtinLimits.pattern, 'characters of a regular expression');
  const known = compiled.get(pattern) ?? parse(pattern);
  // What repeats count as often as they repeat.
  within(known.programSize() * text.length, builtinLimits.patternTimesText, 'regular expression × text');
  if (!compiled.has(pattern)) {
    if (compiled.size >= mostCompiled) compiled.clear();
    compiled.set(pattern, known);
  }
  return known;
}

function parse(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    throw new OperandError('no regular expression', { cause });
  }
}

type Match = readonly (string | undefined)[] & { readonly start: number; readonly end: number };

/** The first matches that do not overlap, with their groups; an empty one right behind another does not count. */
function matches(pattern: RE2JS, text: string, most: number): readonly Match[] {
  const matcher = pattern.matcher(text);
  const found: Match[] = [];
  let before = -1;
  while ((most < 0 || found.length < most) && matcher.find()) {
    const [start, end] = [matcher.start(), matcher.end()];
    const abuts = start === end && start === before;
    before = end;
    if (abuts) continue;
    within(found.length, builtinLimits.members, 'matches');
    const groups = Array.from(
      { length: matcher.groupCount() + 1 },
      (_, index) => matcher.group(index) ?? undefined,
    );
    found.push(Object.assign(groups, { start, end }));
  }
  return found;
}

function replace(base: string, pattern: RE2JS, template: string): string {
  const names = pattern.namedGroups();
  let replaced = '';
  let from = 0;
  for (const match of matches(pattern, base, -1)) {
    replaced += base.slice(from, match.start) + expandTemplate(template, match, names);
    from = match.end;
    if (replaced.length > builtinLimits.resultCharacters)
      throw new BuiltinLimitError('a replacement too long');
  }
  return replaced + base.slice(from);
}

/** The texts between matches; a match of nothing at the very beginning parts nothing. */
function split(text: string, pattern: string): readonly string[] {
  const expression = compile(pattern, text);
  if (pattern !== '' && text === '') return [''];
  const parts: string[] = [];
  let [from, start] = [0, 0];
  for (const match of matches(expression, text, -1)) {
    start = match.start;
    if (match.end !== 0) parts.push(text.slice(from, start));
    from = match.end;
  }
  return start === text.length ? parts : [...parts, text.slice(from)];
}

/** The expression of a template whose parts between delimiters are expressions, all else itself. */
function templatePattern(template: string, open: string, close: string): string {
  let [pattern, from, depth, start] = ['^', 0, 0, 0];
  for (let at = 0; at < template.length; at += 1) {
    if (template[at] === open) {
      depth += 1;
      if (depth === 1) start = at;
    } else if (template[at] === close) {
      depth -= 1;
      if (depth < 0) throw new OperandError('unbalanced delimiters');
      if (depth > 0) continue;
      const part = template.slice(start + 1, at);
      parse(`^${part}$`);
      pattern += `${quoteMeta(template.slice(from, start))}(${part})`;
      from = at + 1;
    }
  }
  if (depth !== 0) throw new OperandError('unbalanced delimiters');
  return `${pattern}${quoteMeta(template.slice(from))}$`;
}

function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

function isByte(text: string): boolean {
  return text.length === 1 && text < '\u0080';
}
