import type { Observation } from '../inventory/observed/types.ts';
import type { SharingRules } from '../inventory/observed/trail.ts';
import { provesDevice } from './facts-shared-use.ts';
import { placeOf } from './place.ts';
import type { Facts, MadeDecision } from './types.ts';

/**
 * What there is to learn from a decision; undefined where neither the device nor its gateway proved who it is: nothing is
 * ever learnt from a mere claim. An allow that was not enforced as a denial is a denial here.
 */
export function observationOf(
  made: Pick<MadeDecision, 'decision' | 'facts'>,
  prefixes: Pick<SharingRules, 'ipv4_prefix' | 'ipv6_prefix'>,
): Observation | undefined {
  const { decision, facts } = made;
  if (facts === null || facts.clock !== null) return undefined;
  if (provesGateway(facts)) return gatewaySeen(facts, decision.outcome === 'allow', prefixes);
  if (!provesDevice(facts)) return undefined;
  const { credential, device_id: deviceId } = facts;
  if (credential === null || deviceId === null) return undefined;
  const certificate = certificateOf(credential);
  if (certificate === undefined) return undefined;
  return {
    tenant: facts.tenant,
    device_id: deviceId,
    at: facts.now,
    allowed: decision.outcome === 'allow',
    ...placeOf(facts, prefixes),
    certificate,
    firmware: firmwareSeen(facts),
  };
}

/** Whether a gateway proved itself, known and active, with a certificate of its own, and its word counted. */
export function provesGateway({
  connection,
  assurance,
  gateway,
}: Pick<Facts, 'connection' | 'assurance' | 'gateway'>): boolean {
  return (
    connection.authenticated_by === 'gateway_asserted' &&
    assurance === 'gateway_asserted' &&
    gateway?.proved === true &&
    gateway.status === 'active'
  );
}

/**
 * The gateway's own certificate, where its word was enough: most gateways never connect as devices, and would be new for
 * ever. A denial is the child's, and tells nothing.
 */
function gatewaySeen(
  facts: Facts,
  allowed: boolean,
  prefixes: Pick<SharingRules, 'ipv4_prefix' | 'ipv6_prefix'>,
): Observation | undefined {
  const { credential, gateway } = facts;
  if (!allowed || credential === null || gateway === null) return undefined;
  const certificate = certificateOf(credential);
  if (certificate === undefined) return undefined;
  return {
    ...{ tenant: facts.tenant, device_id: gateway.id, at: facts.now, vouching: true, allowed },
    ...placeOf({ ...facts, gateway: null }, prefixes),
    ...{ certificate, firmware: null },
  };
}

function certificateOf(credential: NonNullable<Facts['credential']>): Observation['certificate'] | undefined {
  const { fingerprint, key_digest: key, issuer_key: issuerKey, serial, not_after: end } = credential;
  if (fingerprint === null || key === null || serial === null || end === null) return undefined;
  return { fingerprint, key, issuer_key: issuerKey, serial, not_after: end };
}

/**
 * Which version ran, by the catalogue. Measured is only what a verified result says; a claim counts as one, and only where
 * the decision allows.
 */
function firmwareSeen({ firmware, attestation }: Facts): Observation['firmware'] {
  if (firmware === null) return null;
  const { product, version, firmware_hash: hash, source } = firmware;
  const attested = source === 'attested' && attestation.status === 'verified';
  return { product, version, firmware_hash: hash, attested };
}
