import type { Config, InventorySourceConfig } from '../config/types.ts';
import type { ConnectionContext, Pep } from '../context/types.ts';
import type { DeviceRecord } from '../inventory/types.ts';
import { formatInstant, type EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import { isAhead } from '../revocation/freshness.ts';
import type { DecisionDeps } from './deps.ts';
import type { ExaminedCredential } from './facts-credential.ts';
import type { KnownGateway } from './facts-gateway.ts';
import type { Facts, InventoryStateFact, OfflineGrace } from './types.ts';

/** Who goes on while the state is old, as far as it is known. */
export interface Offline {
  readonly tenant: string;
  readonly pep: Pep;
  /** Whose record it is: its class and site say how long. */
  readonly record: DeviceRecord | undefined;
  /** Fingerprint of the certificate that it proved itself with; null where it did not. */
  readonly fingerprint: string | null;
}

/**
 * How long a device goes on with state that is older than its limit, and since when it has been known as it is now: its
 * record is as it was last changed, and the certificate was seen in an allowed connection. Null where its class has no
 * grace. Call within one `store.snapshot`.
 */
export function offlineGrace(
  { tenant, pep, record, fingerprint }: Offline,
  { config, observed }: Pick<DecisionDeps, 'config' | 'observed'>,
): OfflineGrace | null {
  const site = record?.site ?? pep.site ?? null;
  const seconds = record === undefined ? null : graceOf(record.class, site, config.classes);
  if (record === undefined || seconds === null) return null;
  const seen =
    fingerprint === null
      ? undefined
      : observed
          .certificatesSeen(tenant, record.device_id)
          .find((certificate) => certificate.fingerprint === fingerprint);
  return {
    class: record.class,
    grace_s: seconds,
    known_since: seen === undefined ? null : Math.max(record.updated_at, seen.first_seen),
    site,
  };
}

/** The same for a device that a gateway speaks for, which has no certificate: both records, and what is delegated. */
export function offlineGraceBehind(
  { tenant, pep, record }: Omit<Offline, 'fingerprint'>,
  since: readonly (EpochMs | null)[],
  deps: Pick<DecisionDeps, 'config' | 'observed'>,
): OfflineGrace | null {
  const grace = offlineGrace({ tenant, pep, record, fingerprint: null }, deps);
  if (grace === null || record === undefined) return null;
  const all = [record.updated_at, ...since];
  const known = all.every((at) => at !== null) ? Math.max(...all) : null;
  return { ...grace, known_since: known };
}

function graceOf(className: string, site: string | null, classes: Config['classes']): number | null {
  const grace = Object.hasOwn(classes, className) ? classes[className]?.grace : undefined;
  if (grace === undefined) return null;
  if (site !== null && Object.hasOwn(grace.sites, site)) return grace.sites[site] ?? null;
  return grace.state_s;
}

/** What is known of a connection when the age of its state is asked for. */
export interface Connecting {
  readonly context: Pick<ConnectionContext, 'tenant' | 'pep' | 'authenticatedBy' | 'claims'>;
  readonly credential: ExaminedCredential | undefined;
  readonly device: DeviceRecord | undefined;
  readonly attestation: Pick<Facts['attestation'], 'firmware_hash'>;
  readonly known: KnownGateway | undefined;
  readonly now: EpochMs;
}

/** How old the inventory is that a connection's decision rests on, as `inventoryState` says. */
export function inventoryFact(
  { context, credential, device, attestation, known, now }: Connecting,
  deps: Pick<DecisionDeps, 'config' | 'observed' | 'sourceAges'>,
): InventoryStateFact | null {
  const { tenant, pep, authenticatedBy: by, claims } = context;
  const vouched = by === 'gateway_asserted';
  const firmware = attestation.firmware_hash !== null || claims.firmware_hash !== undefined;
  const grace = (): OfflineGrace | null => {
    if (vouched) return offlineGraceBehind({ tenant, pep, record: device }, known?.since ?? [null], deps);
    const fingerprint = by === 'device_tls' ? (credential?.facts.fingerprint ?? null) : null;
    return offlineGrace({ tenant, pep, record: device, fingerprint }, deps);
  };
  return inventoryState({ tenant, vouched, firmware, now }, grace, deps);
}

/** What of the inventory a decision rests on. */
export interface RestsOn {
  readonly tenant: string;
  /** A gateway speaks for the device. */
  readonly vouched: boolean;
  /** A firmware hash is known. */
  readonly firmware: boolean;
  readonly now: EpochMs;
}

const ranks = ['stale', 'within_grace', 'fresh'] as const;

/**
 * How old what the inventory's sources brought is, by the source that is worst off among those that the decision rests on
 * and that have a `max_age`; null where there is none. `grace` is asked for only where one of them is too old. A source
 * that never succeeded, or at a time that is still to come, is stale without grace.
 */
export function inventoryState(
  rests: RestsOn,
  grace: () => OfflineGrace | null,
  { config, sourceAges }: Pick<DecisionDeps, 'config' | 'sourceAges'>,
): InventoryStateFact | null {
  if (config.inventory.sources.length === 0) return null;
  const facts = config.inventory.sources
    .filter((source) => isRestedOn(source, rests))
    .map((source) => stateOf(source, rests.now, grace, sourceAges));
  return facts.toSorted(byWorst)[0] ?? null;
}

function isRestedOn(source: InventorySourceConfig, { tenant, vouched, firmware }: RestsOn): boolean {
  if (source.max_age === null || source.tenant !== tenant) return false;
  if (source.kind === 'gateways') return vouched;
  return source.kind === 'devices' || firmware;
}

function stateOf(
  { kind, name, url, file, max_age: maxAge }: InventorySourceConfig,
  now: EpochMs,
  grace: () => OfflineGrace | null,
  ages: DecisionDeps['sourceAges'],
): InventoryStateFact {
  const age = maxAge ?? 0;
  const success = ages.lastSuccess(kind, name, url ?? file ?? '', now - age, now);
  const last = success === null || isAhead(success, now) ? null : success;
  const offline = last !== null && now < last + age ? null : grace();
  return {
    freshness: freshnessOf(last === null ? null : last + age, offline, now),
    grace: offline,
    kind,
    last_success: last,
    max_age_s: Math.floor(age / 1000),
    source: name,
    stale_since: last === null ? null : last + age,
  };
}

function freshnessOf(
  staleSince: EpochMs | null,
  grace: OfflineGrace | null,
  now: EpochMs,
): InventoryStateFact['freshness'] {
  if (staleSince === null) return 'stale';
  if (now < staleSince) return 'fresh';
  if (grace === null || grace.known_since === null || grace.known_since > staleSince) return 'stale';
  return now < staleSince + grace.grace_s * 1000 ? 'within_grace' : 'stale';
}

/** The worst first, among equals the one that ends first. */
function byWorst(a: InventoryStateFact, b: InventoryStateFact): number {
  return (
    ranks.indexOf(a.freshness) - ranks.indexOf(b.freshness) ||
    (a.stale_since ?? -Infinity) - (b.stale_since ?? -Infinity)
  );
}

/** Denies as our fault where the state is too old and nothing lets the device go on; within its grace that is told. */
export function inventoryStateFindings(fact: InventoryStateFact | null, now: EpochMs): readonly Finding[] {
  if (fact === null || fact.freshness === 'fresh') return [];
  const { kind, source, last_success: last, max_age_s, stale_since: since, grace } = fact;
  const detail = {
    ...{ kind, source, max_age_s, because: becauseOf(fact) },
    ...(last !== null && { last_success: formatInstant(last), age_s: Math.floor((now - last) / 1000) }),
    ...(since !== null && grace !== null && { grace_until: formatInstant(since + grace.grace_s * 1000) }),
  };
  return [
    {
      code: fact.freshness === 'stale' ? 'inventory.cache_stale' : 'inventory.stale_within_grace',
      detail,
    },
  ];
}

function becauseOf({ freshness, stale_since: since, grace }: InventoryStateFact): string {
  if (freshness === 'within_grace') return 'the class grants grace, and the device was known before';
  if (since === null) return 'the source was never read';
  if (grace === null) return 'the source is older than its max_age';
  if (grace.known_since === null) return 'the source is older than its max_age, and the certificate is new';
  if (grace.known_since > since) return 'the source is older than its max_age, and the device is new since';
  return 'the grace of the class is over';
}

/** Until when an allow may rest on the state. */
export function inventoryStateLimits(fact: InventoryStateFact | null): Facts['limits'] {
  if (fact === null || fact.stale_since === null || fact.freshness === 'stale') return [];
  const grace = fact.freshness === 'within_grace' ? (fact.grace?.grace_s ?? 0) * 1000 : 0;
  return [{ because: `inventory source ${fact.source}: usable until`, until: fact.stale_since + grace }];
}
