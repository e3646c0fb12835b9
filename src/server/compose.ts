import { readFileSync } from 'node:fs';
import { createPepResolver } from '../api/pep.ts';
import type { PepResolver } from '../api/pep.ts';
import { configDigest } from '../config/digest.ts';
import type { Config } from '../config/types.ts';
import type { DecisionDeps } from '../decision/deps.ts';
import { createDecisionPoint } from '../decision/point.ts';
import { catalogueDigest } from '../decision/reasons.ts';
import type { DecisionPoint, Recorder } from '../decision/types.ts';
import { createIdentityResolver } from '../identity/resolver.ts';
import { buildTrustSet } from '../identity/trust.ts';
import type { TrustSet } from '../identity/types.ts';
import { createInventoryReader } from '../inventory/reader.ts';
import { sha256Hex } from '../lib/bytes.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import type { Clock } from '../lib/clock.ts';
import { PortreeveError, asPortreeveError, describeThrown } from '../lib/errors.ts';
import { readBundle } from '../policy/bundle.ts';
import { createPolicyEngine } from '../policy/engine.ts';
import type { PolicyEngine } from '../policy/types.ts';
import { createRevocationReader } from '../revocation/reader.ts';
import { openStore } from '../store/open.ts';
import { createIds } from './new-id.ts';
import { program } from './program.ts';

export interface ComposeOptions {
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** Workers and the command line only read; `read_write` makes a store that does not exist. */
  readonly mode: 'read_only' | 'read_write';
}

/** Everything that decides, put together from one configuration, and never changed afterwards. */
export interface Composition {
  readonly config: Config;
  readonly point: DecisionPoint;
  readonly deps: DecisionDeps;
  /** Who may ask, and by which certificate each is known. */
  readonly peps: PepResolver;
  /** Why the policy could not be loaded; decisions then deny with `policy.bundle_missing`. */
  readonly policyError: PortreeveError | undefined;
  readonly readiness: () => Readiness;
  readonly close: () => void;
}

export interface Readiness {
  readonly ready: boolean;
  /** What is missing: `policy`, `trust anchors`, `store`. */
  readonly missing: readonly string[];
}

/** Parsed and verified certificates that one worker remembers. */
const cachedCredentials = 20_000;

/**
 * Builds a decision point from a configuration: the one place that knows every room. A bundle that cannot be loaded
 * leaves a point that denies and says so; a store or anchors that cannot be loaded throw (PDP_STORE_UNAVAILABLE,
 * PDP_STORE_NEWER, PDP_CONFIG_INVALID), because without them not even a denial could be explained.
 */
export async function composeDecision(config: Config, options: ComposeOptions): Promise<Composition> {
  const trust = loadTrust(config);
  const peps = loadPeps(config);
  const policy = await loadPolicy(config);
  const store = openStore({
    path: config.state.path,
    mode: options.mode,
    now: options.clock.now(),
    clock: options.clock,
  });
  const deps: DecisionDeps = {
    clock: options.clock,
    config,
    program,
    trust,
    identity: createIdentityResolver(trust, { maxEntries: cachedCredentials }),
    store,
    revocation: createRevocationReader(store),
    inventory: createInventoryReader(store),
    policy: () => policy.engine,
    recorder: options.recorder,
    digests: {
      configuration: configDigest(config),
      anchors: trust.digest,
      classes: classesDigest(config),
      catalogue: catalogueDigest,
    },
    newId: createIds(options.clock),
  };
  return {
    config,
    point: createDecisionPoint(deps),
    deps,
    peps,
    policyError: policy.error,
    readiness: () => readinessOf(deps),
    close: () => store.close(),
  };
}

/** The anchors and intermediates of a configuration. Throws PDP_CONFIG_INVALID naming the entry or its file. */
export function loadTrust(config: Config): TrustSet {
  return buildTrustSet({
    anchors: config.trust.anchors.map((anchor) => ({
      name: anchor.name,
      certificate: readCertificateFile('trust anchor', anchor),
      profile: anchor.profile,
      revocation: {
        required: anchor.revocation.required,
        graceMs: anchor.revocation.grace,
        ...(anchor.revocation.max_age === null ? {} : { maxAgeMs: anchor.revocation.max_age }),
      },
      allowSha1: anchor.allow_sha1,
      allowSmallKeys: anchor.allow_small_keys,
      strict: anchor.strict,
    })),
    intermediates: config.trust.intermediates.map((intermediate) => ({
      name: intermediate.name,
      certificate: readCertificateFile('intermediate', intermediate),
    })),
  });
}

/** The PEPs of a configuration. Throws PDP_CONFIG_INVALID naming the entry. */
export function loadPeps(config: Config): PepResolver {
  const cas = config.trust.pep_cas.map((ca) => ({
    name: ca.name,
    certificate: readCertificateFile('PEP CA', ca),
  }));
  // One configured CA may stand below another one that an entry names.
  return createPepResolver({ peps: config.peps, cas, intermediates: cas });
}

/** SHA-256 (hex) of the class data as the policy sees it: `versions.classes`. */
export function classesDigest(config: Config): string {
  return sha256Hex(canonicalJson(config.classes));
}

function readCertificateFile(
  role: string,
  entry: { readonly name: string; readonly file: string },
): Uint8Array {
  try {
    return readFileSync(entry.file);
  } catch (thrown) {
    throw new PortreeveError(
      'PDP_CONFIG_INVALID',
      `${role} "${entry.name}": cannot read ${entry.file}: ${describeThrown(thrown)}`,
      { cause: thrown },
    );
  }
}

async function loadPolicy(
  config: Config,
): Promise<{ readonly engine?: PolicyEngine; readonly error?: PortreeveError }> {
  try {
    return {
      engine: await createPolicyEngine(readBundle(config.policy.bundle), { classes: config.classes }),
    };
  } catch (thrown) {
    return { error: asPortreeveError(thrown, 'PDP_BUNDLE_INVALID') };
  }
}

function readinessOf(deps: DecisionDeps): Readiness {
  const missing: string[] = [];
  if (!deps.policy()) missing.push('policy');
  if (deps.trust.anchors.length === 0) missing.push('trust anchors');
  try {
    deps.store.epochs();
  } catch {
    missing.push('store');
  }
  return { ready: missing.length === 0, missing };
}
