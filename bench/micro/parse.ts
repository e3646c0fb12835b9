/**
 * The cost of a leaf that was never seen before, under one intermediate: read, verified, judged and its identity
 * extracted by this program, beside `new X509Certificate` and `verify` of Node (OpenSSL) over the same certificates in
 * the same run, which judge nothing. CPU time, in rounds that alternate, so that a busy machine is busy for both; the
 * medians are compared. Prints one JSON object: microseconds per leaf, and the ratio.
 */
import { X509Certificate } from 'node:crypto';
import { generateKeys, createRoot, issueCa, issueLeaf } from '../../src/ca/index.ts';
import { judgeCredential } from '../../src/identity/judge.ts';
import { resolveCredential } from '../../src/identity/resolver.ts';
import { buildTrustSet } from '../../src/identity/trust.ts';
import { indexTrust } from '../../src/identity/trust-index.ts';

const leaves = Number(process.argv[2] ?? 400);
const rounds = Number(process.argv[3] ?? 31);
const now = Date.now();
const day = 86_400_000;
const life = { notBefore: now - day, notAfter: now + 30 * day };

const root = await createRoot({ subject: 'CN=Root', ...life });
const intermediate = await issueCa(root, { subject: 'CN=Issuing', ...life });
const keyPair = await generateKeys('ec-p256');
const devices = await Promise.all(
  Array.from({ length: leaves }, (_, i) =>
    issueLeaf(intermediate, {
      subject: `CN=meter-${i}`,
      san: { uri: [`spiffe://fleet.example/meter/${i}`] },
      keyPair,
      ...life,
    }),
  ),
);
const presented = devices.map((device) => ({
  key: device.fingerprint,
  source: 'peer_chain' as const,
  material: { form: 'der' as const, chain: [device.der, intermediate.der] },
}));
const trust = buildTrustSet({
  anchors: [
    {
      name: 'root',
      certificate: root.der,
      profile: { kind: 'spiffe', trust_domain: 'fleet.example' },
      revocation: { required: false, graceMs: 0 },
      allowSha1: false,
    },
  ],
  intermediates: [{ name: 'issuing', certificate: intermediate.der }],
});

const index = indexTrust(trust);

function ours(): void {
  for (const one of presented) {
    // Beneath the cache: every leaf is new.
    const judged = judgeCredential(resolveCredential(one, index), now);
    if (judged.identity === undefined || judged.findings.length > 0) throw new Error('refused');
  }
}

function nodes(): void {
  for (const device of devices) {
    const leaf = new X509Certificate(device.der);
    const issuer = new X509Certificate(intermediate.der);
    if (!leaf.verify(issuer.publicKey)) throw new Error('refused');
  }
}

function time(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / leaves;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

for (const warm of [ours, nodes, ours, nodes, ours]) warm();
const measured = Array.from({ length: rounds }, () => ({ ours: time(ours), nodes: time(nodes) }));
const [mine, theirs] = [median(measured.map((one) => one.ours)), median(measured.map((one) => one.nodes))];
process.stdout.write(
  `${JSON.stringify({
    leaves,
    rounds,
    ours_us: Number(mine.toFixed(1)),
    node_us: Number(theirs.toFixed(1)),
    ratio: Number(median(measured.map((one) => one.ours / one.nodes)).toFixed(2)),
  })}\n`,
);
