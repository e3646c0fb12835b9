import type { CredentialFacts, Facts } from '../../decision/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { RevocationFact } from '../../revocation/types.ts';
import type { Cell } from '../output.ts';

/** Each fact of a decision with its value and how old it was at the decision; null = it has no age. */
export function factRows(facts: Facts): readonly (readonly Cell[])[] {
  return [
    ...connectionRows(facts),
    ...(facts.credential ? credentialRows(facts.credential, facts.now) : [['credential', 'none', null]]),
    ...facts.revocation.map((one) => revocationRow(one)),
    ...deviceRows(facts),
    ...gatewayRows(facts),
    ...attestationRows(facts),
    ...firmwareRows(facts),
    ...inventoryRows(facts),
    ...policyRows(facts),
    ...Object.entries(facts.custom).map(([name, { value, origin }]) => [
      `custom ${name}`,
      `${value} (${origin})`,
      null,
    ]),
  ];
}

function connectionRows({ connection }: Facts): Cell[][] {
  const { http, claims } = connection;
  const told: readonly (readonly [string, string | null])[] = [
    ['authenticated by', connection.authenticated_by],
    ['source', connection.source_ip],
    ['destination', connection.destination],
    ['protocol', connection.protocol],
    ['SNI', connection.sni],
    ['request', http && `${http.method} ${http.host}${http.path}`],
    ['connection', connection.connection_id],
    ['claimed device', claims.device_id],
    ['claimed serial', claims.serial],
    ['claimed firmware', claims.firmware_hash],
  ];
  return told.filter(([, value]) => value !== null).map(([name, value]) => [name, value, null]);
}

function credentialRows(credential: CredentialFacts, now: number): Cell[][] {
  const { identity, not_before: from, not_after: to } = credential;
  const path = credential.valid ? `valid path to ${credential.anchor ?? '-'}` : 'no valid path';
  const expiry =
    to === null
      ? ''
      : to > now
        ? `, expires in ${formatDuration(to - now)}`
        : `, expired ${formatInstant(to)}`;
  return [
    [
      'credential',
      `${path}, ${credential.key_algorithm ?? 'unreadable'}${expiry}`,
      from === null ? null : age(now - from),
    ],
    ...(identity ? [['identity', `${identity.id} (${identity.scheme})`, null]] : []),
    ...(credential.serial === null
      ? []
      : [['certificate', `serial ${credential.serial} of ${credential.issuer_name ?? '-'}`, null]]),
  ];
}

function revocationRow(fact: RevocationFact): Cell[] {
  const what = fact.certificate === 0 ? 'device' : `CA ${fact.certificate}`;
  const reason =
    fact.reason === null
      ? ''
      : ` (${fact.reason}${fact.revoked_at === null ? '' : ` at ${formatInstant(fact.revoked_at)}`})`;
  const crl = fact.crl_number === null ? '' : `, CRL ${fact.crl_number}`;
  const delta = fact.delta_number === null ? '' : `, delta CRL ${fact.delta_number}`;
  const missing = fact.distribution_points.filter(({ loaded }) => !loaded).length;
  const parts = missing === 0 ? '' : `, ${missing} of ${fact.distribution_points.length} points not loaded`;
  const value = `${fact.status}${reason}, ${fact.freshness.replace('_', ' ')}${crl}${delta}${parts}`;
  return [`revocation of ${what}`, value, fact.age_s === null ? null : age(fact.age_s * 1000)];
}

function deviceRows({ device, device_id, binding, now }: Facts): Cell[][] {
  if (!device) return device_id === null ? [] : [['device', `${device_id}: not in the inventory`, null]];
  const owner = device.owner === undefined ? '' : `, owner ${device.owner}`;
  return [
    [
      'device',
      `${device.device_id}: ${device.status}, class ${device.class}${owner}`,
      age(now - device.updated_at),
    ],
    ['binding', binding, null],
  ];
}

function gatewayRows({ gateway }: Facts): Cell[][] {
  if (!gateway) return [];
  const proved = gateway.proved ? 'proved by certificate' : 'named by the PEP only';
  const status = gateway.known ? (gateway.status ?? '-') : 'not in the inventory';
  const until = gateway.delegated_until === null ? '' : ` until ${formatInstant(gateway.delegated_until)}`;
  const enrolled = gateway.enrolled
    ? `may speak for the device${until}`
    : until === ''
      ? 'may not speak for the device'
      : `might speak for the device${until}`;
  return [['gateway', `${gateway.id}: ${proved}, ${status}, ${enrolled}`, null]];
}

function attestationRows({ attestation, now }: Facts): Cell[][] {
  const { status, verifier, tier, findings, issued_at: issued, firmware_hash: firmware } = attestation;
  const by = verifier === null ? '' : ` by ${verifier}: ${tier ?? '-'}`;
  const against = findings.length === 0 ? '' : ` (${findings.map(({ code }) => code).join(', ')})`;
  return [
    ['attestation', `${status}${by}${against}`, issued === null ? null : age(now - issued)],
    ...(firmware === null ? [] : [['attested firmware', firmware, null]]),
  ];
}

function firmwareRows({ firmware }: Facts): Cell[][] {
  if (!firmware) return [];
  const { product, version, status, grace_until: grace, minimum, highest } = firmware;
  const told = [
    `${product} ${version}: ${status.replace('_', ' ')}`,
    ...(grace === null ? [] : [`grace until ${formatInstant(grace)}`]),
    ...(minimum === null ? [] : [`least ${minimum}`]),
    ...(highest === null ? [] : [`highest seen ${highest}`]),
  ];
  return [['catalogue', told.join(', '), null]];
}

function inventoryRows({ inventory_state: state, now }: Facts): Cell[][] {
  if (!state) return [];
  const { kind, source, freshness, last_success: last } = state;
  const value = `${kind} of ${source}: ${last === null ? 'never read' : freshness.replace('_', ' ')}`;
  return [['inventory', value, last === null ? null : age(now - last)]];
}

/** Only where the configuration limits it. */
function policyRows({ policy_state: state, now }: Facts): Cell[][] {
  if (!state) return [];
  const { source, freshness, last_success: last } = state;
  const value = `of ${source}: ${last === null ? 'never read' : freshness.replace('_', ' ')}`;
  return [['policy', value, last === null ? null : age(now - last)]];
}

/** Below zero where the fact is dated ahead of the decision. */
function age(ms: number): string {
  return formatDuration(ms);
}
