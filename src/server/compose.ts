import { grpcBodiesOf } from '../api/ext-authz/compat/door.ts';
import type { PepResolver } from '../api/pep.ts';
import { createAttestation } from '../attestation/attestation.ts';
import type { AttestationUses } from '../attestation/replay-memory.ts';
import { configDigest } from '../config/digest.ts';
import type { Config } from '../config/types.ts';
import type { DecisionDeps } from '../decision/deps.ts';
import { createDecisionPoint } from '../decision/point.ts';
import { catalogueDigest } from '../decision/reasons.ts';
import type { DecisionPoint, Recorder } from '../decision/types.ts';
import { createIdentityResolver } from '../identity/resolver.ts';
import type { IdentityResolver } from '../identity/types.ts';
import { createFirmwareReader } from '../inventory/firmware/reader.ts';
import { createDelegationReader } from '../inventory/gateways/reader.ts';
import { createSharedBoard, readSharedKeys } from '../inventory/observed/board.ts';
import type { SharedBoard } from '../inventory/observed/board.ts';
import { createObservedMemory } from '../inventory/observed/memory.ts';
import type { ObservedMemory } from '../inventory/observed/memory.ts';
import { createInventoryReader } from '../inventory/reader.ts';
import { createSourceAges } from '../inventory/source-ages.ts';
import { sha256Hex } from '../lib/bytes.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { TrustedClock } from '../lib/trusted-time.ts';
import { asPortreeveError } from '../lib/errors.ts';
import type { PortreeveError } from '../lib/errors.ts';
import type { PolicyEngine } from '../policy/types.ts';
import { createHoldReader } from '../revocation/holds/reader.ts';
import { expectedPoints } from '../revocation/coverage.ts';
import { judgeRevocation } from '../revocation/judge.ts';
import { createOcspReader } from '../revocation/ocsp/reader.ts';
import { createRevocationReader } from '../revocation/reader.ts';
import type { FileEvent } from '../store/followed-file.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/types.ts';
import { bundleToRead, type BundleFile } from './bundles/bundle-file.ts';
import type { BundleOrigin } from './bundles/origin.ts';
import {
  anchorsDigest,
  crlIssuers,
  loadAuthorities,
  loadPeps,
  loadPolicy,
  namedAuthorities,
} from './loaded.ts';
import type { Authorities } from './loaded.ts';
import { readFiles } from './material.ts';
import type { Material } from './material.ts';
import { createIds } from './new-id.ts';
import { ocspResponders } from './ocsp/responders.ts';
import { program } from './program.ts';
import { createSeenPoints } from './worker/seen-points.ts';
import type { SeenPoints } from './worker/seen-points.ts';
import { loadVerifiers } from './verifiers.ts';

export interface ComposeOptions {
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** The clock that decisions go by; `clock` held against what the store knows of the time, where that is wanted. */
  readonly trusted: (store: Store) => TrustedClock;
  /** Workers and the command line only read; `read_write` makes a store that does not exist. */
  readonly mode: 'read_only' | 'read_write';
  /** The files' bytes where they were read before; else they are read now. */
  readonly material?: Material;
  /** One that it replaces: what that remembers of certificates goes on where the same CAs count in the same way. */
  readonly before?: Pick<Composition, 'authorities' | 'identity'>;
  /** Whose attestation results were seen, where that is to outlive a composition. */
  readonly attestationUses?: AttestationUses;
  /** Keys that are known to be shared, where that is to outlive a composition; else as the store has them. */
  readonly board?: SharedBoard;
  /** Told when another state file stands at the path, or none that can be used. */
  readonly onFile?: (event: FileEvent) => void;
}

/** Everything that decides, put together from one configuration; only its policy can be exchanged afterwards. */
export interface Composition {
  readonly config: Config;
  readonly point: DecisionPoint;
  readonly deps: DecisionDeps;
  readonly observed: ObservedMemory;
  /** Who may ask, and by which certificate each is known. */
  readonly peps: PepResolver;
  readonly authorities: Authorities;
  /** What is remembered of certificates, which depends on nothing but the trust set. */
  readonly identity: IdentityResolver;
  /** Bytes of the certificate files that it was made from, by path. */
  readonly certificates: Material['certificates'];
  /** Why the policy could not be loaded; decisions then deny with `policy.bundle_missing`. */
  readonly policyError: () => PortreeveError | undefined;
  /**
   * Puts another bundle in force between two decisions, under all else as it is; answers why not where it cannot be
   * loaded, which leaves the old one.
   */
  readonly usePolicy: (bundle: BundleFile) => Promise<PortreeveError | undefined>;
  /** Distribution points that its connections' certificates have named. */
  readonly seenPoints: SeenPoints;
  readonly readiness: () => Readiness;
  readonly inUse: () => InUse;
  readonly close: () => void;
}

export interface Readiness {
  readonly ready: boolean;
  /** What is missing: `policy`, `trust anchors`, `store`. */
  readonly missing: readonly string[];
}

