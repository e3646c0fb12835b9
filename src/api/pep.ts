import { unknownPepName } from '../config/reserved.ts';
import type { ListenerConfig, PepConfig } from '../config/types.ts';
import type { Pep, PresentedCredential } from '../context/types.ts';
import { judgeCredential } from '../identity/judge.ts';
import { createIdentityResolver } from '../identity/resolver.ts';
import { buildTrustSet } from '../identity/trust.ts';
import type { GeneralName, IdentityResolver } from '../identity/types.ts';
import { sha256HexOfParts } from '../lib/bytes.ts';
import { canonicalForm } from '../lib/canonical-json.ts';
import type { EpochMs } from '../lib/clock.ts';
import { PortreeveError } from '../lib/errors.ts';
import { compileSan } from './pep-pattern.ts';
import type { Captures, SanMatcher } from './pep-pattern.ts';

/** PEPs and the CAs of their certificates, as configured; certificates are the bytes of the files, PEM or DER. */
export interface PepSources {
  readonly peps: readonly PepConfig[];
  readonly cas: readonly { readonly name: string; readonly certificate: Uint8Array }[];
  /** CAs between those and the PEPs' certificates, for PEPs that do not send them. */
  readonly intermediates: readonly { readonly name: string; readonly certificate: Uint8Array }[];
}

/** Who asks. An unknown PEP has no rights and stands in the record under the name `unknown`. */
export type ResolvedPep =
  | { readonly known: true; readonly pep: Pep }
  | { readonly known: false; readonly pep: Pep; readonly problem: string };

export interface PepResolver {
  /** The PEP that a plaintext or Unix-socket listener, or the command line, names. */
  byName(name: string | null, how: 'socket' | 'plaintext' | 'cli'): ResolvedPep;
  /** The PEP whose certificate (DER, leaf first) this is, at one instant. */
  byCertificate(chain: readonly Uint8Array[], now: EpochMs): ResolvedPep;
}

interface Entry {
  readonly config: PepConfig;
  readonly ca: string;
  readonly matches: SanMatcher;
}

/** Certificates of PEPs whose paths are remembered, for each CA. */
const rememberedPaths = 1024;

/**
 * Compiles the configured PEPs. A TLS peer is a PEP only where its certificate has the configured name *and* a valid
 * path to the very CA that the entry names; entries with exact names go before patterns, then the order of the
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
      return matchCertificate(credential, now, entries, cas);
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
  entries: readonly Entry[],
  cas: ReadonlyMap<string, IdentityResolver>,
): ResolvedPep {
  const validated = new Map<string, readonly GeneralName[] | undefined>();
  for (const entry of entries) {
    if (!validated.has(entry.ca)) {
      validated.set(entry.ca, validNames(credential, now, cas.get(entry.ca) as IdentityResolver));
    }
    const names = validated.get(entry.ca);
    const captures = names && entry.matches(names);
    if (captures) return { known: true, pep: pepOf(entry.config, 'tls', captures) };
  }
  return unknown('tls', 'the client certificate belongs to no configured PEP');
}

/** The certificate's names, if its path to the CA holds now; what profiles would make of it is of no interest here. */
function validNames(
  credential: PresentedCredential,
  now: EpochMs,
  resolver: IdentityResolver,
): readonly GeneralName[] | undefined {
  const { path, leaf } = judgeCredential(resolver.resolve(credential), now);
  return path && leaf?.subjectAltNames;
}

function resolverUnder(
  ca: PepSources['cas'][number],
  intermediates: PepSources['intermediates'],
): IdentityResolver {
  const anchor = {
    ...ca,
    profile: { kind: 'cn' },
    revocation: { required: false, graceMs: 0 },
    allowSha1: false,
  } as const;
  const others = intermediates.filter((intermediate) => intermediate.name !== ca.name);
  return createIdentityResolver(buildTrustSet({ anchors: [anchor], intermediates: others }), {
    maxEntries: rememberedPaths,
  });
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

function pepOf(config: PepConfig, how: Pep['authenticated_by'], captures: Captures): Pep {
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

function unknown(how: Pep['authenticated_by'], problem: string): ResolvedPep {
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
