import type { ExaminedToken } from '../attestation/examine.ts';
import type { AttestationFact } from '../attestation/types.ts';
import type { ConnectionContext } from '../context/types.ts';
import type { Certificate } from '../identity/types.ts';
import type { DeviceRecord } from '../inventory/types.ts';
import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import { inOnePiece } from '../lib/text.ts';
import type { Assurance, PolicyEngine } from '../policy/types.ts';
import { isAhead } from '../revocation/freshness.ts';
import { judgeRevocation } from '../revocation/judge.ts';
import type { RevocationFact, RevocationJudgement, RevocationLookups } from '../revocation/types.ts';
import { notingReader } from './consulted-crls.ts';
import type { Call, DecisionDeps } from './deps.ts';
import { attestationFact, attestationFindings } from './facts-attestation.ts';
import { bindingFact, bindingFindings, bindingLimits, gatewayBinding } from './facts-binding.ts';
import { clockFact, clockFindings, clockLimits } from './facts-clock.ts';
import { crlGrace, graciousCredential } from './facts-crl-grace.ts';
import { examineCredential } from './facts-credential.ts';
import type { ExaminedCredential } from './facts-credential.ts';
import { customFacts } from './facts-custom.ts';
import { firmwareFact, firmwareLimits } from './facts-firmware.ts';
import { gatewayFact, gatewayLimits, judgeGateway } from './facts-gateway.ts';
import type { Vouching } from './facts-gateway.ts';
import { holdsOn } from './facts-holds.ts';
import { sharedKey } from './facts-key.ts';
import { withOcspFacts } from './facts-ocsp.ts';
import { inventoryFact, inventoryStateFindings, inventoryStateLimits } from './facts-offline.ts';
import { policyState, policyStateFindings, policyStateLimits } from './facts-policy.ts';
import { sharedUseFact } from './facts-shared-use.ts';
import { denies } from './reasons.ts';
import type { Facts, Subject, Versions } from './types.ts';

/** Facts, and which state they were read from. */
export interface Gathered {
  readonly facts: Facts;
  readonly state: Pick<Versions, 'epochs' | 'crls'>;
}

/**
 * Finds out everything about a connection that its decision may rest on. Token (by `examineAttestation`) and certificate
 * are examined first, without state; all state is then read in one snapshot. Synchronous; throws PDP_STORE_* where the
 * store cannot be read.
 */
export function gatherFacts(
  context: ConnectionContext,
  token: ExaminedToken | undefined,
  {
    now,
    standing,
    timing,
    engine,
  }: Pick<Call, 'now' | 'standing'> &
    Partial<Pick<Call, 'timing'>> & { readonly engine?: PolicyEngine | undefined },
  deps: DecisionDeps,
): Gathered {
  const credential = context.credential && examineCredential(context.credential, now, deps);
  return deps.store.snapshot(() => {
    const reader = notingReader(deps.revocation);
    const judge = (judged: ExaminedCredential | undefined) =>
      revocationOf(judged, context.stapledOcsp, now, reader, deps);
    const byAnchor = judge(credential);
    const grace = crlGrace(context, credential, byAnchor, deps);
    const revocation = grace && credential ? judge(graciousCredential(credential, grace)) : byAnchor;
    const gateway = judgeGateway(context, credential, revocation.findings);
    const deviceId = deviceIdOf(context, credential);
    const device = deviceId === undefined ? undefined : deps.inventory.device(context.tenant, deviceId);
    const attestation = attestationFact(token, { context, credential, deviceId, device, now }, deps);
    const assurance = assuranceOf(context, credential, revocation, gateway, attestation);
    const gatewayBound = gatewayBinding(context, credential?.facts, gateway, now, deps);
    const known =
      gateway && gatewayFact(context, { ...gateway, bound_until: gatewayBound.until }, device, now, deps);
    const connection = connectionOf(context);
    const bound = bindingFact(
      { connection, credential: credential?.facts ?? null, device: device ?? null, now },
      deps.config.classes,
    );
    const clock = clockFact(standing, device, deps.config.classes);
    const firmware = firmwareFact(
      { attestation, connection, tenant: context.tenant, deviceId, device },
      deps,
    );
    const inventory = inventoryFact({ context, credential, device, attestation, known, now }, deps);
    const policyAge = policyState(engine, now, deps);
    const facts: Facts = {
      assurance,
      attestation,
      binding: bound.binding,
      clock,
      connection,
      credential: credential?.facts ?? null,
      crl_grace: grace,
      custom: customFacts(context, device, deps.config.custom),
      device: device ?? null,
      device_id: deviceId ?? null,
      door: context.door,
      findings: [
        ...(credential?.judged.findings ?? []),
        ...sharedKey(context.tenant, credential, now, deps),
        ...revocation.findings,
        ...(gateway?.findings ?? []),
        ...gatewayBound.findings,
        ...clockFindings(clock, now),
        ...deviceFromFuture(device, now),
        ...inventoryStateFindings(inventory, now),
        ...policyStateFindings(policyAge, now),
        ...bindingFindings(bound),
        ...attestationFindings(attestation, context.claims.firmware_hash),
      ],
      firmware,
      gateway: known?.fact ?? null,
      holds: holdsOn(
        {
          ...{ context, credential, deviceId, device, now },
          gateway: gateway?.id,
          measuredFirmware: attestation.firmware_hash,
        },
        deps,
      ),
      inventory_state: inventory,
      limits: [
        ...limitsOf(credential?.judged.path?.certificates ?? [], revocation.facts, attestation),
        ...bindingLimits(bound),
        ...clockLimits(clock, now),
        ...firmwareLimits(firmware, now),
        ...gatewayLimits({ connection, gateway: known?.fact ?? null }),
        ...inventoryStateLimits(inventory),
        ...policyStateLimits(policyAge),
      ],
      now,
      pep: context.pep,
      policy_state: policyAge,
      revocation: revocation.facts,
      shared_use: sharedUseFact(
        {
          ...{
            tenant: context.tenant,
            now,
            pep: context.pep,
            connection,
            assurance,
            gateway: known?.fact ?? null,
          },
          ...{ credential: credential?.facts ?? null, device_id: deviceId ?? null },
        },
        deps,
      ),
      subject:
        deviceId === undefined
          ? null
          : subjectOf(context, credential, assurance, gateway, known?.fact ?? null),
      tenant: context.tenant,
    };
    return { facts, state: { epochs: deps.store.epochs(), crls: reader.consulted() } };
  }, timing?.moment);
}

