import type { Bundle } from '../../policy/bundle.ts';
import type { PolicyEngine, PolicyInput } from '../../policy/types.ts';

/**
 * Evaluates the policy once over an input that says nothing. What it answers does not matter, nor whether it does: an
 * author's policy may break off over such an input. But one that never ends shows so here, and not in a worker.
 */
export function probe(engine: PolicyEngine, { inputKeys = [] }: Pick<Bundle, 'inputKeys'>): void {
  const nothing = Object.fromEntries(inputKeys.map((key) => [key, null]));
  try {
    engine.evaluate(nothing as unknown as PolicyInput);
  } catch {
    return;
  }
}
