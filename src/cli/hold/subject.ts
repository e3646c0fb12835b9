import type { Certificate, TrustSet } from '../../identity/types.ts';
import { parseCertificate } from '../../identity/parse.ts';
import { describeThrown, PortreeveError } from '../../lib/errors.ts';
import { holdValue } from '../../revocation/holds/selector.ts';
import type { HoldKind } from '../../revocation/holds/types.ts';
import { readCertificateFile } from '../cert/files.ts';
import type { Session } from '../session.ts';

/** The options that say what is held; exactly one of them, and `issuedBefore` beside an issuer. */
export interface SubjectOptions {
  readonly device?: string;
  readonly certificate?: string;
  readonly certificateFile?: string;
  readonly key?: string;
  readonly issuer?: string;
  readonly issuedBefore?: number;
  readonly firmware?: string;
  readonly class?: string;
  readonly gateway?: string;
  readonly network?: string;
}

/** What is held, in the form in which it is compared. */
export interface HeldSubject {
  readonly kind: HoldKind;
  readonly value: string;
  /** Configured name of a CA, else the value. */
  readonly name: string;
}

const kinds: Readonly<Record<Exclude<keyof SubjectOptions, 'issuedBefore'>, HoldKind>> = {
  device: 'device',
  certificate: 'certificate',
  certificateFile: 'certificate',
  key: 'key',
  issuer: 'issuer',
  firmware: 'firmware',
  class: 'class',
  gateway: 'gateway',
  network: 'network',
};

const optionNames =
  '--device, --certificate, --certificate-file, --key, --issuer, --firmware, --class, --gateway, --network';

/**
 * Reads what is held. Throws PDP_USAGE where it is not exactly one thing or cannot be, PDP_INPUT_MALFORMED for a file
 * that does not hold exactly one certificate.
 */
export async function readSubject(
  options: SubjectOptions,
  trust: TrustSet,
  session: Session,
): Promise<HeldSubject> {
  const given = (Object.keys(kinds) as (keyof typeof kinds)[]).filter((one) => options[one] !== undefined);
  const [name] = given;
  if (name === undefined || given.length > 1) {
    throw new PortreeveError('PDP_USAGE', `say what is held by exactly one of ${optionNames}`);
  }
  if (options.issuedBefore !== undefined && name !== 'issuer') {
    throw new PortreeveError('PDP_USAGE', '--issued-before stands beside --issuer alone');
  }
  const text = options[name] as string;
  if (name === 'issuer') return heldIssuer(text, trust);
  const value = holdValue(
    kinds[name],
    name === 'certificateFile' ? await fingerprintOf(text, session) : text,
  );
  return { kind: kinds[name], value, name: value };
}

function heldIssuer(text: string, trust: TrustSet): HeldSubject {
  const cas = configuredCas(trust);
  const named = cas.find(({ name }) => name === text);
  if (named) return { kind: 'issuer', value: named.certificate.keyDigest, name: text };
  if (!/^[0-9a-f:]{64,}$/i.test(text)) {
    throw new PortreeveError(
      'PDP_USAGE',
      `issuer ${JSON.stringify(text)} is neither the SHA-256 of a CA's key (hex) nor a configured CA: ` +
        cas.map(({ name }) => name).join(', '),
    );
  }
  const value = holdValue('issuer', text);
  return {
    kind: 'issuer',
    value,
    name: cas.find(({ certificate }) => certificate.keyDigest === value)?.name ?? value,
  };
}

/** A CA that the configuration names. */
export interface NamedCa {
  readonly name: string;
  readonly certificate: Certificate;
}

/** Anchors and intermediates, by their configured names. */
export function configuredCas({ anchors, intermediates }: TrustSet): readonly NamedCa[] {
  return [...anchors, ...intermediates];
}

async function fingerprintOf(file: string, session: Session): Promise<string> {
  const [der, ...more] = await readCertificateFile(file, session);
  if (der === undefined || more.length > 0) {
    const problem = `${file} holds ${more.length + 1} certificates: name the one that is meant by --certificate`;
    throw new PortreeveError('PDP_INPUT_MALFORMED', problem);
  }
  try {
    return parseCertificate(der).fingerprint;
  } catch (thrown) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', `${file}: ${describeThrown(thrown)}`, { cause: thrown });
  }
}
