import { hash } from 'node:crypto';

/** Terms that are held, so that frequent ones are worked out once. */
const mostHeld = 20_000;
const known = new Map<string, number>();

/**
 * The number of a field's value: 48 bits of SHA-256, which a double holds exactly. Two values may have the same; whoever
 * finds records by a term looks at the record itself.
 */
export function termOf(field: string, value: string): number {
  const text = `${field}\0${value}`;
  const held = known.get(text);
  if (held !== undefined) return held;
  const term = Number.parseInt(hash('sha256', text, 'hex').slice(0, 12), 16);
  if (known.size >= mostHeld) known.clear();
  known.set(text, term);
  return term;
}
