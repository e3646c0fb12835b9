/**
 * The state of a case made real: a store filled by real imports, a configuration file that was loaded as any other,
 * the composition that a worker runs, and for every PEP that asks a gRPC server on a Unix socket of its own. Each
 * distinct state is made once in a run. Nothing is a stand-in but the wall clock.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, ServerCredentials, credentials } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';
import { createGrpcServer } from '../../src/api/grpc-server.ts';
import { openNdjsonLog } from '../../src/audit/ndjson-log.ts';
import { buildRecord, recordBytes } from '../../src/audit/record.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/types.ts';
import { concludeAgain } from '../../src/decision/replay.ts';
import type { Replay } from '../../src/decision/replay.ts';
import type { DecisionPoint, MadeDecision, Recorder } from '../../src/decision/types.ts';
import { canonicalJson } from '../../src/lib/canonical-json.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Clock, EpochMs } from '../../src/lib/clock.ts';
import { unquestioned } from '../../src/lib/trusted-time.ts';
import type { TrustedClock } from '../../src/lib/trusted-time.ts';
import { parseCrl } from '../../src/revocation/parse-crl.ts';
import { composeDecision } from '../../src/server/compose.ts';
import type { Composition } from '../../src/server/compose.ts';
import { openStore } from '../../src/store/open.ts';
import { faultyBundle, noteBundleRead } from './case-bundles.ts';
import { patched } from '../../src/workshop/cases/merge.ts';
import { authority, fleetTime } from './case-certificates.ts';
import { fleet } from './case-files.ts';
import { damageStore, fillStore } from './case-store.ts';
import { publishedKeys } from './case-tokens.ts';
import type { Case } from './case-types.ts';
import { nestedRanges, policies, policyFile } from './policies.ts';
import type { Document } from './world-document.ts';

export interface CaseWorld {
  readonly config: Config;
  readonly configFile: string;
  /** SHA-256 of it is `versions.bundle`; undefined where none could be loaded. */
  readonly bundle: string | undefined;
  setTime(now: EpochMs): void;
  /** Every decision that was answered, whole, and every one that was recorded. */
  readonly answered: MadeDecision[];
  readonly recorded: MadeDecision[];
  /** Concludes a record again by what the world is made of. */
  replay(record: AuditRecord): Replay;
  /** A client of the server on which this PEP asks. */
  client(pep: string): Promise<Client>;
  close(): void;
}

const worlds = new Map<string, Promise<CaseWorld>>();

/** The world of a case's state, made at its first use. */
export function worldOf({ state = {}, fault }: Pick<Case, 'state' | 'fault'>): Promise<CaseWorld> {
  const key = canonicalJson({ state, ...(fault !== undefined && { fault }) });
  const known = worlds.get(key) ?? makeCaseWorld({ state, ...(fault !== undefined && { fault }) });
  worlds.set(key, known);
  return known;
}

/** How far the machine's clock of `clock_behind` is behind the kept time, which is the time of the case. */
const behindMs = 3_600_000;

/** A machine whose clock went back: the time of the case is the kept time, and was right an hour ago. */
function behind(clock: Clock): TrustedClock {
  const standing = () => ({
    system: clock.now() - behindMs,
    kept: clock.now(),
    confirmed: clock.now() - behindMs,
  });
  return { ...unquestioned(clock), standing };
}

/** Ends everything that was made. */
export async function closeWorlds(): Promise<void> {
  for (const made of await Promise.allSettled(worlds.values()))
    if (made.status === 'fulfilled') made.value.close();
  worlds.clear();
}

