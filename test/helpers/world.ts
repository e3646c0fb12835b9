/**
 * A small, real world to decide in: CAs, CRLs and devices in a store of its own, the default policy bundle, a
 * configuration file that was loaded as any other, and a decision point with a clock that stands still and a
 * recorder that remembers. Nothing in it is a stand-in but the clock and the recorder.
 *
 *     const world = await makeWorld();
 *     t.teardown(world.close);
 *     const made = await world.decide(world.connect({ shows: await world.leaf('meter/1') }));
 *     t.is(made.decision.outcome, 'allow');
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCrl } from '../../src/ca/index.ts';
import type { Authority, CrlOptions, Leaf, LeafOptions } from '../../src/ca/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { unquestioned } from '../../src/lib/trusted-time.ts';
import type { Config } from '../../src/config/types.ts';
import { buildContext } from '../../src/context/build.ts';
import type { ConnectionContext, ContextResult, Pep, RawConnection } from '../../src/context/types.ts';
import type { DecisionDeps } from '../../src/decision/deps.ts';
import { createDecisionPoint } from '../../src/decision/point.ts';
import type { CallTiming, MadeDecision, Recorder } from '../../src/decision/types.ts';
import { setStatus } from '../../src/inventory/edit.ts';
import type { DeviceStatus } from '../../src/inventory/types.ts';
import type { EpochMs } from '../../src/lib/clock.ts';
import { importCrl } from '../../src/revocation/import-crl.ts';
import { composeDecision } from '../../src/server/compose.ts';
import { gathered } from './crl-stream.ts';
import { fakeClock } from './fake-clock.ts';
import type { FakeClock } from './fake-clock.ts';
import { importRows } from './inventory.ts';
import type { Fields } from './inventory.ts';
import { rawConnection } from './world-connection.ts';
import type { Connection } from './world-connection.ts';
import { worldDocument } from './world-document.ts';
import type { Document } from './world-document.ts';
import { deviceId, hour, makeLeaf, makePki } from './world-pki.ts';
import type { CaName, WorldPki } from './world-pki.ts';

export { firmware, worldDocument } from './world-document.ts';
export { day, deviceId, hour } from './world-pki.ts';

/** 2026-06-01T12:00:00Z, a Monday: the world's time until it is told otherwise. */
export const worldTime: EpochMs = Date.UTC(2026, 5, 1, 12);

export interface WorldOptions {
  readonly now?: EpochMs;
  /** Changes the configuration document before it is written and loaded. */
  readonly configure?: (document: Document) => void;
  /** Writes further files beside the configuration, before it is loaded. */
  readonly files?: (folder: string) => void;
  /** Devices beside those of `worldDevices`; a row with the same id replaces it. */
  readonly devices?: readonly Fields[];
  /** Changes the CRL of a CA (fresh, empty and numbered 1 otherwise); `null` leaves it out. */
  readonly crls?: Partial<Record<CaName, Partial<CrlOptions> | null>>;
}

/** Who asks, what for, in a few words: the `envoy` PEP at the native door unless told otherwise. */
export type Asked = Omit<Connection, 'pep'> & { readonly pep?: string | Pep };

export interface World {
  readonly folder: string;
  readonly configFile: string;
  readonly config: Config;
  readonly clock: FakeClock;
  readonly pki: WorldPki;
  /** The certificate that the inventory binds camera/1 to; every other leaf is issued by the test that needs it. */
  readonly cameraLeaf: Leaf;
  readonly deps: DecisionDeps;
  /** Decisions that were recorded, oldest first. */
  readonly records: readonly MadeDecision[];
  /** Makes recording fail with this until it is called with undefined. */
  failRecording(thrown: unknown): void;
  /** Issues a leaf: under the CA of its kind (`meter/…` → meters), else under `issuer`. */
  leaf(name: string, options?: Partial<LeafOptions> & { readonly issuer?: CaName }): Promise<Leaf>;
  /** A PEP of the configuration as a listener would establish it, with changes. */
  pep(name: string, changes?: Partial<Pep>): Pep;
  connect(asked: Asked): RawConnection;
  /** Imports the next CRL of a CA; by default empty, an hour old and good for another 23. */
  importCrl(ca: CaName, options?: Partial<CrlOptions>): Promise<void>;
  /** The DER of a CRL that was imported, by its digest. */
  crlBytes(digest: string): Uint8Array | undefined;
  importDevices(rows: readonly Fields[]): Promise<void>;
  setStatus(id: string, status: DeviceStatus): void;
  /** Decides with what the world is made of, or with parts of it replaced. */
  decide(
    asked: RawConnection | ConnectionContext | ContextResult,
    how?: { readonly timing?: Partial<CallTiming>; readonly deps?: Partial<DecisionDeps> },
  ): Promise<MadeDecision>;
  /** Closes the store and removes the folder. */
  readonly close: () => void;
}

