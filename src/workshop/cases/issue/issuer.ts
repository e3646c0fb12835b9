import { readFileSync } from 'node:fs';
import type { Authority, LeafOptions } from '../../../ca/index.ts';
import { sha256Hex } from '../../../lib/bytes.ts';
import { canonicalJson } from '../../../lib/canonical-json.ts';
import type { EpochMs } from '../../../lib/clock.ts';
import { describeThrown, PortreeveError } from '../../../lib/errors.ts';
import { decodePem, looksLikePem } from '../../../lib/pem.ts';
import type { KeptFiles } from '../kept-files.ts';
import { moment } from '../moment.ts';
import type { AuthorityWords, CertificateWords, ExtensionWords, ProfileWord } from '../words.ts';
import { keysOf } from './keys.ts';
import { namesOf } from './names.ts';

/** An issued or given certificate: its DER, and a text that says all that it was made from. */
export interface Issued {
  readonly description: string;
  readonly der: Uint8Array;
}

/** When something is described: offsets count from the decision, validity that is not named from the file's time. */
export interface Times {
  readonly at: EpochMs;
  readonly from: EpochMs;
}

export interface RevokedEntry {
  readonly serial: string;
  readonly at: EpochMs;
  readonly reason?: string;
}

export interface CrlContent {
  readonly number: number;
  readonly thisUpdate: EpochMs;
  readonly nextUpdate: EpochMs;
  readonly revoked: readonly RevokedEntry[];
}

/** Makes certificates and CRLs of descriptions, each once, and keeps them under their descriptions where it is told to. */
export interface Issuer {
  authority(name: string, all: Authorities, times: Times): Promise<Issued>;
  leaf(words: CertificateWords, profile: ProfileWord, all: Authorities, times: Times): Promise<Issued>;
  crl(name: string, all: Authorities, times: Times, content: CrlContent): Promise<Uint8Array>;
}

export type Authorities = Readonly<Record<string, AuthorityWords>>;

const day = 86_400_000;
/** Changes with the way in which descriptions become certificates. */
const format = 'portreeve case 1';

