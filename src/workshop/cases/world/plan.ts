import { readDocument } from '../../../config/document.ts';
import { sha256Hex } from '../../../lib/bytes.ts';
import { canonicalJson } from '../../../lib/canonical-json.ts';
import { PortreeveError } from '../../../lib/errors.ts';
import { withFault } from '../issue/faults.ts';
import { bytesOf, subjectOf, type Authorities, type Times } from '../issue/issuer.ts';
import { isWords, patched } from '../merge.ts';
import type { LoadedCase } from '../types.ts';
import type {
  AuthorityWords,
  CaseWords,
  CertificateWords,
  CrlWords,
  GatewayWords,
  ProfileWord,
  VerifierWords,
  Words,
} from '../words.ts';
import { refuseIdleConnection, refuseIdleMaterial, refuseOfServers } from './idle-words.ts';

/** What a case presents: real certificates, or the words that one is issued by. */
export type Presented =
  | { readonly file: string; readonly words: CertificateWords }
  | {
      readonly file?: undefined;
      /** With an issuer; a fault that is done to bytes still stands in it. */
      readonly words: CertificateWords & { readonly issuer: string };
      readonly profile: ProfileWord;
      /** All authorities of the case, and those that its faults bring. */
      readonly authorities: Authorities;
    };

/** Everything that a case asks of the state in which it is decided, beside what is its alone. Equal plans share a world. */
export interface Plan {
  readonly key: string;
  readonly times: Times;
  readonly configuration: Words;
  readonly authorities: Authorities;
  readonly verifiers: Readonly<Record<string, VerifierWords>>;
  readonly crls: Readonly<Record<string, CrlWords>>;
  readonly firmware: readonly Words[];
  readonly delegations: readonly Words[];
  /** Who asks, where that says whose catalogues are meant. */
  readonly pep?: string | undefined;
  /** Real certificates that are revoked, by file. */
  readonly revokedFiles: readonly CertificateWords[];
}

export interface PlannedCase {
  readonly loaded: LoadedCase;
  readonly plan: Plan;
  readonly certificate: Presented | undefined;
  readonly gatewayCertificate: Presented | undefined;
}

const defaultIssuer = 'devices';
const defaultDomain = 'example.org';

/** Works out what a case needs before anything is made. Throws PDP_CASES_INVALID for authorities that cannot be. */
export function planCase(loaded: LoadedCase): PlannedCase {
  const { words, at, from } = loaded;
  refuseIdleConnection(words);
  const presented = words.certificate ?? undefined;
  const gateway = words.gateway ?? undefined;
  const described = [presented, gateway?.certificate].filter((one) => one !== undefined);
  const authorities = authoritiesOf(words.authorities ?? none, described);
  const certificate = presented && present(presented, authorities);
  const gatewayCertificate = gateway?.certificate && present(gateway.certificate, authorities);
  const issuer = certificate?.file === undefined ? certificate?.words.issuer : undefined;
  const crlOwner = issuer !== undefined && authorities[issuer] ? issuer : presented?.issuer;
  const crls = { ...words.crls, ...(words.crl !== undefined && { [crlOwner ?? defaultIssuer]: words.crl }) };
  refuseIdleMaterial(authorities, crls, [certificate, gatewayCertificate]);
  const content = {
    times: { at, from },
    configuration: wholeConfiguration(words.configuration ?? {}),
    authorities,
    verifiers: verifiersOf(words),
    crls,
    firmware: words.firmware ?? [],
    delegations: delegationsOf(gateway),
    ...((words.firmware || delegationsOf(gateway).length > 0) && { pep: words.pep }),
    revokedFiles: described.filter((one) => one.file !== undefined && one.revoked !== undefined),
  };
  const plan: Plan = { ...content, key: keyOf(content) };
  return { loaded, plan, certificate, gatewayCertificate };
}

/** Equal texts for equal plans. Cases of a file share most of their words, whose digests are worked out once. */
function keyOf({ times, configuration, authorities, verifiers, ...rest }: Omit<Plan, 'key'>): string {
  const shared = [configuration, authorities, verifiers].map(digestOf);
  return sha256Hex(canonicalJson({ ...rest, at: times.at, from: times.from, shared }));
}

const digests = new WeakMap<object, string>();

function digestOf(words: object): string {
  const known = digests.get(words);
  if (known !== undefined) return known;
  const digest = sha256Hex(canonicalJson(words));
  digests.set(words, digest);
  return digest;
}

const none: Authorities = {};

const impliedVerifiers: Plan['verifiers'] = { verifier: {} };
const noVerifiers: Plan['verifiers'] = {};

