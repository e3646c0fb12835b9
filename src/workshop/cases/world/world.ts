import { createAttestationUses, type AttestationUses } from '../../../attestation/replay-memory.ts';
import type { Config } from '../../../config/types.ts';
import { createDecisionPoint } from '../../../decision/point.ts';
import type { DecisionPoint, MadeDecision, Recorder } from '../../../decision/types.ts';
import { parseCertificate } from '../../../identity/parse.ts';
import { importFirmware } from '../../../inventory/firmware/import.ts';
import { importDelegations } from '../../../inventory/gateways/import.ts';
import type { InventoryReader } from '../../../inventory/types.ts';
import { formatInstant, type Clock, type EpochMs } from '../../../lib/clock.ts';
import { PortreeveError } from '../../../lib/errors.ts';
import { unquestioned } from '../../../lib/trusted-time.ts';
import type { PolicyEngine } from '../../../policy/types.ts';
import { importCrl } from '../../../revocation/import-crl.ts';
import type { Store } from '../../../store/types.ts';
import type { ContextResult } from '../../../context/types.ts';
import { bytesOf, type Issuer, type RevokedEntry } from '../issue/issuer.ts';
import { moment } from '../moment.ts';
import type { CaseComposition, Compose } from '../types.ts';
import type { CrlWords, Words } from '../words.ts';
import { configurationOf, type CaseBundle } from './configuration.ts';
import type { Plan } from './plan.ts';

/** The state that cases with equal plans are decided in: the program's own composition over a store in memory. */
export interface World {
  readonly config: Config;
  readonly store: Store;
  /** DER of every authority, by name. */
  readonly authorities: ReadonlyMap<string, Uint8Array>;
  /** Decides with these devices alone in the inventory. */
  decide(built: ContextResult, now: EpochMs, inventory: InventoryReader): Promise<MadeDecision>;
  close(): void;
}

export interface WorldMaker {
  readonly compose: Compose;
  readonly clock: Clock;
  readonly issuer: Issuer;
  readonly bundle: CaseBundle;
  /** The policy for a configuration. Throws PDP_BUNDLE_INVALID. */
  readonly engine: (config: Config) => Promise<PolicyEngine>;
}

const hour = 3_600_000;
/** A decision is about one result. */
const mostUses = 8;
const recordNothing: Recorder = { append: () => Promise.resolve() };

/** No answer of a case is waited for at a door. */
const patienceMs = 60_000;

/**
 * Makes the world of a plan. `revoked` names, by authority, the certificates that its CRL has beside those of its words.
 * Throws what composing throws, and what the imports do.
 */
export async function makeWorld(
  plan: Plan,
  revoked: ReadonlyMap<string, readonly RevokedEntry[]>,
  { compose, clock, issuer, bundle, engine: load }: WorldMaker,
): Promise<World> {
  const made = await configurationOf(plan, issuer, bundle);
  const engine = await load(made.config);
  const uses = forgetfulUses();
  const time = settable(clock, plan.times.at);
  const composed = await compose(made.config, {
    ...{ recorder: recordNothing, clock: time, mode: 'read_write' },
    trusted: () => unquestioned(time),
    material: made.material,
    attestationUses: uses,
  });
  const { store } = composed.deps;
  await importCrls(store, plan, revoked, issuer, made.authorities);
  importCatalogues(store, plan, made.config);
  return {
    config: made.config,
    store,
    authorities: made.authorities,
    decide: (built, now, inventory) => {
      time.set(now);
      uses.forget();
      const arrived = clock.monotonic();
      return pointWith(composed, inventory, engine).decide(built, {
        arrived,
        deadline: arrived + patienceMs,
      });
    },
    close: composed.close,
  };
}

