import { nameText } from '../identity/name-text.ts';
import type { Certificate, TrustAnchor, TrustSet } from '../identity/types.ts';
import type { Finding } from '../lib/reason-code.ts';
import { judgeRevocation } from '../revocation/judge.ts';
import { createListedReader } from '../revocation/listed-reader.ts';
import { recordedPoints, type AskedCertificate, type ExpectedPoints } from '../revocation/look-up.ts';
import type { ParsedCrl } from '../revocation/parse-crl.ts';
import { notingReader } from './consulted-crls.ts';
import { differencesOf } from './differences.ts';
import type { Difference } from './differences.ts';
import { limitsOf } from './facts.ts';
import { bindingFact, bindingLimits } from './facts-binding.ts';
import { clockFindings, clockLimits } from './facts-clock.ts';
import { graciousAnchor } from './facts-crl-grace.ts';
import { issuerName } from './facts-credential.ts';
import { firmwareLimits } from './facts-firmware.ts';
import { gatewayLimits } from './facts-gateway.ts';
import { inventoryStateFindings, inventoryStateLimits } from './facts-offline.ts';
import { policyStateFindings, policyStateLimits } from './facts-policy.ts';
import { withRecordedOcsp } from './facts-ocsp.ts';
import type { CredentialFacts, Facts, Versions } from './types.ts';

/** What recorded facts are held against. */
export interface KeptState {
  /** The anchors and intermediates that `versions.anchors` names. */
  readonly trust: TrustSet;
  /** The CRL of a digest; undefined where it was not kept. */
  readonly crl: (digest: string) => ParsedCrl | undefined;
  /** The distribution points that the kept configuration expects. */
  readonly expected: ExpectedPoints;
}

/** CRLs that `versions` names and that are not there any more. */
export function missingCrls(versions: Versions, crl: KeptState['crl']): readonly string[] {
  return versions.crls.filter(({ digest }) => !crl(digest)).map(({ digest }) => `CRL ${digest}`);
}

/**
 * Holds recorded facts against the kept anchors and CRLs: the path's anchor and issuer, every revocation judged again,
 * the CRLs consulted, the limits, and that the epochs are not older than what was read under them. What the facts alone
 * say (the inventory's row, what the request carried) is taken as it stands.
 */
export function stateDifferences(
  facts: Facts | null,
  versions: Versions,
  kept: KeptState,
): readonly Difference[] {
  if (facts === null) {
    return differencesOf(
      'versions',
      { crls: versions.crls, epochs: versions.epochs },
      { crls: [], epochs: {} },
    );
  }
  const path = knownPath(facts, kept.trust);
  const judged = judgeAgain(facts, path, versions, kept);
  return [
    ...differencesOf('facts.credential', recordedIssuing(facts.credential), issuingAgain(facts, path, kept)),
    ...differencesOf('facts.revocation', facts.revocation, judged.facts),
    ...differencesOf('facts.findings', facts.findings.filter(isOfRevocation), judged.findings),
    ...differencesOf(
      'facts.findings',
      facts.findings.filter(isOfClock),
      clockFindings(facts.clock, facts.now),
    ),
    ...differencesOf(
      'facts.findings',
      facts.findings.filter(isOfInventoryState),
      inventoryStateFindings(facts.inventory_state, facts.now),
    ),
    ...differencesOf(
      'facts.findings',
      facts.findings.filter(isOfPolicyState),
      policyStateFindings(policyStateOf(facts), facts.now),
    ),
    ...differencesOf('facts.limits', facts.limits, [
      ...limitsOf(path.certificates, judged.facts, facts.attestation),
      // The class's CAs, which only the configuration has, give a binding no end.
      ...bindingLimits(bindingFact(facts, {})),
      ...clockLimits(facts.clock, facts.now),
      ...firmwareLimits(facts.firmware, facts.now),
      ...gatewayLimits(facts),
      ...inventoryStateLimits(facts.inventory_state),
      ...policyStateLimits(policyStateOf(facts)),
    ]),
    ...differencesOf('versions.crls', versions.crls, judged.consulted),
    ...epochDifferences(facts, versions),
  ];
}

type PathCertificate = AskedCertificate & Pick<Certificate, 'notAfter'>;

interface KnownPath {
  readonly certificates: readonly PathCertificate[];
  readonly anchor: TrustAnchor | undefined;
}

/** The path's certificates: configured ones as they were kept, the leaf and what was sent with it by the facts. */
function knownPath({ credential, revocation, limits }: Facts, trust: TrustSet): KnownPath {
  const configured = new Map(
    [...trust.anchors, ...trust.intermediates].map(({ certificate }) => [
      certificate.fingerprint,
      certificate,
    ]),
  );
  const path = credential?.path ?? [];
  const certificates = path.map((fingerprint, place): PathCertificate => {
    const fact = revocation[place];
    const recorded = {
      fingerprint,
      issuer: { key: fact?.issuer_dn ?? '' },
      basicConstraints: { ca: fact?.ca ?? false },
      points: recordedPoints(fact?.distribution_points ?? []),
      serial: fact?.serial ?? '',
      keyDigest: revocation[place - 1]?.issuer_key ?? '',
      notAfter: limits.find(({ because }) => because === `certificate ${place}: notAfter`)?.until ?? 0,
    };
    if (place > 0) return configured.get(fingerprint) ?? recorded;
    const { serial, key_digest: keyDigest, not_after: notAfter } = credential as CredentialFacts;
    return { ...recorded, serial: serial ?? '', keyDigest: keyDigest ?? '', notAfter: notAfter ?? 0 };
  });
  const anchor = trust.anchors.find(({ certificate }) => certificate.fingerprint === path.at(-1));
  return { certificates, anchor };
}