async function makeCaseWorld(of: Pick<Case, 'state' | 'fault'>): Promise<CaseWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'pr-case-'));
  const configFile = await writeFiles(folder, of);
  const config = loadConfig(configFile, fleetTime);
  const crls = await fillStore(config.state.path, of);
  if (config.policy.max_age !== null && config.policy.bundle !== null)
    noteBundle(config.state.path, config.policy.bundle);
  const clock = settableClock();
  const answered: MadeDecision[] = [];
  const recorded: MadeDecision[] = [];
  const recorder = recorderFor(of.fault, recorded);
  const composed = await composeDecision(config, {
    ...{ recorder, clock, mode: 'read_only' as const },
    trusted: () => (of.fault === 'clock_behind' ? behind(clock) : unquestioned(clock)),
  });
  if (of.fault === 'store_damaged') damageStore(config.state.path);
  const point = rememberingPoint(composed.point, answered);
  const doors = new Map<string, { readonly server: Server; readonly client: Client }>();
  return {
    config,
    configFile,
    bundle: composed.deps.policy()?.bundle.digest,
    setTime: (now) => clock.set(now),
    answered,
    recorded,
    replay: (record) =>
      concludeAgain(record, {
        engine: composed.deps.policy(),
        settings: config,
        trust: composed.deps.trust,
        crl: (digest) => {
          const der = crls.get(digest);
          return der && parseCrl(der);
        },
        program: composed.deps.program,
      }),
    client: async (pep) => {
      const known = doors.get(pep) ?? (await openDoor(pep, { folder, composed, point, clock }));
      doors.set(pep, known);
      return known.client;
    },
    close: () => {
      for (const { server, client } of doors.values()) {
        client.close();
        server.forceShutdown();
      }
      composed.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Behind {
  readonly folder: string;
  readonly composed: Composition;
  readonly point: DecisionPoint;
  readonly clock: Clock;
}

async function openDoor(pep: string, { folder, composed, point, clock }: Behind) {
  const address = `unix:${join(folder, `${pep}.sock`)}`;
  const listener = { name: pep, address, pep, tls: null, insecure: false };
  const { config, peps } = composed;
  const server = createGrpcServer({
    point,
    config,
    listener,
    peps,
    clock,
    ready: () => composed.readiness().ready,
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return { server, client: new Client(address, credentials.createInsecure()) };
}

async function writeFiles(folder: string, of: Pick<Case, 'state' | 'fault'>): Promise<string> {
  mkdirSync(join(folder, 'ca'));
  for (const name of Object.keys(fleet.authorities))
    writeFileSync(join(folder, 'ca', `${name}.pem`), (await authority(name)).pem);
  mkdirSync(join(folder, 'verifiers'));
  for (const name of Object.keys(fleet.verifiers))
    writeFileSync(join(folder, 'verifiers', `${name}.jwks`), await publishedKeys(name));
  const document = patched(fleet.configuration, of.state?.configuration ?? {}) as Document;
  const bundle = bundleFile(folder, of);
  if (bundle !== undefined) document['policy'] = { bundle };
  const wrong = faultyBundle(folder, of.fault);
  if (wrong) document['policy'] = wrong;
  if (of.fault === 'policy_slow')
    document['server'] = { ...(document['server'] as Document), budget: '400ms' };
  const file = join(folder, 'portreeve.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(document, null, 2));
  return file;
}

function noteBundle(path: string, bundle: string): void {
  const store = openStore({ path, mode: 'read_write', now: fleetTime });
  noteBundleRead(store, bundle, fleetTime);
  store.close();
}

/** The policy in place of the default one; undefined where the default is meant. */
function bundleFile(folder: string, of: Pick<Case, 'state' | 'fault'>): string | undefined {
  if (of.fault === 'bundle_missing') return halfBundle(folder);
  const rego = regoOf(of);
  return rego === undefined ? undefined : policyFile(rego, fleet.reasons);
}

/** The Rego in place of the default policy; undefined where the default is meant. */
export function regoOf({ state, fault }: Pick<Case, 'state' | 'fault'>): string | undefined {
  const rego = state?.policy === undefined ? faulty(fault) : fleet.policies[state.policy];
  if (rego === undefined && state?.policy !== undefined)
    throw new Error(`the fleet has no policy ${state.policy}`);
  return rego;
}

function faulty(fault: string | undefined): string | undefined {
  if (fault === 'policy_undefined') return policies.undefined;
  if (fault === 'policy_trap') return policies.trap;
  if (fault === 'policy_answers_nonsense') return policies.unknownReason;
  // More than a second on the fastest machines; that world's budget is 0.4 s, enough for all else on the slowest.
  return fault === 'policy_slow' ? nestedRanges(300) : undefined;
}

/** The default bundle as a copy that was cut short leaves it. */
function halfBundle(folder: string): string {
  const whole = readFileSync(join(import.meta.dirname, '../../rego/bundle/portreeve.tar.gz'));
  const file = join(folder, 'half.tar.gz');
  writeFileSync(file, whole.subarray(0, whole.length / 2));
  return file;
}

/** Wall-clock time stands where the case puts it; deadlines run in real time. */
function settableClock(): Clock & { set(now: EpochMs): void } {
  let now = fleetTime;
  return {
    now: () => now,
    monotonic: () => systemClock.monotonic(),
    set: (to) => {
      now = to;
    },
  };
}

/** Remembers, after what the fault leaves of the real log: a file on a volume that is full. */
function recorderFor(fault: string | undefined, recorded: MadeDecision[]): Recorder {
  const log =
    fault === 'audit_log_full'
      ? openNdjsonLog({ path: '/dev/full', rotateBytes: 1 << 20, keep: 1 })
      : undefined;
  return {
    append: async (made) => {
      await log?.append([recordBytes(buildRecord(made))]);
      recorded.push(made);
    },
  };
}

function rememberingPoint(point: DecisionPoint, answered: MadeDecision[]): DecisionPoint {
  return {
    decide: async (built, timing) => {
      const made = await point.decide(built, timing);
      answered.push(made);
      return made;
    },
  };
}
