import { unknownPepName } from '../config/reserved.ts';
import type { ListenerConfig, PepConfig } from '../config/types.ts';
import type { Pep, PresentedCredential } from '../context/types.ts';
import { denies } from '../decision/reasons.ts';
import { judgeCredential } from '../identity/judge.ts';
import type { CertificationPath, GeneralName, IdentityResolver } from '../identity/types.ts';
import { sha256HexOfParts } from '../lib/bytes.ts';
import { canonicalForm } from '../lib/canonical-json.ts';
import type { EpochMs } from '../lib/clock.ts';
import { PortreeveError, describeThrown } from '../lib/errors.ts';
import type { Finding, ReasonCode } from '../lib/reason-code.ts';
import { resolverUnder } from './pep-authorities.ts';
import type { PepCaSource } from './pep-authorities.ts';
import { compileSan } from './pep-pattern.ts';
import type { Captures, SanMatcher } from './pep-pattern.ts';

/** PEPs and the CAs of their certificates, as configured; certificates are the bytes of the files, PEM or DER. */
export interface PepSources {
  readonly peps: readonly PepConfig[];
  readonly cas: readonly PepCaSource[];
  /** CAs between those and the PEPs' certificates, for PEPs that do not send them. */
  readonly intermediates: readonly { readonly name: string; readonly certificate: Uint8Array }[];
  readonly judge: JudgePath;
}

/**
 * What is found about the revocation of a path's certificates now. Asked at every call: a session may be older than
 * the revocation. Throws PDP_STORE_* where nobody can say.
 */
export type JudgePath = (path: CertificationPath, now: EpochMs) => readonly Finding[];

/** Who asks. An unknown PEP has no rights and stands in the record under the name `unknown`. */
export type ResolvedPep =
  | { readonly known: true; readonly pep: Pep }
  | {
      readonly known: false;
      readonly pep: Pep;
      readonly problem: string;
      /** Nobody can say whether it is a PEP, for a cause of ours. */
      readonly code?: 'system.dependency_stale';
    };

export interface PepResolver {
  /** The PEP that a plaintext or Unix-socket listener, or the command line, names. */
  byName(name: string | null, how: 'socket' | 'plaintext' | 'cli'): ResolvedPep;
  /** The PEP whose certificate (DER, leaf first) this is, at one instant. */
  byCertificate(chain: readonly Uint8Array[], now: EpochMs): ResolvedPep;
}

interface Compiled {
  readonly entries: readonly Entry[];
  readonly cas: ReadonlyMap<string, IdentityResolver>;
  readonly judge: JudgePath;
}

interface Entry {
  readonly config: PepConfig;
  readonly ca: string;
  readonly matches: SanMatcher;
}

/**
 * Compiles the configured PEPs. A TLS peer is a PEP only where its certificate has the configured name *and* a valid
 * path, not revoked, to the very CA that the entry names; entries with exact names go before patterns, then the order of the
 * configuration counts. Throws PDP_CONFIG_INVALID for bad patterns, unreadable CAs and entries that name no known CA.
 */
export function createPepResolver(sources: PepSources): PepResolver {
  const cas = new Map(sources.cas.map((ca) => [ca.name, resolverUnder(ca, sources.intermediates)]));
  const entries = sources.peps.flatMap((config) =>
    config.match ? [compile(config, config.match, cas)] : [],
  );
  if (sources.peps.some(({ name }) => name === unknownPepName))
    throw new PortreeveError('PDP_CONFIG_INVALID', `no PEP may be called ${unknownPepName}`);
  const named = new Map(sources.peps.map((pep) => [pep.name, byHow(pep)]));
  entries.sort((a, b) => Number(isPattern(a)) - Number(isPattern(b)));
  return {
    byName(name, how) {
      const pep = name === null ? undefined : named.get(name)?.[how];
      return pep ? { known: true, pep } : unknown(how, 'the listener names no configured PEP');
    },
    byCertificate(chain, now) {
      if (chain.length === 0) return unknown('tls', 'no client certificate');
      const credential: PresentedCredential = {
        key: sha256HexOfParts(chain),
        source: 'peer_chain',
        material: { form: 'der', chain },
      };
      return matchCertificate(credential, now, { entries, cas, judge: sources.judge });
    },
  };
}

