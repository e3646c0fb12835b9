import type { AuditRecord } from '../../audit/record.ts';
import type { Facts } from '../../decision/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { ClassRules } from '../../policy/types.ts';
import type { AttestationWords, CaseWords, NetworkWords, Words } from '../cases/words.ts';
import { gatewayClass } from './device-words.ts';
import { issuerOf } from './issuer.ts';
import type { Names } from './names.ts';

/** Where the connection came from and went to. */
export function networkWords({ connection, door }: Facts, names: Names): NetworkWords {
  const { source_ip: address, destination, protocol, sni, http } = connection;
  return {
    source_ip: address === null ? null : names.of('ip', address),
    ...(destination !== null && { destination }),
    ...(protocol !== null && { protocol }),
    ...(sni !== null && { sni }),
    ...(door === 'ext_authz_http' && http && { http }),
  };
}

/** What was claimed of the device. */
export function claimWords(
  { connection: { claims }, credential }: Facts,
  names: Names,
): CaseWords['claims'] | undefined {
  const { device_id: id, serial, firmware_hash: firmware } = claims;
  const said = {
    ...(id !== null && { device_id: names.of('device', id) }),
    ...(serial !== null && { serial: serialWord(serial, credential?.serial ?? null, names) }),
    ...(firmware !== null && { firmware_hash: firmware }),
  };
  return Object.keys(said).length === 0 ? undefined : said;
}

/** A claimed serial number may be that of the certificate, as people write hexadecimal numbers. */
function serialWord(text: string, certificate: string | null, names: Names): string {
  return certificate !== null && isSameNumber(text, certificate)
    ? names.of('digest', certificate)
    : names.of('serial', text);
}

/** Whether two texts are the same number in hex. */
export function isSameNumber(text: string, other: string): boolean {
  const plain = (one: string): string =>
    one.toLowerCase().replace(/^0x/, '').replaceAll(/[:\s]/g, '').replace(/^0+/, '');
  return plain(text) === plain(other);
}

/** The attestation result, where it was verified; one that failed cannot be told in words from its record. */
export function attestationWords({ attestation }: Facts): AttestationWords | undefined {
  const { status, issued_at: issued, usable_until: until, submods, verifier } = attestation;
  // Where its verifier or the class limits its age, that is its end here.
  const expires = attestation.expires_at === null ? until : attestation.expires_at;
  if (status !== 'verified') return undefined;
  const parts = submods.map(({ label, status: tier, vector }) => [label, { status: tier, vector }] as const);
  return {
    verifier: verifier ?? 'verifier',
    ...(issued !== null && { issued: formatInstant(issued) }),
    expires: expires === null ? null : formatInstant(expires),
    parts: Object.fromEntries(parts),
  };
}

/** The row of the firmware catalogue. */
export function firmwareWords({ firmware }: Facts): readonly Words[] {
  if (!firmware) return [];
  const { firmware_hash, product, version, status, advisory, grace_until: until } = firmware;
  return [
    {
      ...{ firmware_hash, product, version, status },
      ...(advisory !== null && { advisory }),
      ...(until !== null && { grace_until: formatInstant(until) }),
    },
  ];
}

/** The part of the configuration that the decision was made by, as far as its record and the class's rules tell. */
export function configurationWords(
  record: AuditRecord,
  facts: Facts,
  rules: ClassRules | undefined,
  names: Names,
): Words {
  const { pep, device } = facts;
  const entry = {
    ...(pep.tenant !== 'default' && { tenant: pep.tenant }),
    ...(pep.site !== undefined && { site: names.of('site', pep.site) }),
    ...(pep.zone !== undefined && { zone: pep.zone }),
    ...(pep.may_assert_devices && { may_assert_devices: true }),
    ...(pep.networks.length > 0 && { networks: pep.networks.map(names.network) }),
  };
  const classes: Words = {
    ...(rules && device && { [device.class]: rulesWords(rules, names) }),
    // Where classes are named, those of the policy's data do not count.
    ...((rules !== undefined || !device) && gatewayRules(facts, rules)),
  };
  const custom = Object.entries(facts.custom);
  const sources = custom.map(([name, { origin }]) => [
    name,
    origin === 'inventory' ? { inventory: name } : { label: name },
  ]);
  return {
    peps: { [names.within(pep.name)]: entry },
    ...(record.input?.credential_optional === true && { trust: { credential_optional: true } }),
    ...(Object.keys(classes).length > 0 && { classes }),
    ...(custom.length > 0 && { custom: Object.fromEntries(sources) as Words }),
    ...(record.enforced
      ? {}
      : {
          enforcement: {
            observe: [{ pep: names.within(pep.name), until: formatInstant(facts.now + 3_600_000) }],
          },
        }),
  };
}

/** Rules of the class of a gateway: its certificate is bound, under the same CAs. */
function gatewayRules({ gateway, credential }: Facts, rules: ClassRules | undefined): Words {
  if (!gateway) return {};
  const own = credential ? [credential.anchor ?? issuerOf(credential)] : [];
  const anchors = new Set([...(rules?.anchors ?? []), ...own]);
  if (anchors.size === 0) return {};
  return { [gatewayClass]: { anchors: [...anchors], binding: 'certificate' } };
}

/** Rules of a class as a configuration says them: durations in seconds, without what is its default. */
function rulesWords(rules: ClassRules, names: Names): Words {
  const seconds = (value: number | null): string | null => (value === null ? null : `${value}s`);
  const { grace, attestation, networks, max_lifetime_s, ttl_s, session_limit_s, clock_grace_s, ...rest } =
    rules;
  const { state_s, sites } = grace;
  const { max_age_s, ...asked } = attestation;
  const said: Words = {
    ...rest,
    networks: networks.map(names.network),
    max_lifetime: seconds(max_lifetime_s),
    ttl: seconds(ttl_s),
    session_limit: seconds(session_limit_s),
    clock_grace: seconds(clock_grace_s),
    attestation: { ...asked, max_age: seconds(max_age_s) },
    grace: {
      state: seconds(state_s),
      sites: Object.fromEntries(
        Object.entries(sites).map(([site, grace_s]) => [names.of('site', site), seconds(grace_s)]),
      ),
    },
  };
  return withoutNothing(said) as Words;
}

/** What is null in the rules is absent in the configuration. */
function withoutNothing(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNothing(member)]));
}