function recordedIssuing(credential: CredentialFacts | null) {
  if (credential === null) return null;
  const { anchor, profile, issuer, issuer_key, fingerprint } = credential;
  return { anchor, profile, issuer, issuer_key, leaf: fingerprint };
}

function issuingAgain({ credential }: Facts, { certificates, anchor }: KnownPath, { trust }: KeptState) {
  if (credential === null) return null;
  const [leaf, issuer] = certificates;
  return {
    anchor: anchor?.name ?? null,
    profile: anchor?.profile.kind ?? null,
    issuer: issuer && anchor ? issuerName(issuer.fingerprint, anchor, trust) : null,
    issuer_key: issuer?.keyDigest ?? null,
    leaf: leaf?.fingerprint ?? credential.fingerprint,
  };
}

function judgeAgain(facts: Facts, { certificates, anchor }: KnownPath, versions: Versions, kept: KeptState) {
  const reader = notingReader(keptReader(facts, versions, kept));
  if (!anchor) return { facts: [], findings: [], consulted: reader.consulted() };
  const gracious = graciousAnchor(anchor, facts.crl_grace);
  const byCrls = judgeRevocation({ certificates, anchor: gracious }, reader, facts.now);
  const judged = withRecordedOcsp(byCrls, facts.revocation, gracious.revocation, facts.now);
  return { ...judged, consulted: reader.consulted() };
}

/** Where a list came from for people is not in its bytes; a list whose issuer is another than recorded is none. */
function keptReader(facts: Facts, versions: Versions, { trust, crl, expected }: KeptState) {
  const issuers = [...trust.anchors, ...trust.intermediates].map(({ certificate }) => certificate);
  const lists = versions.crls.flatMap(({ issuer_key: issuerKey, digest }) => {
    const list = crl(digest);
    const signers = issuers.filter(({ keyDigest }) => keyDigest === issuerKey);
    const issuer = signers.find(({ subject }) => subject.key === list?.issuer.key);
    if (!list || (signers.length > 0 && !issuer)) return [];
    const source = sourceOf(facts, issuerKey, list);
    const issuerName = nameText(issuer?.subject ?? list.issuer);
    return [{ issuerKey, issuerName, source, importedAt: facts.now, crl: list }];
  });
  return createListedReader(lists, { issuers, expected });
}

/** By the issuer that signed it itself; of another signer's, by when it was issued. */
function sourceOf({ revocation }: Facts, issuerKey: string, list: ParsedCrl): string {
  const told =
    revocation.find((fact) => fact.issuer_key === issuerKey) ??
    revocation.find((fact) => fact.this_update === list.thisUpdate);
  return (told?.ocsp ? told.ocsp.crl_source : told?.source) ?? '';
}

/** What the judgement of the path's revocation finds; a device's own record may be from the future as well. */
function isOfRevocation({ code, detail }: Finding): boolean {
  return (
    code.startsWith('revocation.') ||
    (code === 'system.clock_untrusted' && detail?.['certificate'] !== undefined)
  );
}

/** What is found where the machine's clock is behind the kept time. */
function isOfClock({ code, detail }: Finding): boolean {
  return (
    code === 'system.clock_within_grace' ||
    (code === 'system.clock_untrusted' && detail?.['kept'] !== undefined)
  );
}

/** Older records do not say. */
function policyStateOf(facts: Facts): Facts['policy_state'] {
  return (facts as Partial<Facts>).policy_state ?? null;
}

function isOfPolicyState({ code }: Finding): boolean {
  return code === 'policy.bundle_stale' || code === 'policy.stale_within_grace';
}

function isOfInventoryState({ code }: Finding): boolean {
  return code === 'inventory.cache_stale' || code === 'inventory.stale_within_grace';
}

/** Whatever was read was there at the epochs: a row of the inventory, and a hold, has the epoch of its last change. */
function epochDifferences(
  { device, firmware, holds }: Facts,
  { epochs, crls }: Versions,
): readonly Difference[] {
  const read = [device?.epoch ?? 0, firmware?.epoch ?? 0, ...holds.map(({ epoch }) => epoch)];
  const least = Math.max(crls.length > 0 ? 1 : 0, ...read);
  const newest = Math.max(0, ...Object.values(epochs));
  return newest >= least
    ? []
    : [{ path: 'versions.epochs', recorded: epochs, replayed: `at least ${least}, by what was read` }];
}