/** Devices that are always there; ids are SPIFFE ids but for the appliance's. */
export function worldDevices(cameraLeaf: Leaf): readonly Fields[] {
  const meter = (name: string, fields: Fields = {}): Fields => ({
    device_id: deviceId(`meter/${name}`),
    status: 'active',
    class: 'meter',
    ...fields,
  });
  return [
    meter('1', {
      owner: 'Grid West',
      site: 'nantes',
      tags: ['rooftop'],
      serial: 'SN-0001',
      entitlements: ['clock:read'],
      attributes: { region: 'west' },
    }),
    meter('new', { status: 'pre_provisioned' }),
    meter('disabled', { status: 'disabled' }),
    meter('quarantined', { status: 'quarantined' }),
    meter('lost', { status: 'lost' }),
    meter('decommissioned', { status: 'decommissioned' }),
    meter('classless', { class: 'unheard-of' }),
    {
      device_id: deviceId('camera/1'),
      status: 'active',
      class: 'camera',
      certificates: [cameraLeaf.fingerprint],
    },
    { device_id: deviceId('gateway/1'), status: 'active', class: 'gateway' },
    { device_id: deviceId('gateway/disabled'), status: 'disabled', class: 'gateway' },
    { device_id: 'edge', status: 'active', class: 'gateway' },
    {
      device_id: deviceId('sensor/1'),
      status: 'active',
      class: 'sensor',
      serial: 'SN-9001',
      gateways: [deviceId('gateway/1'), deviceId('gateway/disabled'), 'edge'],
    },
  ];
}

/** CAs whose CRLs the world has from its beginning. */
const crlIssuers: readonly CaName[] = ['fleet', 'meters', 'cameras', 'gateways', 'retired', 'unlisted'];

