import type { Config } from '../config/types.ts';
import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import type { CustomFact, RawConnection } from './types.ts';
import { readSource } from './value-source.ts';

/**
 * The custom facts that the request itself carries; all of them are `claimed`. Inventory columns are added where the
 * device's record is known. A fact whose source is absent is absent.
 */
export function readCustom(
  raw: RawConnection,
  sources: Config['custom'],
): Record<string, CustomFact> | Refusal {
  const facts: Record<string, CustomFact> = {};
  const entries = Object.entries(sources);
  if (entries.length > limits.customFacts)
    return new Refusal('custom', `names more than ${limits.customFacts} facts`);
  for (const [name, source] of entries) {
    const value = readSource(raw, source, `custom.${name}`, limits.valueText);
    if (value instanceof Refusal) return value;
    if (value !== undefined) facts[name] = { origin: 'claimed', value };
  }
  return facts;
}
