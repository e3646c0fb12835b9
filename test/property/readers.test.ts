/*
 * Mutated certificates, CRLs, OCSP responses, PEM texts and XFCC headers through every reader of untrusted bytes: nothing but our own
 * error class is thrown, and no input takes long. FUZZ_INPUTS and FUZZ_SEED override count and seed of each reader.
 */
import test from 'ava';
import { createRoot, issueCa, issueCrl, issueLeaf } from '../../src/ca/index.ts';
import { parseXfcc } from '../../src/context/xfcc.ts';
import { parseCertificate } from '../../src/identity/parse.ts';
import { PortreeveError } from '../../src/lib/errors.ts';
import { decodePem } from '../../src/lib/pem.ts';
import { parseOcspResponse } from '../../src/revocation/ocsp/parse-response.ts';
import { verifyOcspResponse } from '../../src/revocation/ocsp/verify-response.ts';
import { parseCrl } from '../../src/revocation/parse-crl.ts';
import { createRandom, mutate } from '../helpers/fuzz-inputs.ts';
import { forgeAnswer } from '../helpers/ocsp-forge.ts';

const inputs = Number(process.env.FUZZ_INPUTS ?? 5000 * Number(process.env.SOAK_FACTOR ?? 1));
const seed = Number(process.env.FUZZ_SEED ?? 20261122);
const mostMs = 100;

const life = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2027, 0, 1) };
const corpus = (async () => {
  const root = await createRoot({ subject: 'O=Example,CN=Root', ...life });
  const issuing = await issueCa(root, { subject: 'O=Example,CN=Issuing', ...life, pathLen: 0 });
  const device = await issueLeaf(issuing, {
    subject: 'O=Example,CN=meter-1,2.5.4.5=SN-1',
    san: { uri: ['spiffe://example.org/meter/1'], dns: ['meter-1.example.org'], ip: ['10.0.0.1'] },
    ...life,
  });
  const rsa = await issueLeaf(issuing, { subject: 'CN=meter-2', key: 'rsa-2048', ...life });
  const revoked = [1, 2, 3].map((serial) => ({
    serial: `0${serial}`,
    at: life.notBefore,
    reason: 'keyCompromise',
  }));
  const crl = await issueCrl(issuing, {
    number: 7,
    thisUpdate: life.notBefore,
    nextUpdate: life.notAfter,
    revoked,
  });
  const times = { thisUpdate: life.notBefore, nextUpdate: life.notAfter };
  const ocsp = forgeAnswer({
    issuer: issuing,
    singles: [
      { serial: device.serial, ...times },
      { serial: '01', status: 'revoked', reason: 1, ...times },
    ],
    nonce: Buffer.alloc(32, 1),
    certificates: [issuing.der],
  });
  const text = (value: string): Uint8Array => Buffer.from(value, 'utf8');
  const encoded = encodeURIComponent(device.pem);
  return {
    certificates: [root.der, issuing.der, device.der, rsa.der],
    crls: [crl.der],
    ocsp: [ocsp],
    issuing: [issuing.der],
    pem: [text(device.pem), text(issuing.pem + root.pem), text(crl.pem)],
    xfcc: [
      text(
        `Hash=${device.fingerprint};Cert="${encoded}";Subject="CN=meter-1,O=Example";URI=spiffe://example.org/meter/1`,
      ),
      text(
        `By=spiffe://a/b;Hash=${device.fingerprint};DNS=a.example;DNS=b.example,Hash=00;Chain="${encoded}"`,
      ),
    ],
  };
})();

const issuer = parseCertificate((await corpus).issuing[0] as Uint8Array);

const readers: readonly (readonly [
  string,
  'certificates' | 'crls' | 'ocsp' | 'pem' | 'xfcc',
  (bytes: Uint8Array) => void,
])[] = [
  ['certificates', 'certificates', (bytes) => void parseCertificate(bytes)],
  ['CRLs', 'crls', (bytes) => [...parseCrl(bytes).entries()]],
  [
    'OCSP responses',
    'ocsp',
    (bytes) => {
      const question = { issuer, serial: '01', now: life.notBefore };
      verifyOcspResponse(parseOcspResponse(bytes), question);
    },
  ],
  ['PEM', 'pem', (bytes) => void decodePem(Buffer.from(bytes).toString('latin1'), 'CERTIFICATE', 10)],
  ['XFCC', 'xfcc', (bytes) => void parseXfcc(Buffer.from(bytes).toString('latin1'))],
];

for (const [name, kind, read] of readers) {
  test(`no mutated input makes the reader of ${name} throw anything else or take long`, async (t) => {
    t.timeout(3_600_000);
    const sources = (await corpus)[kind];
    const random = createRandom(seed);
    let [accepted, slowest] = [0, 0];
    for (let count = 0; count < inputs; count++) {
      const input = mutate(sources[random.below(sources.length)] as Uint8Array, random);
      const first = timed(() => read(input));
      if (first.fault !== undefined) {
        t.fail(`input ${count} of seed ${seed}: ${first.fault}: ${Buffer.from(input).toString('base64')}`);
        return;
      }
      if (first.read) accepted++;
      // A collector's pause may hit any input once; what is slow by itself is slow again.
      const ms = first.ms < mostMs ? first.ms : Math.min(first.ms, timed(() => read(input)).ms);
      slowest = Math.max(slowest, ms);
    }
    t.log(`${inputs} inputs, seed ${seed}: ${accepted} read, slowest ${slowest.toFixed(1)} ms`);
    t.true(slowest < mostMs, `an input took ${slowest.toFixed(0)} ms`);
  });
}

/** How long this thread computed: what else the machine has to do is not the reader's time. */
function timed(read: () => void): { readonly ms: number; readonly read: boolean; readonly fault?: string } {
  const before = process.threadCpuUsage();
  const ms = (): number => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  try {
    read();
    return { ms: ms(), read: true };
  } catch (thrown) {
    return thrown instanceof PortreeveError
      ? { ms: ms(), read: false }
      : { ms: ms(), read: false, fault: String(thrown) };
  }
}