/** Builds the world in a temporary folder; takes some tenths of a second. */
export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  const now = options.now ?? worldTime;
  const clock = fakeClock(now);
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-world-'));
  const pki = await makePki(now);
  const configFile = writeFiles(folder, pki, options);
  const config = loadConfig(configFile, now);
  const recorder = rememberingRecorder();
  const composed = await composeDecision(config, {
    ...{ recorder, clock, mode: 'read_write' as const },
    trusted: () => unquestioned(clock),
  });
  const { deps } = composed;
  const cameraLeaf = await makeLeaf(pki.cameras, 'camera/1', now);
  const crls = new Map<string, Uint8Array>();
  const numbers = new Map<CaName, number>();

  const world: World = {
    folder,
    configFile,
    config,
    clock,
    pki,
    cameraLeaf,
    deps,
    records: recorder.records,
    failRecording: recorder.fail,
    leaf: (name, { issuer, ...rest } = {}) =>
      makeLeaf(pki[issuer ?? issuerOf(name)], name, clock.now(), rest),
    pep: (name, changes) => ({ ...pepOf(config, name), ...changes }),
    connect: (asked) => {
      const pep = typeof asked.pep === 'object' ? asked.pep : pepOf(config, asked.pep ?? 'envoy');
      return rawConnection({ ...asked, pep });
    },
    importCrl: async (ca, crl = {}) => {
      const number = (numbers.get(ca) ?? 0) + 1;
      numbers.set(ca, number);
      const times = { thisUpdate: clock.now() - hour, nextUpdate: clock.now() + 23 * hour };
      const { der } = await issueCrl(pki[ca], { number, revoked: [], ...times, ...crl });
      await importCrl(deps.store, {
        bytes: der,
        issuers: [...deps.trust.anchors, ...deps.trust.intermediates].map((it) => it.certificate),
        source: `${ca}.crl`,
        now: clock.now(),
        actor: 'operator',
        why: 'test',
        keep: async (digest, der) => void crls.set(digest, await gathered(der())),
      });
    },
    crlBytes: (digest) => crls.get(digest),
    importDevices: async (rows) => {
      await importRows(deps.store, rows, { now: clock.now(), whySaid: true });
    },
    setStatus: (id, status) => {
      const change = { tenant: 'default', actor: 'operator', why: 'test', now: clock.now() };
      setStatus(deps.store, { ...change, deviceId: id, status });
    },
    decide: (asked, how = {}) => {
      const arrived = clock.monotonic();
      const timing = { arrived, deadline: arrived + config.server.budget, ...how.timing };
      const point = how.deps ? createDecisionPoint({ ...deps, ...how.deps }) : composed.point;
      return point.decide(contextOf(asked, config), timing);
    },
    close: () => {
      composed.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await fill(world, options);
  return world;
}

/** CAs as PEM files and the configuration beside them. */
function writeFiles(folder: string, pki: WorldPki, { configure, files }: WorldOptions): string {
  files?.(folder);
  mkdirSync(join(folder, 'ca'));
  for (const [name, ca] of Object.entries<Authority>({ ...pki }))
    writeFileSync(join(folder, 'ca', `${name}.pem`), ca.pem);
  const document = worldDocument();
  configure?.(document);
  const file = join(folder, 'portreeve.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(document, null, 2));
  return file;
}

async function fill(world: World, { crls = {}, devices = [] }: WorldOptions): Promise<void> {
  const retired = {
    serial: world.pki.retired.serial,
    at: world.clock.now() - 2 * hour,
    reason: 'cACompromise',
  };
  for (const ca of crlIssuers) {
    const changes = crls[ca];
    if (changes === null || ca === 'unlisted') continue;
    await world.importCrl(ca, { revoked: ca === 'fleet' ? [retired] : [], ...changes });
  }
  const replaced = new Set(devices.map((row) => row['device_id']));
  const standing = worldDevices(world.cameraLeaf).filter((row) => !replaced.has(row['device_id']));
  await world.importDevices([...standing, ...devices]);
}

function rememberingRecorder() {
  const records: MadeDecision[] = [];
  let failure: { readonly thrown: unknown } | undefined;
  return {
    records,
    fail: (thrown: unknown) => {
      failure = thrown === undefined ? undefined : { thrown };
    },
    append: async (made: MadeDecision) => {
      if (failure) throw failure.thrown;
      records.push(made);
    },
  } satisfies Recorder & Record<string, unknown>;
}

/** `camera/7` is issued by `cameras`; kinds without a CA of their own by `meters`. */
function issuerOf(name: string): CaName {
  if (name.startsWith('camera/')) return 'cameras';
  if (name.startsWith('gateway/')) return 'gateways';
  return 'meters';
}

function pepOf(config: Config, name: string): Pep {
  const entry = config.peps.find((pep) => pep.name === name);
  if (!entry) throw new Error(`the world has no PEP ${name}`);
  return {
    name,
    tenant: entry.tenant,
    ...(entry.site !== null && { site: entry.site }),
    ...(entry.zone !== null && { zone: entry.zone }),
    authenticated_by: 'plaintext',
    may_assert_devices: entry.may_assert_devices,
    may_send_xfcc: entry.may_send_xfcc,
    networks: entry.networks,
    trusted_hops: entry.trusted_hops,
  };
}

function contextOf(asked: RawConnection | ConnectionContext | ContextResult, config: Config): ContextResult {
  if ('ok' in asked) return asked;
  if ('custom' in asked) return { ok: true, context: asked };
  return buildContext(asked, config);
}
