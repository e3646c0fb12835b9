import type { AuditRecord } from '../../audit/record.ts';
import type { CredentialFacts, Facts } from '../../decision/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import type { ClassRules } from '../../policy/types.ts';
import type { AuthorityWords, Words } from '../cases/words.ts';
import { certificateWords, crlWords, profileOf } from './certificate-words.ts';
import {
  attestationWords,
  claimWords,
  configurationWords,
  firmwareWords,
  networkWords,
} from './connection-words.ts';
import { deviceWords, gatewayWords, holdWords } from './device-words.ts';
import { expectationWords } from './expectation-words.ts';
import { issuerOf } from './issuer.ts';
import type { Names } from './names.ts';
import { untoldOf } from './untold.ts';

export interface FromRecord {
  readonly title: string;
  readonly names: Names;
  /** Rules of the device's class, as they were; undefined where they are not to be had: then the project's own count. */
  readonly rules: ClassRules | undefined;
  /** The rules are those of the project, not those that the decision was made by. */
  readonly presumed: boolean;
}

export interface CaseDraft {
  /** A file of cases with this one. */
  readonly document: Words;
  /** What the decision was made from and words of a case cannot say. */
  readonly untold: readonly string[];
}

/**
 * Says a recorded decision as a case that expects what was decided, with other names for devices, owners and places. Throws
 * PDP_INPUT_MALFORMED for a record without facts: nothing could be made of its request, and so nothing can of it.
 */
export function caseFromRecord(
  record: AuditRecord,
  { title, names, rules, presumed }: FromRecord,
): CaseDraft {
  const { facts } = record;
  if (!facts) {
    throw new PortreeveError(
      'PDP_INPUT_MALFORMED',
      `decision ${record.decision_id} has no facts: its request could not be read, and no case can be made of it`,
    );
  }
  const { credential, device, gateway, connection } = facts;
  const ofGateway = credential !== null && connection.authenticated_by === 'gateway_asserted';
  const certificate = credential ? certificateWords(facts, credential, names) : null;
  const self = ofGateway ? { fingerprint: null, key_digest: null } : { ...nobody, ...credential };
  const attestation = attestationWords(facts);
  const authorities = authoritiesOf(record, facts, rules);
  const holds = holdWords(facts, names);
  const firmware = firmwareWords(facts);
  const via = gatewayWords(facts, names, rules !== undefined);
  const claims = claimWords(facts, names);
  const record_ = device ? withId(deviceWords(device, self, names), facts, names, ofGateway) : null;
  const one: Words = {
    title,
    authenticated_by: connection.authenticated_by,
    pep: names.within(facts.pep.name),
    device: record_ && { ...record_, ...attributes(facts) },
    certificate: ofGateway ? null : certificate,
    ...(credential && crls(facts, credential, ofGateway)),
    ...(gateway && via && { gateway: { ...via, ...(ofGateway && certificate && { certificate }) } }),
    ...(claims && { claims }),
    ...(attestation && { attestation }),
    network: { ...networkWords(facts, names), ...labels(facts) },
    ...(holds.length > 0 && { holds }),
    ...(firmware.length > 0 && { firmware }),
    expect: expectationWords(record, facts, names),
  };
  const document: Words = {
    at: formatInstant(facts.now),
    fixtures: {
      configuration: configurationWords(record, facts, rules, names),
      ...(Object.keys(authorities).length > 0 && { authorities }),
      ...(attestation && { verifiers: { [attestation.verifier ?? 'verifier']: {} } }),
    },
    cases: [one],
  };
  return { document: replaced(document, names) as Words, untold: untoldOf(record, facts, presumed) };
}

const nobody = { fingerprint: null, key_digest: null };

