import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { createRoot, issueLeaf } from '../../src/ca/index.ts';
import type { Authority, KeyKind, Leaf } from '../../src/ca/index.ts';
import { temporaryFolder } from './temporary-store.ts';

/** id-kp-timeStamping, which authorities have critical and alone (RFC 3161 section 2.3). */
const timeStampingOnly = {
  oid: '2.5.29.37',
  critical: true,
  value: Buffer.from('300a06082b06010505070308', 'hex'),
};
const year = 365 * 86_400_000;

export interface TsaOptions {
  readonly key?: KeyKind;
  readonly caKey?: KeyKind;
  /** Digest in the reference to the signer's certificate (RFC 5816). */
  readonly essDigest?: 'sha1' | 'sha256' | 'sha384';
  readonly accuracy?: boolean;
}

/** A time-stamping authority that is `openssl ts`, with its CA. */
export interface OpensslTsa {
  readonly ca: Authority;
  readonly signer: Leaf;
  /** PEM file of the CA. */
  readonly caFile: string;
  /** A file in the authority's folder. */
  readonly file: (name: string, bytes: Uint8Array | string) => string;
  /** The TimeStampResp to a TimeStampReq. */
  readonly reply: (request: Uint8Array) => Uint8Array;
  /** Answers POSTs as RFC 3161 section 3.4 has it. */
  readonly handler: RequestListener;
}

/** Makes an authority of our own certificates whose answers the system's openssl makes; removed after the test. */
export async function opensslTsa(t: ExecutionContext, o: TsaOptions = {}): Promise<OpensslTsa> {
  const folder = temporaryFolder(t);
  const now = Date.now();
  const life = { notBefore: now - year, notAfter: now + year };
  const ca = await createRoot({ subject: 'CN=Test TSA Root', key: o.caKey ?? 'ec-p256', ...life });
  const signer = await issueLeaf(ca, {
    subject: 'CN=Test TSA',
    key: o.key ?? 'rsa-2048',
    ...life,
    eku: [],
    extensions: [timeStampingOnly],
  });
  const file = (name: string, bytes: Uint8Array | string): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const caFile = file('ca.pem', ca.pem);
  file('serial', '01\n');
  const config = file('tsa.cnf', configuration(folder, o));
  const signerFile = file('signer.pem', signer.pem);
  const keyFile = file('signer.key', signer.privateKeyPem);
  const reply = (request: Uint8Array): Uint8Array => {
    const query = file('request.tsq', request);
    const out = join(folder, 'response.tsr');
    openssl([
      'ts',
      '-reply',
      '-config',
      config,
      '-queryfile',
      query,
      '-signer',
      signerFile,
      '-inkey',
      keyFile,
      '-out',
      out,
    ]);
    return readFileSync(out);
  };
  return {
    ...{ ca, signer, caFile, file, reply },
    handler: (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.from(reply(Buffer.concat(chunks)));
        const headers = { 'content-type': 'application/timestamp-reply', 'content-length': body.byteLength };
        response.writeHead(200, headers).end(body);
      });
    },
  };
}

/** Runs openssl; throws with what it said where it fails. */
export function openssl(args: readonly string[]): string {
  const ran = spawnSync('openssl', args, { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`openssl ${args.join(' ')}: ${ran.stderr}`);
  return `${ran.stdout}${ran.stderr}`;
}

function configuration(folder: string, { essDigest = 'sha256', accuracy = true }: TsaOptions): string {
  return [
    '[tsa]',
    'default_tsa = one',
    '[one]',
    `dir = ${folder}`,
    `serial = ${folder}/serial`,
    'crypto_device = builtin',
    'signer_digest = sha256',
    'default_policy = 1.2.3.4.1',
    'other_policies = 1.2.3.4.5',
    'digests = sha256, sha384, sha512',
    ...(accuracy ? ['accuracy = secs:1, millisecs:500, microsecs:100', 'clock_precision_digits = 3'] : []),
    'ordering = yes',
    'tsa_name = yes',
    'ess_cert_id_chain = no',
    `ess_cert_id_alg = ${essDigest}`,
    '',
  ].join('\n');
}
