import { keptInAny } from '../../audit/kept.ts';
import type { AuditRecord } from '../../audit/record.ts';
import { openingsBeside } from '../../audit/redact/openings.ts';
import { restore } from '../../audit/redact/restore.ts';
import type { Config } from '../../config/types.ts';
import type { Difference } from '../../decision/differences.ts';
import type { Kept } from '../../decision/replay.ts';
import { parseBundle } from '../../policy/bundle.ts';
import type { PolicyWanted } from '../../policy/dialect.ts';
import { createPolicyEngine } from '../../policy/engine.ts';
import type { ClassRules, PolicyEngine } from '../../policy/types.ts';
import { parseCrl, type ParsedCrl } from '../../revocation/parse-crl.ts';
import { program } from '../../server/program.ts';
import { keptAnchors, type KeptAnchors } from './kept-anchors.ts';
import { unlessOther } from './unless-other.ts';

/** What a record's digests name, as far as it was kept. */
export interface Gathered {
  /** The record with what it hides, as far as that is kept beside it. */
  readonly record: AuditRecord;
  readonly parts: Kept;
  readonly missing: readonly string[];
  /** Where what was kept does not belong together. */
  readonly differences: readonly Difference[];
}

/** Policies, anchors and configurations that are held at once. */
const mostHeld = 32;

/**
 * Makes the function that gathers what records name by digest: from folders of what servers keep, and from bundles that
 * are given beside it, by their digests. What many records name is read once. It throws PDP_AUDIT_UNAVAILABLE where
 * something kept is damaged or cannot be read.
 */
export function createGatherer(
  folders: readonly string[],
  given: ReadonlyMap<string, Uint8Array> = new Map(),
): (record: AuditRecord) => Promise<Gathered> {
  const crl = crlsIn(folders);
  const configs = remembering((digest: string) => keptConfig(folders, digest));
  const classesOf = remembering((digest: string) => keptJson<Record<string, ClassRules>>(folders, digest));
  const engines = remembering((key: string) => {
    const [bundle, classes, configuration] = key.split(' ', 3) as [string, string, string];
    const [bytes, rules] = [given.get(bundle) ?? keptInAny(folders, bundle), classesOf(classes)];
    if (!bytes || !rules) return Promise.resolve(undefined);
    return loadEngine(bytes, rules, configs(configuration)?.policy).catch(() => undefined);
  });
  const openings = openingsBeside(folders);
  const anchors = new Map<string, KeptAnchors>();
  const anchorsOf = (record: AuditRecord, settings: Config | undefined): KeptAnchors => {
    const key = `${record.versions.anchors} ${record.versions.configuration}`;
    const known = anchors.get(key) ?? keptAnchors(record.versions, settings, folders);
    if (anchors.size >= mostHeld) anchors.clear();
    anchors.set(key, known);
    return known;
  };
  return async (record) => {
    const { bundle, configuration, classes } = record.versions;
    const settings = configs(configuration);
    const found = anchorsOf(record, settings);
    const missing = classesOf(classes) === undefined && record.input !== null ? [`classes ${classes}`] : [];
    const engine = bundle === null ? undefined : await engines(`${bundle} ${classes} ${configuration}`);
    return {
      record: record.redacted ? restore(record, openings.of(record.decision_id, record.time)) : record,
      parts: { engine, settings, trust: found.trust, crl, program },
      missing: [...missing, ...found.missing],
      differences: found.differences,
    };
  };
}

function remembering<Value>(find: (key: string) => Value): (key: string) => Value {
  const known = new Map<string, Value>();
  return (key) => {
    if (known.has(key)) return known.get(key) as Value;
    const value = find(key);
    if (known.size >= mostHeld) known.clear();
    known.set(key, value);
    return value;
  };
}

/** The kept CRL of a digest, read once. */
function crlsIn(folders: readonly string[]): Kept['crl'] {
  const read = new Map<string, ParsedCrl | undefined>();
  return (digest) => {
    if (!read.has(digest)) {
      const bytes = keptInAny(folders, digest);
      read.set(digest, bytes && unlessOther(() => parseCrl(bytes)));
    }
    return read.get(digest);
  };
}

/** What older programs kept does not say which kind of policy it wants: the bundle's word counts. */
async function loadEngine(
  bytes: Uint8Array,
  classes: Record<string, ClassRules>,
  policy: Partial<PolicyWanted> | undefined,
): Promise<PolicyEngine> {
  const { compat, path } = policy ?? {};
  const wanted = compat !== undefined && path !== undefined ? { compat, path } : undefined;
  return createPolicyEngine(parseBundle(bytes), { classes, ...(wanted && { wanted }) });
}

/** A kept configuration; undefined where the digest names something else that was kept. */
function keptConfig(folders: readonly string[], digest: string): Config | undefined {
  const config = keptJson<Partial<Config>>(folders, digest);
  return config?.enforcement && config.trust && config.audit ? (config as Config) : undefined;
}

/** JSON that this program wrote and whose digest was just checked. */
function keptJson<T extends object>(folders: readonly string[], digest: string): T | undefined {
  const bytes = keptInAny(folders, digest);
  return bytes && unlessOther(() => JSON.parse(new TextDecoder().decode(bytes)) as T);
}
