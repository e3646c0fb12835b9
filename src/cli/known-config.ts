import { inspectConfig, loadConfig } from '../config/load.ts';
import type { Inspection } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import type { Config } from '../config/types.ts';
import type { Clock } from '../lib/clock.ts';
import { clockAgainstStore } from '../server/time/known-time.ts';
import { openStore } from '../store/open.ts';

/**
 * The effective configuration of a file, its ends judged as `inspectKnownConfig` says. Throws PDP_CONFIG_INVALID with all
 * problems, PDP_FORMAT_NEWER.
 */
export function loadKnownConfig(file: string, clock: Clock): Config {
  const { file: path, config, problems } = inspectKnownConfig(file, clock);
  if (!config) throw new ConfigError(path, problems);
  return config;
}

/**
 * Everything that is wrong with a configuration file, its ends judged by the clock; where that refuses it and is itself
 * behind the time that the state has kept (a machine that boots in 1970 takes each end for too far away), by the kept
 * time. Throws PDP_CONFIG_INVALID where the file cannot be read, PDP_FORMAT_NEWER.
 */
export function inspectKnownConfig(file: string, clock: Clock): Inspection {
  const inspected = inspectConfig(file, clock.now());
  if (inspected.config || !inspected.readable) return inspected;
  const known = keptTime(file, clock);
  return known === undefined ? inspected : inspectConfig(file, known);
}

/** The time that the state has kept, where the clock is behind it; undefined where nobody can say. */
function keptTime(file: string, clock: Clock): number | undefined {
  try {
    // No end is too far away at the end of time, and nothing is used of this but where the state is.
    const { state, time } = loadConfig(file, Infinity);
    const store = openStore({ path: state.path, mode: 'read_only', now: clock.now() });
    try {
      const trusted = clockAgainstStore(store, clock, time);
      return trusted.standing() === null ? undefined : trusted.now();
    } finally {
      store.close();
    }
  } catch {
    // The refusal by the clock says what is wrong.
    return undefined;
  }
}