/** The CAs: those of the path, and those that the class's rules name. */
function authoritiesOf(
  { reasons }: AuditRecord,
  facts: Facts,
  rules: ClassRules | undefined,
): Readonly<Record<string, AuthorityWords>> {
  const { limits, credential } = facts;
  const profile = credential ? profileOf(credential) : 'spiffe';
  const issuer = credential ? issuerOf(credential) : rules?.anchors[0];
  if (issuer === undefined) return {};
  const anchor = credential?.anchor ?? issuer;
  const others = (rules?.anchors ?? []).filter((name) => name !== anchor && name !== issuer);
  const known = [anchor, issuer, ...others];
  const below = (rules?.issuers ?? []).filter((name) => !known.includes(name));
  const end = limits.find(({ because }) => because === 'certificate 1: notAfter')?.until;
  const until = end === undefined ? {} : { not_after: formatInstant(end) };
  const optional = reasons.some(({ code }) => code === 'revocation.status_unknown');
  const entry = anchorWords(facts, optional);
  return {
    ...Object.fromEntries(others.map((name) => [name, { profile }])),
    [anchor]: { profile, ...(issuer === anchor && until), ...(entry && { anchor: entry }) },
    ...Object.fromEntries(below.map((name) => [name, { under: anchor }])),
    ...(issuer !== anchor && { [issuer]: { under: anchor, ...until, ...revokedCa(facts) } }),
  };
}

/** That the CA itself was revoked by the one above it. */
function revokedCa({ revocation }: Facts): AuthorityWords {
  const above = revocation.find(({ certificate }) => certificate === 1);
  if (above?.status === 'on_hold') return { revoked: { reason: 'certificateHold' } };
  if (above?.status !== 'revoked') return {};
  return { revoked: above.reason === null ? {} : { reason: above.reason } };
}

/** What a record shows of the anchor's entry in the configuration: how it is with certificates whose CRL is not to be had. */
function anchorWords({ revocation, crl_grace: ofClass }: Facts, optional: boolean): Words | undefined {
  const [leaf] = revocation;
  if (!leaf || ofClass) return undefined;
  if (optional) return { revocation: { required: false } };
  const { next_update: next, usable_until: usable } = leaf;
  if (next === null || usable === null || usable <= next) return undefined;
  return { revocation: { grace: `${Math.ceil((usable - next) / 1000)}s` } };
}

function crls(facts: Facts, credential: CredentialFacts, ofGateway: boolean): Words {
  const [own, above] = [crlWords(facts, 0), crlWords(facts, 1)];
  const { anchor } = credential;
  const issuer = issuerOf(credential);
  // What stands under `crl` is about the device's certificate.
  const named = {
    ...(own !== undefined && ofGateway && { [issuer]: own }),
    ...(above !== undefined && anchor !== null && anchor !== issuer && { [anchor]: above }),
  };
  return {
    ...(own !== undefined && !ofGateway && { crl: own }),
    ...(Object.keys(named).length > 0 && { crls: named }),
  };
}

/** A record says its id where it is not that of the certificate that is presented. */
function withId(
  record: Words,
  { device_id: id, credential }: Facts,
  names: Names,
  ofGateway: boolean,
): Words {
  if (id === null || (!ofGateway && credential?.identity?.id === id)) return record;
  return { device_id: names.of('device', id), ...record };
}

/** Custom facts that came from the inventory are columns of it; the others are told by the enforcement point. */
function attributes({ custom }: Facts): Words {
  const own = Object.entries(custom).filter(([, { origin }]) => origin === 'inventory');
  const told = own.map(([name, { value }]) => [name, value] as const);
  return told.length === 0 ? {} : { attributes: Object.fromEntries(told) };
}

function labels({ custom }: Facts): Words {
  const own = Object.entries(custom).filter(([, { origin }]) => origin !== 'inventory');
  const told = own.map(([name, { value }]) => [name, value] as const);
  return told.length === 0 ? {} : { labels: Object.fromEntries(told) };
}

/** Whatever was replaced anywhere is replaced within all texts. */
function replaced(value: unknown, names: Names): unknown {
  if (typeof value === 'string') return names.within(value);
  if (Array.isArray(value)) return value.map((one) => replaced(one, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replaced(member, names)]));
}
