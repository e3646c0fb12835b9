import type { ActRecord } from '../../audit/acts.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { openMemoryFile } from './memory-file.ts';

export interface RuleOptions<Rule extends { readonly until: EpochMs }> {
  /** The file that remembers what was told as open. */
  readonly file: string;
  readonly now: () => EpochMs;
  /** The rules that are in force at a time. */
  readonly openAt: (now: EpochMs) => readonly Rule[];
  /** Whether what stands in the file is a rule. */
  readonly isRule: (value: unknown) => value is Rule;
  readonly opened: (rule: Rule, at: EpochMs) => ActRecord;
  readonly ended: (rule: Rule, at: EpochMs) => ActRecord;
}

export interface RuleActs {
  /** Answers the acts of what has opened and ended since the last time, by whichever process. */
  look(): readonly ActRecord[];
  /** Remembers for the next start what was told as open; only once those records are written. */
  save(): void;
}

/**
 * Tells the opening and the end of each rule that is in force for a time, once. What is open stands in a file beside
 * the log, so that a rule that is still open at the next start is not told again, and one that has ended meanwhile is.
 */
export function followRules<Rule extends { readonly until: EpochMs }>(options: RuleOptions<Rule>): RuleActs {
  const memory = openMemoryFile(options.file);
  const before = readRules(memory.before, options.isRule);
  const known = new Map(before.map((rule) => [canonicalJson(rule), rule]));
  return {
    look: () => {
      const now = options.now();
      const acts: ActRecord[] = [];
      const open = new Map(options.openAt(now).map((rule) => [canonicalJson(rule), rule]));
      for (const [key, rule] of open) {
        if (known.has(key)) continue;
        known.set(key, rule);
        acts.push(options.opened(rule, now));
      }
      for (const [key, rule] of known) {
        if (open.has(key)) continue;
        known.delete(key);
        acts.push(options.ended(rule, Math.min(now, rule.until)));
      }
      return acts;
    },
    save: () => memory.save(known.size === 0 ? '' : `${canonicalJson([...known.values()])}\n`),
  };
}

/** What cannot be read tells nothing: an open rule is then told again, which is too much and not too little. */
function readRules<Rule>(text: string, isRule: (value: unknown) => value is Rule): readonly Rule[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter(isRule) : [];
  } catch {
    return [];
  }
}