/** What was seen of attestation results in one decision is nothing to the next one. */
function forgetfulUses(): AttestationUses & { forget(): void } {
  let seen = createAttestationUses(mostUses);
  return {
    ownerOf: (statement) => seen.ownerOf(statement),
    newestOf: (device, verifier) => seen.newestOf(device, verifier),
    note: (use) => seen.note(use),
    stats: () => seen.stats(),
    forget: () => void (seen = createAttestationUses(mostUses)),
  };
}

function pointWith(
  { deps }: CaseComposition,
  inventory: InventoryReader,
  engine: PolicyEngine,
): DecisionPoint {
  return createDecisionPoint({ ...deps, inventory, policy: () => engine });
}

function settable(clock: Clock, from: EpochMs): Clock & { set(now: EpochMs): void } {
  let now = from;
  return { now: () => now, monotonic: () => clock.monotonic(), set: (to) => void (now = to) };
}

async function importCrls(
  store: Store,
  plan: Plan,
  revoked: ReadonlyMap<string, readonly RevokedEntry[]>,
  issuer: Issuer,
  authorities: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const issuers = [...authorities.values()].map((der) => parseCertificate(der));
  for (const name of new Set([...Object.keys(plan.authorities), ...Object.keys(plan.crls)])) {
    const words = plan.crls[name] ?? 'fresh';
    const bytes = await crlOf(name, words, plan, revoked.get(name) ?? [], issuer);
    if (!bytes) continue;
    await importCrl(store, {
      ...{ bytes, issuers, source: `${name}.crl`, now: plan.times.at },
      ...{ actor: 'policy test', why: 'the state of a case' },
    });
  }
}

async function crlOf(
  name: string,
  words: CrlWords,
  plan: Plan,
  revoked: readonly RevokedEntry[],
  issuer: Issuer,
): Promise<Uint8Array | undefined> {
  if (words === 'missing') return undefined;
  const { at } = plan.times;
  const described = typeof words === 'string' ? {} : words;
  if (described.file !== undefined) return bytesOf(described.file);
  const authority = plan.authorities[name];
  if (authority?.file !== undefined || authority?.ca === false) {
    if (!Object.hasOwn(plan.crls, name)) return undefined;
    throw new PortreeveError('PDP_CASES_INVALID', `crl: ${name} signs nothing here; give its CRL by file`);
  }
  const age = words === 'stale' ? 25 * hour : 0;
  return issuer.crl(name, plan.authorities, plan.times, {
    number: described.number ?? 1,
    thisUpdate: moment(described.this_update, at, at - hour - age),
    nextUpdate: moment(described.next_update, at, at + 23 * hour - age),
    revoked: [
      ...revoked,
      ...(described.revoked ?? []).map(({ serial, at: when, reason }) => ({
        serial,
        at: moment(when, at, at - hour),
        ...(reason !== undefined && { reason }),
      })),
    ],
  });
}

function importCatalogues(
  store: Store,
  { firmware, delegations, pep, times: { at } }: Plan,
  { peps }: Config,
): void {
  const asking = pep === undefined ? peps[0] : peps.find(({ name }) => name === pep);
  const act = {
    ...{
      tenant: asking?.tenant ?? 'default',
      actor: 'policy test',
      why: 'the state of a case',
      now: at - 24 * hour,
    },
    ...{ source: 'case', format: 'ndjson' as const },
  };
  if (firmware.length > 0) importFirmware(store, { bytes: ndjson(firmware, at), ...act });
  if (delegations.length > 0) importDelegations(store, { bytes: ndjson(delegations, at), ...act });
}

/** Ends are moments. */
function ndjson(rows: readonly Words[], at: EpochMs): Uint8Array {
  const lines = rows.map((row) =>
    JSON.stringify(
      Object.fromEntries(
        Object.entries(row).map(([name, value]) =>
          (name === 'until' || name === 'grace_until') && typeof value === 'string'
            ? [name, formatInstant(moment(value, at, at))]
            : [name, value],
        ),
      ),
    ),
  );
  return Buffer.from(lines.join('\n'));
}