/** What a decision point really decides by, digests SHA-256 hex: workers tell it, and the parent compares. */
export interface InUse {
  readonly configuration: string;
  readonly anchors: string;
  readonly bundle: string | null;
  /** As `Readiness` has it. */
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
  const material = options.material ?? readFiles(config);
  const { authorities, identity } = knowing(loadAuthorities(config, material.certificates), options.before);
  const { trust } = authorities;
  const verifiers = await loadVerifiers(config, material);
  refuseUnreadable(config);
  const responders = ocspResponders(config, authorities, material.certificates);
  const { clock, mode, onFile } = options;
  const { path } = config.state;
  const store = openStore({ path, mode, now: clock.now(), clock, ...(onFile && { onFile }) });
  let policy = await tryPolicy(config, options.material?.bundle ?? (await bundleToRead(config, store)));
  const revocation = createRevocationReader(store, {
    issuers: crlIssuers(authorities),
    expected: expectedPoints(config.revocation.coverage, namedAuthorities(authorities)),
  });
  const peps = loadPeps(config, material.certificates, (chain, now) =>
    store.snapshot(() => judgeRevocation(chain, revocation, now).findings),
  );
  const time = options.trusted(store);
  const observed = createObservedMemory(store, options.board ?? boardFrom(store, time.now(), config));
  const seenPoints = createSeenPoints(config.revocation.distribution_points.allow);
  const deps: DecisionDeps = {
    clock: time,
    config,
    program,
    trust,
    identity: seenPoints.watch(identity),
    store,
    revocation,
    ocsp: {
      responders,
      staplesCount: config.revocation.ocsp.stapled,
      reader: createOcspReader(store),
    },
    inventory: createInventoryReader(store),
    firmware: createFirmwareReader(store),
    delegations: createDelegationReader(store),
    sourceAges: createSourceAges(store),
    holds: createHoldReader(store),
    observed,
    attestation: createAttestation(verifiers, store, options.attestationUses),
    policy: () => policy.engine,
    policyOrigin: (engine) => origins.get(engine),
    policyError: () => policy.error,
    recorder: options.recorder,
    digests: {
      configuration: configDigest(config),
      anchors: anchorsDigest(authorities),
      classes: classesDigest(config),
      catalogue: catalogueDigest,
    },
    newId: createIds(clock),
  };
  readHolds(deps);
  return {
    config,
    point: createDecisionPoint(deps),
    deps,
    observed,
    peps,
    authorities,
    identity,
    certificates: material.certificates,
    policyError: () => policy.error,
    usePolicy: async (bundle) => {
      const next = await tryPolicy(config, bundle);
      if (next.engine || !policy.engine) policy = next;
      return next.error;
    },
    seenPoints,
    readiness: () => readinessOf(deps),
    inUse: () => inUseOf(deps),
    close: () => store.close(),
  };
}

/** The CAs with what is remembered of certificates under them; that of before where they are the same, name by name and rule by rule. */
function knowing(
  loaded: Authorities,
  before: ComposeOptions['before'],
): Pick<Composition, 'authorities' | 'identity'> {
  if (before?.authorities.trust.digest === loaded.trust.digest)
    return { authorities: { ...loaded, trust: before.authorities.trust }, identity: before.identity };
  const identity = createIdentityResolver(loaded.trust, { maxEntries: cachedCredentials });
  return { authorities: loaded, identity };
}

/** What doors read at their first call is read before there is one, so that a file which is none is told at once. */
function refuseUnreadable({ policy, compat }: Config): void {
  if (policy.compat !== null) grpcBodiesOf(compat);
}

/** Very many holds take some tenths of a second to read the first time: no decision waits for that. */
function readHolds({ holds, store }: DecisionDeps): void {
  try {
    store.snapshot(() => holds.any('default'));
  } catch {
    // Readiness tells of a store that cannot be read, and decisions try again.
    return;
  }
}

/** Shared keys as the store has them. */
function boardFrom(store: Store, now: EpochMs, config: Config): SharedBoard {
  const board = createSharedBoard();
  board.note(readSharedKeys(store, now - config.shared_use.window));
  return board;
}

/** SHA-256 (hex) of the class data as the policy sees it: `versions.classes`. */
export function classesDigest(config: Config): string {
  return sha256Hex(canonicalJson(config.classes));
}

/** Where each loaded policy comes from. */
const origins = new WeakMap<PolicyEngine, BundleOrigin>();

/** The policy, or why there is none. */
async function tryPolicy(
  config: Config,
  bundle: BundleFile,
): Promise<{ readonly engine?: PolicyEngine; readonly error?: PortreeveError }> {
  try {
    const engine = await loadPolicy(config, bundle);
    if ('bytes' in bundle) origins.set(engine, bundle.origin);
    return { engine };
  } catch (thrown) {
    return { error: asPortreeveError(thrown, 'PDP_BUNDLE_INVALID') };
  }
}

function inUseOf(deps: DecisionDeps): InUse {
  return {
    configuration: deps.digests.configuration,
    anchors: deps.digests.anchors,
    bundle: deps.policy()?.bundle.digest ?? null,
    missing: readinessOf(deps).missing,
  };
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
