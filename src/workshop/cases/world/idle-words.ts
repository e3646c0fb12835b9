import { PortreeveError } from '../../../lib/errors.ts';
import type { Authorities } from '../issue/issuer.ts';
import { isWords } from '../merge.ts';
import type { CaseWords, CertificateWords, CrlWords, Words } from '../words.ts';
import { ofServers } from './of-servers.ts';

/*
 * Words of a case that would change nothing. Each function throws PDP_CASES_INVALID for them: a case that says what nobody
 * looks at would pass, and its author would take it for shown.
 */

/** What a whole request says itself. */
const ofConnection = [
  'certificate',
  'attestation',
  'network',
  'gateway',
  'claims',
  'authenticated_by',
] as const;

/** Words beside a whole request or a real attestation result, and a second certificate. */
export function refuseIdleConnection(words: CaseWords): void {
  const others = ofConnection.filter((name) => words[name] !== undefined && words[name] !== null);
  if (words.request && others.length > 0) {
    throw idle(`request: it says all of the connection; ${others.join(', ')} would be without effect`);
  }
  if (words.attestation?.file !== undefined)
    refuseBeside(words.attestation, 'attestation', ['file', 'challenge']);
  if (words.certificate && words.gateway?.certificate) {
    throw idle(
      "certificate: beside the gateway's own it would be without effect: null, or a gateway without one",
    );
  }
}

/** Words beside real certificates, CAs and CRLs, and revocations that no CRL takes up. */
export function refuseIdleMaterial(
  authorities: Authorities,
  crls: Readonly<Record<string, CrlWords>>,
  presented: readonly ({ readonly words: CertificateWords } | undefined)[],
): void {
  for (const [name, words] of Object.entries(authorities))
    if (words.file !== undefined)
      refuseBeside(words, `authority ${name}`, [
        'file',
        'under',
        'profile',
        'configured',
        'anchor',
        'revoked',
      ]);
  for (const [name, words] of Object.entries(crls))
    if (typeof words === 'object' && words.file !== undefined)
      refuseBeside(words, `crl of ${name}`, ['file']);
  const refuse = (what: string, issuer: string | undefined): void => {
    const why = whyNotListed(issuer, authorities, crls);
    if (why !== undefined) throw idle(`${what}: revoked would be without effect: ${why}`);
  };
  for (const [name, { under, revoked }] of Object.entries(authorities))
    if (revoked && under !== undefined) refuse(`authority ${name}`, under);
  for (const one of presented) {
    const { words } = one ?? {};
    if (words?.file !== undefined)
      refuseBeside(words, 'certificate', ['file', 'id', 'issuer', 'revoked', 'hold']);
    if (words?.revoked) refuse('certificate', words.issuer);
  }
}

/** Why the CRL of an issuer has nothing that a case says; undefined where it is made, or said to be missing. */
function whyNotListed(
  issuer: string | undefined,
  authorities: Authorities,
  crls: Readonly<Record<string, CrlWords>>,
): string | undefined {
  if (issuer === undefined) return 'name its issuer, whose CRL is made here';
  const crl = Object.hasOwn(crls, issuer) ? crls[issuer] : undefined;
  if (typeof crl === 'object' && crl.file !== undefined) return `the CRL of ${issuer} is real`;
  const authority = Object.hasOwn(authorities, issuer) ? authorities[issuer] : undefined;
  return authority?.file === undefined ? undefined : `${issuer} is real, and signs nothing here`;
}

/** In a whole configuration they may stand; laid over it they would be words that change nothing. */
export function refuseOfServers(own: Words): void {
  const { revocation } = own;
  const names = [
    ...Object.keys(own).filter((name) => ofServers.sections.has(name)),
    ...Object.keys(isWords(revocation) ? revocation : {})
      .filter((name) => ofServers.revocation.has(name))
      .map((name) => `revocation.${name}`),
  ];
  if (names.length === 0) return;
  throw idle(
    `configuration: ${names.join(', ')} would be without effect: cases say CRLs and devices themselves, and no server is started`,
  );
}

function refuseBeside(words: object, what: string, known: readonly string[]): void {
  const others = Object.keys(words).filter((name) => !known.includes(name));
  if (others.length === 0) return;
  throw idle(`${what}: beside real material ${others.join(', ')} would be without effect`);
}

function idle(problem: string): PortreeveError {
  return new PortreeveError('PDP_CASES_INVALID', problem);
}
