/** Changes of the state, each as the command line or a feed makes it: through a connection of its own. */
import { dirname, join } from 'node:path';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { ending, setBindings, withBinding } from '../../../src/inventory/bind.ts';
import { setStatus } from '../../../src/inventory/edit.ts';
import { importFirmware } from '../../../src/inventory/firmware/import.ts';
import { delegate, revokeDelegations } from '../../../src/inventory/gateways/edit.ts';
import type { DeviceStatus } from '../../../src/inventory/types.ts';
import { formatInstant } from '../../../src/lib/clock.ts';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { addHold, liftHold } from '../../../src/revocation/holds/edit.ts';
import type { HoldKind } from '../../../src/revocation/holds/types.ts';
import { parseOcspResponse } from '../../../src/revocation/ocsp/parse-response.ts';
import { saveAnswer } from '../../../src/revocation/ocsp/table.ts';
import { verifyOcspResponse } from '../../../src/revocation/ocsp/verify-response.ts';
import { readSourceState, writeSourceState } from '../../../src/store/source-states.ts';
import { importRows } from '../inventory.ts';
import type { Fields } from '../inventory.ts';
import { forgeAnswer } from '../ocsp-forge.ts';
import { deviceId, firmware, hour } from '../world.ts';
import type { LeafName } from './fleet.ts';
import { importList, whole } from './lists.ts';
import type { Run } from './run.ts';

export interface HoldChange {
  readonly kind: HoldKind;
  /** Of the values of its kind. */
  readonly value: number;
  /** When it ends, from now (ms); null = not by itself. */
  readonly lasts: number | null;
}

export function addHoldTo(run: Run, { kind, value, lasts }: HoldChange): void {
  const now = run.clock.now();
  const until = lasts === null ? null : now + lasts;
  const values = heldValues(run)[kind];
  const held = addHold(run.writer, {
    ...{ ...by(run), kind, value: values[value % values.length] as string, until, who: 'night shift' },
    ...(kind === 'issuer' && value % 2 === 1 && { issuedBefore: now }),
  });
  run.holds.push(held.hold_id);
  if (until !== null) run.ends.push(until);
}

export function liftHoldOf(run: Run, which: number): void {
  const holdId = run.holds[which % Math.max(run.holds.length, 1)];
  if (holdId !== undefined) liftHold(run.writer, { ...by(run), holdId, who: 'day shift' });
}

function heldValues({ fleet: { leaves, world } }: Run): Readonly<Record<HoldKind, readonly string[]>> {
  const [meter, camera, gateway] = [leaves.meter, leaves.camera, leaves.gateway].map(({ der }) =>
    parseCertificate(der),
  ) as [Parsed, Parsed, Parsed];
  const keyOf = (name: 'meters' | 'fleet'): string => parseCertificate(world.pki[name].der).keyDigest;
  return {
    device: [deviceId('meter/1'), deviceId('sensor/1'), deviceId('gateway/1'), deviceId('camera/1')],
    certificate: [meter.fingerprint, camera.fingerprint, gateway.fingerprint],
    key: [meter.keyDigest, camera.keyDigest],
    issuer: [keyOf('meters'), keyOf('fleet')],
    firmware: [firmware.good, firmware.bad],
    class: ['meter', 'camera', 'sensor', 'gateway'],
    gateway: ['envoy', 'edge', deviceId('gateway/1')],
    network: ['10.20.0.0/24', '10.20.9.9/32'],
  };
}

type Parsed = ReturnType<typeof parseCertificate>;

export function changeStatus(run: Run, device: string, status: DeviceStatus): void {
  setStatus(run.writer, { ...by(run), deviceId: deviceId(device), status });
}

/** Lifts every hold, takes every list back and lets the devices be active. */
export async function mend(run: Run, life: number): Promise<void> {
  for (const holdId of run.holds.splice(0))
    attempt(() => liftHold(run.writer, { ...by(run), holdId, who: 'day shift' }));
  for (const ca of ['meters', 'cameras', 'gateways', 'fleet'] as const)
    await importList(run, { ca, how: 'full', listed: [], life });
  for (const device of ['meter/1', 'meter/2', 'camera/1', 'gateway/1', 'sensor/1'])
    attempt(() => changeStatus(run, device, 'active'));
}

/** What has ended by itself, or is for ever, stays as it is. */
function attempt(act: () => unknown): void {
  try {
    act();
  } catch (thrown) {
    if (!(thrown instanceof PortreeveError)) throw thrown;
  }
}

/** What may be another in the record of a device; times are from now. */
export function importDevice(run: Run, device: string, fields: Fields): Promise<unknown> {
  const row = { device_id: deviceId(device), status: 'active', class: classOf(device), ...fields };
  return importRows(run.writer, [row], { now: run.clock.now(), whySaid: true });
}

function classOf(device: string): string {
  return device.slice(0, device.indexOf('/'));
}

export interface BindingChange {
  readonly device: 'meter/1' | 'meter/2' | 'camera/1' | 'gateway/1' | 'sensor/1';
  readonly leaf: LeafName;
  readonly by: 'certificates' | 'keys' | 'issued';
  /** The window, from now (ms). */
  readonly since: number | null;
  readonly until: number | null;
  /** When the others of its kind end, from now (ms); null = they stay. */
  readonly others: number | null;
  /** When renewal is expected, from now (ms); null = never. */
  readonly renewal: number | null;
}