/** Where no verifier is described, a token that is made is by one that the configuration knows. */
function verifiersOf({ verifiers = noVerifiers, attestation }: CaseWords): Plan['verifiers'] {
  if (Object.keys(verifiers).length > 0) return verifiers;
  return attestation && attestation.file === undefined ? impliedVerifiers : noVerifiers;
}

/** By what cases have in common, what they imply. */
const complete = new WeakMap<Authorities, Map<string, Authorities>>();

/** All authorities of a case: those described, and those that its certificates imply; the same object for equal ones. */
function authoritiesOf(shared: Authorities, described: readonly CertificateWords[]): Authorities {
  const implied = described
    .filter(({ file, issuer = defaultIssuer }) => file === undefined && !shared[issuer])
    .map(({ issuer = defaultIssuer, profile = 'spiffe' }) => [issuer, profile]);
  const domain = described.map(({ id }) => /^spiffe:\/\/([^/]+)/.exec(id ?? '')?.[1]).find(Boolean);
  const known = complete.get(shared) ?? new Map<string, Authorities>();
  complete.set(shared, known);
  const key = JSON.stringify([implied, domain]);
  const made = known.get(key) ?? withProfiles(withImplied(shared, described), domain ?? defaultDomain);
  known.set(key, made);
  return made;
}

/**
 * Where no authority is described at all, an issuer is an anchor of its own, under the profile of what it issues. Where one
 * is, a name that none has is a mistake, which is told when it is to issue something.
 */
function withImplied(known: Authorities, described: readonly CertificateWords[]): Authorities {
  if (Object.keys(known).length > 0) return known;
  const implied: Record<string, AuthorityWords> = {};
  for (const { file, issuer = defaultIssuer, profile } of described) {
    if (file !== undefined || implied[issuer]) continue;
    implied[issuer] = { profile: profile ?? 'spiffe' };
  }
  return Object.keys(implied).length === 0 ? { [defaultIssuer]: { profile: 'spiffe' } } : implied;
}

/** Profiles in full: a trust domain that is not named is that of the certificates. */
function withProfiles(authorities: Authorities, domain: string): Authorities {
  return Object.fromEntries(
    Object.entries(authorities).map(([name, words]) => [name, withProfile(words, domain)]),
  );
}

function withProfile(words: AuthorityWords, domain: string): AuthorityWords {
  if (words.under !== undefined) return words;
  const { profile = 'spiffe' } = words;
  const whole = typeof profile === 'string' ? { kind: profile } : profile;
  const named = whole['kind'] === 'spiffe' && whole['trust_domain'] === undefined;
  return { ...words, profile: named ? { ...whole, trust_domain: domain } : whole };
}

function present(words: CertificateWords, authorities: Authorities): Presented {
  if (words.file !== undefined) {
    return { file: words.file, words };
  }
  const issuer = words.issuer ?? defaultIssuer;
  const profile = words.profile ?? profileAbove(issuer, authorities);
  const faulty = withFault(words, issuer, (name) => subjectOf(name, authorities));
  return {
    words: {
      ...faulty.words,
      issuer: faulty.words.issuer ?? issuer,
      ...(words.fault && { fault: words.fault }),
    },
    profile,
    authorities: faulty.authorities ? { ...authorities, ...faulty.authorities } : authorities,
  };
}

function profileAbove(issuer: string, authorities: Authorities): ProfileWord {
  let words = authorities[issuer];
  for (let steps = 0; words?.under !== undefined && steps < 16; steps++) words = authorities[words.under];
  const kind = isWords(words?.profile) ? words.profile['kind'] : undefined;
  return (kind ?? 'spiffe') as ProfileWord;
}

function delegationsOf(gateway: GatewayWords | undefined): readonly Words[] {
  return (gateway?.delegations ?? []).map((row) => ({ gateway: gateway?.id, ...row }));
}

/** The configuration by file, where it is one, with what is laid over it. */
function wholeConfiguration(configuration: Words): Words {
  const { file, ...own } = configuration;
  refuseOfServers(own);
  if (typeof file !== 'string') return configuration;
  return patched({ ...readConfiguration(file), file }, own) as Words;
}

const configurations = new Map<string, { readonly text: string; readonly words: Words }>();

/** The same object as long as the file says the same. */
function readConfiguration(file: string): Words {
  const text = Buffer.from(bytesOf(file)).toString();
  const known = configurations.get(file);
  if (known?.text === text) return known.words;
  const document = readDocument(text);
  if ('problems' in document || !isWords(document.value))
    throw new PortreeveError('PDP_CASES_INVALID', `${file}: is no configuration`);
  configurations.set(file, { text, words: document.value });
  return document.value;
}
