import { glassAct } from '../audit/acts.ts';
import type { ActRecord, Writer } from '../audit/acts.ts';
import type { BreakGlassConfig, Config } from '../config/types.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import type { Clock } from '../lib/clock.ts';
import { openMemoryFile } from './memory-file.ts';

export interface GlassOptions {
  readonly writer: Writer;
  readonly clock: Clock;
  readonly config: () => Config;
  readonly log: (line: string) => void;
}

export interface GlassActs {
  /** Answers the acts of what has opened and ended since the last time, by whichever process. */
  look(): readonly ActRecord[];
  /** Remembers for the next start what was told as open; only once those records are written. */
  save(): void;
}

/**
 * Tells the opening and the end of each broken glass once. What is open stands in a file beside the log, so that a
 * glass that is still open at the next start is not told again, and one that has ended meanwhile is.
 */
export function followGlass(options: GlassOptions): GlassActs {
  const { writer, clock, log } = options;
  const memory = openMemoryFile(`${options.config().audit.path}.glass`);
  const known = new Map(readGlasses(memory.before).map((glass) => [canonicalJson(glass), glass]));
  return {
    look: () => {
      const now = clock.now();
      const acts: ActRecord[] = [];
      const open = new Map(openAt(options.config(), now).map((glass) => [canonicalJson(glass), glass]));
      for (const [key, glass] of open) {
        if (known.has(key)) continue;
        known.set(key, glass);
        acts.push(glassAct(writer, 'break_glass_opened', glass, now));
        log(`glass broken by ${glass.who}: ${glass.why}`);
      }
      for (const [key, glass] of known) {
        if (open.has(key)) continue;
        known.delete(key);
        acts.push(glassAct(writer, 'break_glass_ended', glass, Math.min(now, glass.until)));
        log(`glass broken by ${glass.who} has ended`);
      }
      return acts;
    },
    save: () => memory.save(known.size === 0 ? '' : `${canonicalJson([...known.values()])}\n`),
  };
}

function openAt(config: Config, now: number): readonly BreakGlassConfig[] {
  return config.enforcement.break_glass.filter((glass) => glass.since <= now && now < glass.until);
}

/** What cannot be read tells nothing: an open glass is then told again, which is too much and not too little. */
function readGlasses(text: string): readonly BreakGlassConfig[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter(isGlass) : [];
  } catch {
    return [];
  }
}

function isGlass(value: unknown): value is BreakGlassConfig {
  if (typeof value !== 'object' || value === null) return false;
  const glass = value as Partial<Record<keyof BreakGlassConfig, unknown>>;
  return (
    [glass.reasons, glass.classes, glass.devices].every(Array.isArray) &&
    typeof glass.who === 'string' &&
    typeof glass.why === 'string' &&
    Number.isFinite(glass.since) &&
    Number.isFinite(glass.until)
  );
}