export function createIssuer(kept?: KeptFiles): Issuer {
  const made = new Map<string, Promise<Uint8Array>>();
  /** Certificates with their keys; needed where something is to be signed by them. */
  const signers = new Map<string, Promise<Authority>>();

  const bytes = (description: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> => {
    const key = sha256Hex(description);
    const known = made.get(key);
    if (known) return known;
    const now = keptOr(key, make);
    made.set(key, now);
    return now;
  };
  const keptOr = async (key: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> => {
    const read = kept?.read(key);
    if (read) return read;
    const fresh = await make();
    kept?.write(key, fresh);
    return fresh;
  };

  const described = new WeakMap<Authorities, Map<string, string>>();
  const describeAuthority = (name: string, all: Authorities, times: Times, below = 0): string => {
    const known = described.get(all) ?? new Map<string, string>();
    described.set(all, known);
    const key = `${times.at} ${times.from} ${name}`;
    const description = known.get(key) ?? newDescription(name, all, times, below);
    known.set(key, description);
    return description;
  };
  const newDescription = (name: string, all: Authorities, times: Times, below: number): string => {
    const words = all[name];
    if (!words)
      throw new PortreeveError('PDP_CASES_INVALID', `there is no authority ${JSON.stringify(name)}`);
    if (below > 16) throw new PortreeveError('PDP_CASES_INVALID', `the authority ${name} is below itself`);
    const { under, configured: _, anchor: __, profile: ___, revoked: ____, ...rest } = words;
    return canonicalJson({
      ...{ format, what: 'authority', name, ...rest },
      ...authorityTimes(words, times),
      ...(under !== undefined && { under: sha256Hex(describeAuthority(under, all, times, below + 1)) }),
    });
  };

  const signer = (name: string, all: Authorities, times: Times): Promise<Authority> => {
    const words = all[name] as AuthorityWords;
    const description = describeAuthority(name, all, times);
    const known = signers.get(description);
    if (known) return known;
    const now = issueAuthority(name, words, description);
    signers.set(description, now);
    return now;

    async function issueAuthority(
      name: string,
      words: AuthorityWords,
      description: string,
    ): Promise<Authority> {
      if (words.file !== undefined)
        throw new PortreeveError('PDP_CASES_INVALID', `the authority ${name} is a file and signs nothing`);
      const ca = await import('../../../ca/index.ts');
      const { under } = words;
      const options = {
        subject: subjectOf(name, all),
        ...authorityTimes(words, times),
        keyPair: await keysOf(description, words.key),
        serial: serialOf(description),
        ...(words.path_length !== undefined && { pathLen: words.path_length }),
        ...(words.key_usage && { keyUsage: words.key_usage }),
        ...(words.extensions && { extensions: words.extensions.map(rawExtension) }),
      };
      const parent = under === undefined ? undefined : await signer(under, all, times);
      const issued =
        words.ca === false
          ? parent
            ? await ca.issueLeaf(parent, { ...options, eku: [] })
            : await ca.selfSignLeaf({ ...options, eku: [] })
          : parent
            ? await ca.issueCa(parent, options)
            : await ca.createRoot(options);
      // The certificate that was kept counts: others name it by its digest.
      return { ...issued, der: kept?.read(sha256Hex(description)) ?? issued.der };
    }
  };

  return {
    authority: async (name, all, times) => {
      const words = all[name];
      if (words?.file !== undefined) return fromFile(words.file);
      const description = describeAuthority(name, all, times);
      return { description, der: await bytes(description, async () => (await signer(name, all, times)).der) };
    },
    leaf: async (words, profile, all, times) => {
      const issuer = words.issuer as string;
      const { fault, key_name: keyName, hold: _, sends: __, ...told } = words;
      const description = canonicalJson({
        ...{ format, what: 'leaf', profile, ...told, keyName: keyName ?? null },
        ...(fault === 'self_signed' && { fault }),
        ...leafTimes(words, times),
        issuer: sha256Hex(describeAuthority(issuer, all, times)),
      });
      const make = async (): Promise<Uint8Array> => {
        const ca = await import('../../../ca/index.ts');
        const options = await leafOptions(words, profile, description, times);
        if (fault === 'self_signed') return (await ca.selfSignLeaf(options)).der;
        return (await ca.issueLeaf(await signer(issuer, all, times), options)).der;
      };
      return { description, der: await bytes(description, make) };
    },
    crl: (name, all, times, content) => {
      const issuer = sha256Hex(describeAuthority(name, all, times));
      const description = canonicalJson({ format, what: 'crl', issuer, ...content });
      return bytes(description, async () => {
        const { issueCrl } = await import('../../../ca/index.ts');
        return (await issueCrl(await signer(name, all, times), content)).der;
      });
    },
  };
}

/** Subject of an authority, as DN text. */
export function subjectOf(name: string, all: Authorities): string {
  return all[name]?.subject ?? `CN=${name.replaceAll(/[,+"\\<>;=#]/g, '\\$&')} CA`;
}

function authorityTimes(words: AuthorityWords, { at, from }: Times) {
  return {
    notBefore: moment(words.not_before, at, from - 365 * day),
    notAfter: moment(words.not_after, at, from + 9 * 365 * day),
  };
}

function leafTimes(words: CertificateWords, { at, from }: Times) {
  return {
    notBefore: moment(words.not_before, at, from - day),
    notAfter: moment(words.not_after, at, from + 89 * day),
  };
}

async function leafOptions(
  words: CertificateWords,
  profile: ProfileWord,
  description: string,
  times: Times,
): Promise<LeafOptions> {
  const { subject, uri, dns, extensions } = namesOf(profile, words);
  const { email, ip, eku, key_usage: keyUsage, hash, ca } = words;
  return {
    subject,
    ...leafTimes(words, times),
    san: { uri, dns, ...(email && { email }), ...(ip && { ip }) },
    keyPair: await keysOf(words.key_name === undefined ? description : `named ${words.key_name}`, words.key),
    serial: words.serial ?? serialOf(description),
    ...(eku && { eku }),
    ...(keyUsage && { keyUsage }),
    ...(hash && { hash }),
    ...(ca !== undefined && { ca }),
    extensions: extensions.map(rawExtension),
  };
}

function rawExtension({ oid, critical = false, value }: ExtensionWords) {
  return { oid, critical, value: Buffer.from(value.replaceAll(' ', ''), 'hex') };
}

/** 16 octets (RFC 5280 section 4.1.2.2), positive and without a zero in front. */
function serialOf(description: string): string {
  return `4a${sha256Hex(`serial\0${description}`).slice(0, 30)}`;
}

/** The one certificate of a file, PEM or DER. */
function fromFile(file: string): Issued {
  const [der] = certificatesIn(file);
  return {
    description: canonicalJson({ format, what: 'file', sha256: sha256Hex(der as Uint8Array) }),
    der: der as Uint8Array,
  };
}

/** The certificates of a file in their order: PEM, or one in DER. Throws PDP_CASES_INVALID. */
export function certificatesIn(file: string): readonly Uint8Array[] {
  const read = bytesOf(file);
  if (!looksLikePem(read)) return [read];
  return decodePem(Buffer.from(read).toString('latin1'), 'CERTIFICATE', 16);
}

/** The bytes of a file with real material. Throws PDP_CASES_INVALID. */
export function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new PortreeveError('PDP_CASES_INVALID', `${file}: ${describeThrown(cause)}`, { cause });
  }
}
