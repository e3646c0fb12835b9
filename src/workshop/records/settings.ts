import { keptInAny } from '../../audit/kept.ts';
import type { Config } from '../../config/types.ts';
import { isObject } from '../../policy/is-object.ts';

/** The part of a configuration that decisions on recorded facts depend on. */
export type DecidingSettings = Pick<Config, 'classes' | 'enforcement'>;

/** Where the settings of records come from. Plain data: it crosses from one thread to another. */
export interface SettingsSources {
  /** What a sample brought along, by the digest of the configuration. */
  readonly carried: Readonly<Record<string, DecidingSettings>>;
  /** Folders of what servers keep by digest. */
  readonly keptFolders: readonly string[];
  /** What stands for settings that are not to be had otherwise; null where nothing does. */
  readonly given: DecidingSettings | null;
}

export interface FoundSettings {
  readonly settings: DecidingSettings;
  /** They are those of another configuration than the record names. */
  readonly presumed: boolean;
}

/**
 * Makes the function that finds the settings that a record was decided under, by the digest of its configuration: those
 * that a sample carries, else those that the server keeps, else those that are given. Undefined where there are none.
 * Throws PDP_AUDIT_UNAVAILABLE where what is kept is damaged or cannot be read.
 */
export function settingsReader({
  carried,
  keptFolders,
  given,
}: SettingsSources): (configuration: unknown) => FoundSettings | undefined {
  const known = new Map<string, FoundSettings | undefined>();
  const presumed = given === null ? undefined : { settings: given, presumed: true };
  const find = (digest: string): FoundSettings | undefined => {
    const own = Object.hasOwn(carried, digest) ? carried[digest] : keptSettings(keptFolders, digest);
    return own ? { settings: own, presumed: false } : presumed;
  };
  return (configuration) => {
    // Records are untrusted: what is no digest names nothing.
    if (typeof configuration !== 'string' || !/^[0-9a-f]{64}$/.test(configuration)) return presumed;
    if (!known.has(configuration)) known.set(configuration, find(configuration));
    return known.get(configuration);
  };
}

function keptSettings(folders: readonly string[], digest: string): DecidingSettings | undefined {
  const bytes = keptInAny(folders, digest);
  return bytes && readSettings(parsed(bytes));
}

/** A record may name something else that was kept. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The settings of what may be a configuration; undefined where it is none. */
export function readSettings(value: unknown): DecidingSettings | undefined {
  if (!isObject(value)) return undefined;
  const { classes, enforcement } = value;
  if (!isObject(classes) || !isObject(enforcement)) return undefined;
  if (!Array.isArray(enforcement['observe']) || !Array.isArray(enforcement['break_glass'])) return undefined;
  return { classes, enforcement } as unknown as DecidingSettings;
}