export function bind(
  run: Run,
  { device, leaf, by: list, since, until, others, renewal }: BindingChange,
): void {
  const now = run.clock.now();
  const { fingerprint, keyDigest, serial } = parseCertificate(run.fleet.leaves[leaf].der);
  const window = {
    ...(since !== null && { since: now + since }),
    ...(until !== null && { until: now + until }),
  };
  for (const after of [since, until, others, renewal]) if (after !== null) run.ends.push(now + after);
  const rest = others === null ? undefined : now + others;
  setBindings(run.writer, {
    ...by(run),
    deviceId: deviceId(device),
    change: (bindings) => ({
      ...bindings,
      ...(renewal !== null && { renewal_expected_by: now + renewal }),
      ...(list === 'certificates' && {
        certificates: withBinding(bindings.certificates, { sha256: fingerprint, ...window }, rest),
      }),
      ...(list === 'keys' && { keys: withBinding(bindings.keys, { sha256: keyDigest, ...window }, rest) }),
      ...(list === 'issued' && {
        issued: withBinding(bindings.issued, { issuer: 'meters', serial, ...window }, rest),
      }),
    }),
  });
}

/** Ends everything that a device's record binds. */
export function unbind(run: Run, device: string, after: number): void {
  const until = run.clock.now() + after;
  run.ends.push(until);
  setBindings(run.writer, {
    ...by(run),
    deviceId: deviceId(device),
    change: (bindings) => ({
      ...bindings,
      certificates: bindings.certificates.map((bound) => ending(bound, until)),
      keys: bindings.keys.map((bound) => ending(bound, until)),
      issued: bindings.issued.map((bound) => ending(bound, until)),
    }),
  });
}

export interface FirmwareChange {
  readonly hash: 'good' | 'bad' | 'unheardOf';
  readonly version: string;
  readonly status: 'approved' | 'known_vulnerable' | 'blocked';
  /** End of the grace, from now (ms). */
  readonly grace: number | null;
}

export function changeFirmware(run: Run, { hash, version, status, grace }: FirmwareChange): void {
  const until = grace === null ? null : run.clock.now() + grace;
  if (until !== null) run.ends.push(until);
  const row = {
    ...{ firmware_hash: firmware[hash], product: 'meter-os', version, status },
    ...(status !== 'approved' && { advisory: 'A-1' }),
    ...(until !== null && { grace_until: formatInstant(until) }),
  };
  importFirmware(run.writer, { ...catalogue(run), bytes: Buffer.from(JSON.stringify(row)) });
}

export interface DelegationChange {
  readonly gateway: 'edge' | 'gateway/1';
  readonly what: { readonly class: string } | { readonly device: string };
  /** Its end, from now (ms); null = none; 0 = what is delegated is taken back. */
  readonly lasts: number | null;
}

export function changeDelegation(run: Run, { gateway: name, what, lasts }: DelegationChange): void {
  const gateway = name === 'edge' ? name : deviceId(name);
  if (lasts === 0) return void revokeDelegations(run.writer, { gateway }, by(run));
  const about = 'class' in what ? what : { device_id: deviceId(what.device) };
  const until = lasts === null ? null : run.clock.now() + lasts;
  if (until !== null) run.ends.push(until);
  delegate(run.writer, { gateway, ...about, ...(until !== null && { until }) }, by(run));
}

/** What a responder has answered about a certificate. A renewed good comes without an epoch: see `quietly`. */
export function saveOcsp(
  run: Run,
  leaf: LeafName,
  status: 'good' | 'revoked' | 'unknown',
  life: number,
): void {
  const { leaves, world } = run.fleet;
  const now = run.clock.now();
  const { serial } = parseCertificate(leaves[leaf].der);
  const issuer = parseCertificate(world.pki.meters.der);
  const single = {
    serial,
    status,
    thisUpdate: whole(now),
    nextUpdate: whole(now + life),
    revokedAt: whole(now),
  };
  const bytes = forgeAnswer({ issuer: world.pki.meters, singles: [single] });
  const { answer, problem } = verifyOcspResponse(parseOcspResponse(bytes), { issuer, serial, now });
  if (!answer) throw new Error(problem);
  const about = { issuerKey: issuer.keyDigest, serial, answer, responder: 'http://ocsp.example/' };
  run.writer.transact(() => saveAnswer(run.writer, { ...about, now, nextFetch: now + hour }));
  touch(run);
}

/**
 * A background source has just said what is true. That comes without an epoch; while what it said before still serves,
 * decisions may go by that, so then something else changes too.
 */
export function sourceRead(run: Run, kind: 'devices' | 'policy'): void {
  const at = run.clock.now();
  const { config } = run.pair;
  const name = kind === 'devices' ? 'erp' : 'bundle';
  const location = kind === 'devices' ? join(dirname(config().file), 'devices.ndjson') : policyLocation;
  const before = readSourceState(run.writer, kind, name)?.lastSuccess ?? -Infinity;
  const nothing = { etag: null, lastModified: null, digest: null, nextFetch: null, renewBy: null };
  const rest = { failures: 0, error: null, sequence: null, sequenceDigest: null };
  const times = { lastAttempt: at, lastSuccess: at, lastChange: at };
  for (const after of [1, 1.5, 2, 3]) run.ends.push(at + hour * after);
  writeSourceState(run.writer, { kind, name, location, ...nothing, ...times, ...rest });
  if (before + hour > at) touch(run);
}

/** Where bundles come from that may become too old. */
export const policyLocation = '/policy/bundle.tar.gz';

/** A change that changes nothing that is decided by: what is known of sources and answers is read anew with it. */
export function touch(run: Run): void {
  changeStatus(run, 'meter/disabled', 'disabled');
}

function by(run: Run) {
  return { tenant: 'default', actor: 'operator', why: 'test', now: run.clock.now() };
}

function catalogue(run: Run) {
  return { ...by(run), source: 'test', format: 'ndjson' as const };
}