function connectionOf(context: ConnectionContext): Facts['connection'] {
  return {
    authenticated_by: context.authenticatedBy,
    claims: {
      device_id: context.claims.device_id ?? null,
      firmware_hash: context.claims.firmware_hash ?? null,
      serial: context.claims.serial ?? null,
    },
    connection_id: context.connectionId ?? null,
    destination: context.destination ?? null,
    http: context.http ?? null,
    protocol: context.protocol ?? null,
    request_id: context.requestId ?? null,
    sni: context.sni ?? null,
    source_ip: context.sourceIp ?? null,
  };
}

function revocationOf(
  credential: ExaminedCredential | undefined,
  stapled: Uint8Array | undefined,
  now: EpochMs,
  reader: RevocationLookups,
  deps: DecisionDeps,
): RevocationJudgement {
  const path = credential?.judged.path;
  if (!path) return { facts: [], findings: [] };
  return withOcspFacts(judgeRevocation(path, reader, now), { path, stapled, now }, deps);
}

/** The device that the decision is about: what its own certificate says, else what is claimed. */
function deviceIdOf(
  context: ConnectionContext,
  credential: ExaminedCredential | undefined,
): string | undefined {
  if (context.authenticatedBy === 'gateway_asserted') return context.claims.device_id;
  return credential?.judged.identity?.id ?? context.claims.device_id;
}

/**
 * Whose word the device's id is. An identity comes only from a path whose signatures hold up to a configured anchor; a
 * gateway that proved itself vouches also while nobody can tell whether it is revoked, since that is no fault of its own.
 */
function subjectOf(
  context: ConnectionContext,
  credential: ExaminedCredential | undefined,
  assurance: Assurance,
  gateway: Vouching | undefined,
  gatewayFact: Facts['gateway'],
): Subject {
  switch (context.authenticatedBy) {
    case 'device_tls':
      if (!credential?.judged.identity) return 'claimed';
      return assurance === 'none' ? 'named_by_certificate' : 'proved';
    case 'gateway_asserted': {
      const active = (gatewayFact?.status ?? 'active') === 'active';
      return gateway && (gateway.trusted || gateway.proved) && active ? 'vouched' : 'claimed';
    }
    case 'none':
      return 'claimed';
  }
}

/** A key whose certificate is revoked, or not known to be unrevoked where its anchor asks for that, proves nobody. */
function assuranceOf(
  context: ConnectionContext,
  credential: ExaminedCredential | undefined,
  revocation: RevocationJudgement,
  gateway: Vouching | undefined,
  attestation: AttestationFact,
): Assurance {
  switch (context.authenticatedBy) {
    case 'device_tls':
      if (!credential?.facts.valid || !credential.facts.identity) return 'none';
      if (revocation.findings.some(denies)) return 'none';
      return attestation.status === 'verified' ? 'attested' : 'device_proved';
    case 'gateway_asserted':
      return gateway?.trusted ? 'gateway_asserted' : 'none';
    case 'none':
      return 'none';
  }
}

/** A record that was written after `now` was written by another clock than ours is now. */
function deviceFromFuture(device: DeviceRecord | undefined, now: EpochMs): readonly Finding[] {
  if (!device || !isAhead(device.updated_at, now)) return [];
  const detail = {
    device_id: device.device_id,
    updated_at: formatInstant(device.updated_at),
    now: formatInstant(now),
  };
  return [{ code: 'system.clock_untrusted', detail }];
}

/**
 * Ends of what an allow would rely on: the path's certificates, their CRLs and a verified attestation result. One that is
 * not relied upon (missing or stale where none is required) ends nothing.
 */
export function limitsOf(
  certificates: readonly Pick<Certificate, 'notAfter'>[],
  revocation: readonly RevocationFact[],
  { usable_until: attested }: Pick<AttestationFact, 'usable_until'>,
): Facts['limits'] {
  const limits = certificates.map((certificate, place) => ({
    because: ofCertificate(place),
    until: certificate.notAfter,
  }));
  for (const { freshness, certificate, usable_until: until, source } of revocation) {
    if (until === null || (freshness !== 'fresh' && freshness !== 'within_grace')) continue;
    limits.push({ because: (source?.startsWith('ocsp:') ? ofOcsp : ofCrl)(certificate), until });
  }
  if (attested !== null) limits.push({ because: 'attestation result: usable until', until: attested });
  return limits;
}

const ofCertificate = endings('certificate ', ': notAfter');
const ofCrl = endings('CRL for certificate ', ': usable until');
const ofOcsp = endings('OCSP answer for certificate ', ': usable until');

/** What ends, by its certificate's place in the path, of which there are few. */
function endings(what: string, how: string): (place: number) => string {
  const texts: string[] = [];
  return (place) => (texts[place] ??= inOnePiece(what, String(place), how));
}
