import type { CredentialFacts, Facts } from '../../decision/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import { profileKinds } from '../../config/schema/trust.ts';
import type { CertificateWords, ChainFault, CrlWords, KeyWord, ProfileWord } from '../cases/words.ts';
import { isSameNumber } from './connection-words.ts';
import { issuerOf } from './issuer.ts';
import type { Names } from './names.ts';

/** Findings about a certificate or its chain, and the fault that brings each about. */
const faults: Readonly<Record<string, ChainFault>> = {
  'chain.incomplete': 'missing_intermediate',
  'chain.issuer_expired': 'issuer_expired',
  'chain.key_cert_sign_missing': 'issuer_key_usage',
  'chain.name_constraint_violation': 'name_constraints',
  'chain.not_a_ca': 'issuer_not_ca',
  'chain.pathlen_exceeded': 'path_too_long',
  'chain.signature_invalid': 'bad_signature',
  'chain.untrusted_anchor': 'unknown_issuer',
  'credential.weak_key': 'weak_key',
  'credential.weak_signature': 'weak_hash',
  'identity.unparsable_certificate': 'not_a_certificate',
};

/** What other words bring a finding about. */
const words: Readonly<Record<string, CertificateWords>> = {
  'credential.ca_as_leaf': { ca: true },
  'credential.eku_missing_client_auth': { eku: ['serverAuth'] },
  'credential.key_usage_invalid': { key_usage: ['keyEncipherment'] },
  'identity.id_missing': { subject: '', uri: [], dns: [] },
};

/** How a certificate names its device. */
export function profileOf({ profile, identity }: CredentialFacts): ProfileWord {
  const said = profile ?? identity?.scheme;
  return profileKinds.find((kind) => kind === said) ?? 'spiffe';
}

/** The certificate that was presented, in words. */
export function certificateWords(facts: Facts, credential: CredentialFacts, names: Names): CertificateWords {
  const { identity, not_before: from, not_after: until, key_algorithm: algorithm } = credential;
  const codes = facts.findings.map(({ code }) => code);
  const fault = codes.map((code) => faults[code]).find((one) => one !== undefined);
  const id = identity ? idWords(identity.id, profileOf(credential), names) : unnamed(codes);
  const key = algorithm === null ? undefined : keyWord(algorithm);
  return {
    profile: profileOf(credential),
    ...(id !== undefined && { id }),
    issuer: issuerOf(credential),
    ...(from !== null && { not_before: formatInstant(from) }),
    ...(until !== null && { not_after: formatInstant(until) }),
    ...(key && fault !== 'weak_key' && { key }),
    ...serialWords(facts, names),
    ...(Object.assign({}, ...codes.map((code) => words[code] ?? {})) as CertificateWords),
    ...revokedWords(facts),
    ...(fault && { fault }),
  };
}

/** A certificate whose name was not read because of something else that is wrong with it has one all the same. */
function unnamed(codes: readonly string[]): string | undefined {
  return codes.includes('identity.id_missing') ? undefined : 'spiffe://example.org/unnamed';
}

/** Whether words of a certificate say what was found of it. */
export function isSaid(code: string): boolean {
  return Object.hasOwn(faults, code) || Object.hasOwn(words, code) || dated.has(code);
}

/** Findings that follow from dates, and from what is claimed or in the inventory. */
const dated: ReadonlySet<string> = new Set([
  'credential.expired',
  'credential.not_yet_valid',
  'identity.claimed_id_mismatch',
  'identity.serial_mismatch',
]);

/** Of a certificate that is known by its own digest only vendor and product are said. */
function idWords(id: string, profile: ProfileWord, names: Names): string | undefined {
  if (profile === 'aws_iot') return undefined;
  if (profile === 'matter_dac') return id.split('-').slice(0, 2).join('-');
  return names.of('device', id);
}

function keyWord(algorithm: string): KeyWord | undefined {
  if (algorithm.includes('prime256v1')) return 'ec-p256';
  if (algorithm.includes('secp384r1')) return 'ec-p384';
  if (algorithm.includes('secp521r1')) return 'ec-p521';
  if (algorithm.includes('ed25519')) return 'ed25519';
  if (!algorithm.startsWith('rsa')) return undefined;
  return algorithm.includes('3072') ? 'rsa-3072' : 'rsa-2048';
}

/** Only a serial number that is claimed too matters. */
function serialWords({ connection, credential }: Facts, names: Names): CertificateWords {
  const [claimed, own] = [connection.claims.serial, credential?.serial ?? null];
  return claimed !== null && own !== null && isSameNumber(claimed, own)
    ? { serial: names.of('digest', own) }
    : {};
}

function revokedWords({ revocation }: Facts): CertificateWords {
  const leaf = revocation.find(({ certificate }) => certificate === 0);
  if (leaf?.status === 'on_hold') return { revoked: { reason: 'certificateHold' } };
  return leaf?.status === 'revoked' ? { revoked: {} } : {};
}

/** The CRL that a certificate of the path was held against (0 is the leaf); undefined where nothing is known of one. */
export function crlWords({ revocation }: Facts, certificate: number): CrlWords | undefined {
  const fact = revocation.find((one) => one.certificate === certificate);
  if (!fact) return undefined;
  const { freshness, crl_number: number, this_update: from, next_update: until } = fact;
  if (freshness === 'missing') return 'missing';
  return {
    ...(number !== null && Number.isSafeInteger(Number(number)) && { number: Number(number) }),
    ...(from !== null && { this_update: formatInstant(from) }),
    ...(until !== null && { next_update: formatInstant(until) }),
  };
}
