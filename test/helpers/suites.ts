import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toPem } from '../../src/ca/authority.ts';
import { decodePem } from '../../src/lib/pem.ts';

/** A case of an outside suite as a request of `cert verify --batch`, and the answer that the suite expects. */
export interface SuiteRequest {
  readonly expected: boolean;
  readonly request: {
    readonly id: string;
    readonly anchors: readonly string[];
    readonly intermediates: readonly string[];
    readonly leaf: string;
    readonly crls: readonly string[];
    readonly at: string;
    readonly [more: string]: unknown;
  };
}

interface PkitsSuite {
  readonly validation_time: string;
  readonly cases: readonly {
    readonly id: string;
    readonly certificates: readonly string[];
    readonly crls: readonly string[];
    readonly valid: boolean;
  }[];
}

/** NIST PKITS: revocation is required, and the inputs of RFC 5280 section 6.1.1 are those of the case. */
export function pkitsRequests(folder: string): SuiteRequest[] {
  const suite = JSON.parse(readFileSync(join(folder, 'pkits/cases.json'), 'utf8')) as PkitsSuite;
  const certificate = (name: string): string =>
    toPem('CERTIFICATE', readFileSync(join(folder, `pkits/certs/${name}.crt`)));
  const crl = (name: string): string =>
    toPem('X509 CRL', readFileSync(join(folder, `pkits/crls/${name}.crl`)));
  return suite.cases.map(({ id, certificates, crls, valid, ...inputs }) => {
    const [anchor, ...others] = certificates.map(certificate);
    const leaf = others.pop();
    if (anchor === undefined || leaf === undefined) throw new Error(`${id} has no path`);
    const request = { id, anchors: [anchor], intermediates: others, leaf, crls: crls.map(crl) };
    const rules = { at: suite.validation_time, require_revocation: true, ...inputs };
    return { expected: valid, request: { ...request, ...rules } };
  });
}

interface LimboSuite {
  readonly testcases: readonly {
    readonly id: string;
    readonly trusted_certs: readonly string[];
    readonly untrusted_intermediates: readonly string[];
    readonly peer_certificate: string;
    readonly validation_time: string | null;
    readonly extended_key_usage: readonly string[];
    readonly max_chain_depth: number | null;
    readonly expected_result: 'SUCCESS' | 'FAILURE';
    readonly crls: readonly string[];
  }[];
}

/** About names of servers, or fetched from elsewhere: not about the path of a device's certificate. */
const leftOut = /^(webpki|online)::|^rfc5280::san::ip-in-dns$|^rfc5280::ca-as-leaf-wrong-san$/;

/** x509-limbo; `now` is for the cases without a time of their own. */
export function limboRequests(folder: string, strict: boolean, now: string): SuiteRequest[] {
  const suite = JSON.parse(readFileSync(join(folder, 'limbo.json'), 'utf8')) as LimboSuite;
  return suite.testcases
    .filter(({ id }) => !leftOut.test(id))
    .map((one) => ({
      expected: one.expected_result === 'SUCCESS',
      request: {
        id: one.id,
        anchors: one.trusted_certs,
        intermediates: one.untrusted_intermediates,
        leaf: one.peer_certificate,
        crls: one.crls,
        at: one.validation_time ?? now,
        eku: one.extended_key_usage,
        strict,
        ...(one.max_chain_depth !== null && { max_depth: one.max_chain_depth }),
      },
    }));
}

/** The DER in one PEM text of a suite. */
export function suiteDer(pem: string, label: 'CERTIFICATE' | 'X509 CRL'): Uint8Array {
  const [der] = decodePem(pem, label, 1);
  if (der === undefined) throw new Error('a suite with empty PEM');
  return der;
}