/** Where a listener's callers come from, for those that are not known by certificate. */
export function listenerKind(listener: ListenerConfig): 'tls' | 'socket' | 'plaintext' {
  if (listener.tls) return 'tls';
  return listener.address.startsWith('unix:') ? 'socket' : 'plaintext';
}

function matchCertificate(
  credential: PresentedCredential,
  now: EpochMs,
  { entries, cas, judge }: Compiled,
): ResolvedPep {
  const validated = new Map<string, Validated | undefined>();
  for (const entry of entries) {
    if (!validated.has(entry.ca)) {
      validated.set(entry.ca, validate(credential, now, cas.get(entry.ca) as IdentityResolver));
    }
    const valid = validated.get(entry.ca);
    const captures = valid && entry.matches(valid.names);
    if (!captures) continue;
    return (
      revoked(entry, valid.path, now, judge) ?? { known: true, pep: pepOf(entry.config, 'tls', captures) }
    );
  }
  return unknown('tls', 'the client certificate belongs to no configured PEP');
}

interface Validated {
  readonly path: CertificationPath;
  readonly names: readonly GeneralName[];
}

/** The certificate's names, if its path to the CA holds now; what profiles would make of it is of no interest here. */
function validate(
  credential: PresentedCredential,
  now: EpochMs,
  resolver: IdentityResolver,
): Validated | undefined {
  const { path, leaf } = judgeCredential(resolver.resolve(credential), now);
  return path && leaf && { path, names: leaf.subjectAltNames };
}

/** Findings that are the certificate's own, and not for want of what would tell. */
const withdrawn: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'revocation.revoked',
  'revocation.issuer_revoked',
  'revocation.on_hold',
]);

/** An unknown PEP where the certificate is revoked, or must be known not to be and is not; else undefined. */
function revoked(
  { config }: Entry,
  path: CertificationPath,
  now: EpochMs,
  judge: JudgePath,
): ResolvedPep | undefined {
  try {
    const finding = judge(path, now).find(denies);
    if (!finding) return undefined;
    const problem = `${finding.code}: the client certificate of ${config.name} (serial ${path.certificates[0]?.serial})`;
    if (withdrawn.has(finding.code)) return unknown('tls', `${problem} is revoked`);
    return {
      ...unknown('tls', `${problem} is not known not to be revoked`),
      code: 'system.dependency_stale',
    };
  } catch (thrown) {
    const problem = `whether the client certificate of ${config.name} is revoked cannot be read: ${describeThrown(thrown)}`;
    return { ...unknown('tls', problem), code: 'system.dependency_stale' };
  }
}

function compile(
  config: PepConfig,
  match: NonNullable<PepConfig['match']>,
  cas: ReadonlyMap<string, IdentityResolver>,
): Entry {
  if (!cas.has(match.ca)) {
    throw new PortreeveError(
      'PDP_CONFIG_INVALID',
      `pep ${config.name} names the CA ${match.ca}, which is unknown`,
    );
  }
  return { config, ca: match.ca, matches: compileSan(match.san) };
}

function isPattern(entry: Entry): boolean {
  return entry.config.match?.san.includes('{') ?? false;
}

/** A PEP that is known by its name, for each way to come by it. */
function byHow(config: PepConfig): Readonly<Record<'socket' | 'plaintext' | 'cli', Pep>> {
  const known = (how: Pep['authenticated_by']): Pep => canonicalForm(pepOf(config, how, {}));
  return { socket: known('socket'), plaintext: known('plaintext'), cli: known('cli') };
}

/** A configured PEP as the facts know it; what its certificate's name says of site and zone comes before its entry. */
export function pepOf(config: PepConfig, how: Pep['authenticated_by'], captures: Captures): Pep {
  const site = captures.site ?? config.site;
  const zone = captures.zone ?? config.zone;
  return {
    authenticated_by: how,
    may_assert_devices: config.may_assert_devices,
    may_send_xfcc: config.may_send_xfcc,
    name: config.name,
    networks: config.networks,
    ...(site !== null && { site }),
    tenant: config.tenant,
    trusted_hops: config.trusted_hops,
    ...(zone !== null && { zone }),
  };
}

function unknown(how: Pep['authenticated_by'], problem: string): Extract<ResolvedPep, { known: false }> {
  const pep: Pep = {
    authenticated_by: how,
    may_assert_devices: false,
    may_send_xfcc: false,
    name: unknownPepName,
    networks: [],
    tenant: 'default',
    trusted_hops: 0,
  };
  return { known: false, pep, problem };
}
