import { createRoot, issueCa, issueCrl, type Authority, type RawExtension } from '../../ca/index.ts';
import type { EpochMs } from '../../lib/clock.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** The demo's certification authorities. Each issuing CA exists because a row of the table needs it. */
export interface Authorities {
  readonly root: Authority;
  readonly meters: Authority;
  readonly cameras: Authority;
  /** Its CRL is past nextUpdate, but within the anchor's grace. */
  readonly depot: Authority;
  /** Its CRL is past nextUpdate and the grace. */
  readonly annex: Authority;
  /** The root has revoked it. */
  readonly withdrawn: Authority;
  /** May only issue for names within harbour.example. */
  readonly constrained: Authority;
  /** Issued by the meters' CA, which may not issue CAs. */
  readonly overreaching: Authority;
  /** Names itself as the meters' CA does, but is nobody's. */
  readonly foreign: Authority;
  readonly foreignRoot: Authority;
  /** Gateways have a root of their own: nothing is accepted across anchors. */
  readonly gateways: Authority;
}

/** Grace of the demo's anchors after a CRL's nextUpdate, in hours. */
export const graceHours = 48;

/** Makes all CAs, with EC P-256 keys; nothing is older than 30 days or younger than a day. */
export async function makeAuthorities(now: EpochMs): Promise<Authorities> {
  const life = { notBefore: now - 30 * day, notAfter: now + 5 * 365 * day };
  const root = await createRoot({ subject: 'O=Harbour Utilities,CN=Harbour Fleet Root', ...life });
  const issue = (name: string, extensions: RawExtension[] = []): Promise<Authority> =>
    issueCa(root, { subject: `O=Harbour Utilities,CN=${name}`, ...life, pathLen: 0, extensions });
  const meters = await issue('Meters CA');
  const foreignRoot = await createRoot({ subject: 'O=Harbour Utilities,CN=Harbour Fleet Root', ...life });
  return {
    root,
    meters,
    cameras: await issue('Cameras CA'),
    depot: await issue('Depot CA'),
    annex: await issue('Annex CA'),
    withdrawn: await issue('Withdrawn CA'),
    constrained: await issue('Contractor CA', [permittedDns('harbour.example')]),
    overreaching: await issueCa(meters, { subject: 'O=Harbour Utilities,CN=Meters Sub-CA', ...life }),
    foreignRoot,
    foreign: await issueCa(foreignRoot, { subject: 'O=Harbour Utilities,CN=Meters CA', ...life, pathLen: 0 }),
    gateways: await createRoot({ subject: 'O=Harbour Utilities,CN=Gateways CA', ...life }),
  };
}

/** A critical nameConstraints that permits one DNS subtree (RFC 5280 section 4.2.1.10). */
function permittedDns(domain: string): RawExtension {
  const wrap = (tag: number, content: Uint8Array): Uint8Array =>
    Uint8Array.of(tag, content.length, ...content);
  const subtree = wrap(0x30, wrap(0x82, Buffer.from(domain, 'ascii')));
  return { oid: '2.5.29.30', critical: true, value: wrap(0x30, wrap(0xa0, subtree)) };
}

export interface RevokedSerial {
  readonly serial: string;
  readonly at: EpochMs;
  readonly reason: string;
}

/** One signed CRL a CA, PEM by file name. `revokedMeters` are listed by the meters' CA. */
export async function makeCrls(
  authorities: Authorities,
  revokedMeters: readonly RevokedSerial[],
  now: EpochMs,
): Promise<ReadonlyMap<string, string>> {
  const fresh = { thisUpdate: now - hour, nextUpdate: now + 7 * day };
  const crls: readonly (readonly [string, Authority, typeof fresh, readonly RevokedSerial[]])[] = [
    [
      'root',
      authorities.root,
      fresh,
      [{ serial: authorities.withdrawn.serial, at: now - 2 * day, reason: 'cACompromise' }],
    ],
    ['meters', authorities.meters, fresh, revokedMeters],
    ['cameras', authorities.cameras, fresh, []],
    ['withdrawn', authorities.withdrawn, fresh, []],
    ['gateways', authorities.gateways, fresh, []],
    ['constrained', authorities.constrained, fresh, []],
    ['depot', authorities.depot, { thisUpdate: now - 8 * day, nextUpdate: now - hour }, []],
    [
      'annex',
      authorities.annex,
      { thisUpdate: now - 12 * day, nextUpdate: now - (graceHours + 24) * hour },
      [],
    ],
  ];
  const files = new Map<string, string>();
  for (const [name, issuer, times, revoked] of crls) {
    const { pem } = await issueCrl(issuer, { number: 7, ...times, revoked: [...revoked] });
    files.set(`${name}.crl`, pem);
  }
  return files;
}
