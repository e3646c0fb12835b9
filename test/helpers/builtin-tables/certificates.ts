import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { each } from './table.ts';
import type { CallTable } from './table.ts';

const everything = `[req]
distinguished_name=dn
x509_extensions=v3
prompt=no
[dn]
C=CH
O=Org
1.OU=One
2.OU=Two
L=Zurich
ST=ZH
street=Main 1
postalCode=8000
CN=dev é
serialNumber=SN1
DC=example
emailAddress=a@b.c
[v3]
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,digitalSignature,keyCertSign
extendedKeyUsage=clientAuth,serverAuth,1.2.3.4
subjectAltName=@names
certificatePolicies=1.2.3.4,2.5.29.32.0
crlDistributionPoints=URI:http://crl.example/a.crl
authorityInfoAccess=OCSP;URI:http://ocsp.example,caIssuers;URI:http://ca.example/ca.crt
nameConstraints=critical,permitted;DNS:example,permitted;email:.b.c,permitted;IP:10.0.0.0/255.0.0.0,excluded;DNS:bad.example
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always
inhibitAnyPolicy=2
policyConstraints=requireExplicitPolicy:3,inhibitPolicyMapping:0
1.3.6.1.4.1.99999.1=ASN1:UTF8String:hi
[names]
DNS=a.example
URI.1=spiffe://td/wl
URI.2=http://u:p@h.example:80/a%20b/c?d
email=x@y.z
IP.1=10.0.0.1
IP.2=2001:db8::1
dirName=other
[other]
CN=x
`;

/** How `openssl req -x509` makes each of them, beside its key. */
const ways: readonly (readonly [key: readonly string[], options: readonly string[]])[] = [
  [['ec:P-256'], ['-config', 'all.cnf', '-utf8', '-set_serial', '0x7fffffffffffffffffffffff']],
  [['rsa:2048'], ['-subj', '/CN=x', '-days', '20000']],
  [['ed25519'], ['-subj', '/O=a/CN=y', '-addext', 'keyUsage=digitalSignature']],
  [['rsa-pss'], ['-subj', '/CN=pss']],
  [
    ['rsa:2048'],
    ['-subj', '/CN=pss', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32', '-sha256'],
  ],
  [['rsa:2048'], ['-subj', '/CN=old', '-sha1', '-addext', '1.2.3.4.5=critical,ASN1:NULL']],
  [
    ['ec:P-384'],
    ['-subj', '/', '-addext', 'policyMappings=1.2.3:1.2.4', '-addext', 'basicConstraints=CA:FALSE'],
  ],
];

/** Certificates in PEM of many kinds; none where there is no openssl. */
function certificates(): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-certificates-'));
  try {
    writeFileSync(join(folder, 'all.cnf'), everything);
    return ways.flatMap(([[key = ''], options], index) => {
      const [algorithm = '', detail] = key.split(':');
      const option = algorithm === 'ec' ? `ec_paramgen_curve:${detail}` : 'rsa_keygen_bits:2048';
      const opts = algorithm === 'ed25519' ? [] : ['-pkeyopt', option];
      const made = ['-newkey', algorithm, ...opts, '-nodes', '-keyout', 'k.pem', '-out', `${index}.pem`];
      const { status } = spawnSync('openssl', ['req', '-new', '-x509', ...made, ...options], { cwd: folder });
      return status === 0 ? [readFileSync(join(folder, `${index}.pem`), 'utf8')] : [];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes certificates anew each time: keys are never kept. */
export function certificateTable(): CallTable {
  const made = certificates();
  const der = made.map((pem) => pem.replace(/-----[^-]*-----|\n/g, ''));
  const bytes = der.map((text) => Buffer.from(text, 'base64'));
  const inputs = [
    ...[...made, ...der, made.join(''), Buffer.concat(bytes).toString('base64'), `${made.join('')}trail`],
    ...['', 'x', '-----BEGIN X-----\n-----END X-----', Buffer.from(made.join('')).toString('base64')],
    ...der.map((text) => text.slice(0, 400)),
  ];
  return [['crypto.x509.parse_certificates(c[0])', each(inputs)]];
}
