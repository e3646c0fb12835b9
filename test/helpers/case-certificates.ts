import { createRoot, issueCa, issueCrl, issueLeaf, selfSignLeaf } from '../../src/ca/index.ts';
import type { Authority, Leaf, RawExtension } from '../../src/ca/index.ts';
import type { IssueOptions } from '../../src/ca/authority.ts';
import { toPem } from '../../src/ca/authority.ts';
import { parseInstant } from '../../src/lib/clock.ts';
import type { EpochMs } from '../../src/lib/clock.ts';
import { damaged } from '../../src/workshop/cases/issue/faults.ts';
import { moment as momentFrom } from '../../src/workshop/cases/moment.ts';
import { fleet } from './case-files.ts';
import { certificateIssuer, deltaIndicator, distributionPoints, issuingPoint } from './crl-points.ts';
import type {
  Described,
  DescribedAuthority,
  DescribedCertificate,
  DescribedCrl,
  DescribedExtension,
} from './case-types.ts';

/** What is shown at a door: bytes of the leaf, and of CAs that are sent with it. */
export interface Shown {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly with: readonly Pick<Authority, 'der' | 'pem'>[];
}

const day = 86_400_000;
export const fleetTime: EpochMs = instant(fleet.time);

export function instant(text: string): EpochMs {
  const at = parseInstant(text);
  if (at === undefined) throw new Error(`${text} is no instant`);
  return at;
}

/** `-1h` and the like count from the fleet's time. */
export function moment(text: string | undefined, otherwise: EpochMs): EpochMs {
  return momentFrom(text, fleetTime, otherwise);
}

/** Everything is issued once in a run: a description is a key. */
const authorities = new Map<string, Promise<Authority>>();
const leaves = new Map<string, Promise<Leaf>>();

export function authority(name: string): Promise<Authority> {
  const described = fleet.authorities[name];
  if (!described) throw new Error(`the fleet has no authority ${name}`);
  return remember(authorities, name, () => issueAuthority(described));
}

/** The certificate of a description, or of a name in the fleet, before any damage. */
export function leaf(described: Described): Promise<Leaf> {
  const certificate: DescribedCertificate = { ...wordsOf(described), damage: undefined, with: undefined };
  return remember(leaves, JSON.stringify(certificate), () => issueDescribed(certificate));
}

/** What a device shows that shows this certificate. */
export async function shown(described: Described): Promise<Shown> {
  const issued = await leaf(described);
  const { damage, with: names = [] } = wordsOf(described);
  const sent = await Promise.all(names.map(authority));
  const der = damaged(issued.der, damage === 'signature' ? 'bad_signature' : damage);
  return { der, pem: damage ? toPem('CERTIFICATE', der) : issued.pem, with: sent };
}

/** The description of a certificate that is named or described. */
export function wordsOf(described: Described): DescribedCertificate {
  const words = typeof described === 'string' ? fleet.certificates[described] : described;
  if (!words) throw new Error(`the fleet has no certificate ${JSON.stringify(described)}`);
  return words;
}

/** A CRL of an authority, as DER. */
export async function crl(issuer: string, words: DescribedCrl): Promise<Uint8Array> {
  const revoked = await Promise.all(
    (words.revoked ?? []).map(async (entry) => ({
      serial: entry.serial ?? (await authority(entry.authority as string)).serial,
      at: moment(entry.at, fleetTime),
      ...(entry.reason !== undefined && { reason: entry.reason }),
      ...(entry.of !== undefined && { extensions: [certificateIssuer((await authority(entry.of)).subject)] }),
    })),
  );
  const made = await issueCrl(await authority(issuer), {
    number: words.number ?? 1,
    thisUpdate: moment(words.this_update, fleetTime - 3_600_000),
    nextUpdate: moment(words.next_update, fleetTime + 23 * 3_600_000),
    revoked,
    extensions: [
      ...(words.base === undefined ? [] : [deltaIndicator(words.base)]),
      ...(words.point ? [issuingPoint(words.point)] : []),
    ],
  });
  return made.der;
}

async function issueAuthority(words: DescribedAuthority): Promise<Authority> {
  const options = {
    subject: words.subject,
    notBefore: moment(words.not_before, fleetTime - 365 * day),
    notAfter: moment(words.not_after, fleetTime + 9 * 365 * day),
    ...given('pathLen', words.path_length),
    ...given('key', words.key as IssueOptions['key']),
    ...given('keyUsage', words.key_usage),
    ...given('extensions', words.extensions?.map(extension)),
  };
  if (words.under === undefined && words.end_entity)
    return selfSignLeaf({ ...options, san: { uri: words.uri ?? [] } });
  if (words.under === undefined) return createRoot(options);
  const parent = await authority(words.under);
  if (!words.end_entity) return issueCa(parent, options);
  return issueLeaf(parent, { ...options, san: { uri: [spiffeId('meter/1')] } });
}

async function issueDescribed(words: DescribedCertificate): Promise<Leaf> {
  if (words.itself) return authority(words.issuer);
  const name = words.name ?? '';
  const uri = words.uri ?? (words.name === undefined ? [] : [spiffeId(name)]);
  const keyPair = words.key_of === undefined ? undefined : (await leaf(words.key_of)).keys;
  return issueLeaf(await authority(words.issuer), {
    subject: words.subject ?? `CN=${name}`,
    san: { uri, ...given('dns', words.dns) },
    notBefore: moment(words.not_before, fleetTime - day),
    notAfter: moment(words.not_after, fleetTime + 89 * day),
    ...given('eku', words.eku),
    ...given('keyUsage', words.key_usage),
    ...given('key', words.key as IssueOptions['key']),
    ...given('hash', words.hash as IssueOptions['hash']),
    ...given('serial', words.serial),
    ...given('ca', words.ca),
    extensions: [...(words.extensions ?? []).map(extension), ...(await pointsOf(words))],
    ...given('keyPair', keyPair),
  });
}

async function pointsOf({ points }: DescribedCertificate): Promise<RawExtension[]> {
  if (!points) return [];
  const encoded = points.map(async ({ crl_issuer: issuer, ...point }) => ({
    ...point,
    ...(issuer !== undefined && { crlIssuer: (await authority(issuer)).subject }),
  }));
  return [distributionPoints(...(await Promise.all(encoded)))];
}

function spiffeId(name: string): string {
  return `spiffe://fleet.example/${name}`;
}

function extension({ oid, critical, value }: DescribedExtension): RawExtension {
  return { oid, critical, value: Buffer.from(value.replaceAll(' ', ''), 'hex') };
}

function given<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value };
}

function remember<Value>(memory: Map<string, Promise<Value>>, key: string, make: () => Promise<Value>) {
  const known = memory.get(key);
  if (known) return known;
  const made = make();
  memory.set(key, made);
  return made;
}
