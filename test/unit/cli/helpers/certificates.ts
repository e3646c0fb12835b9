import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRoot, issueCa, issueCrl, issueLeaf } from '../../../../src/ca/index.ts';
import { formatInstant } from '../../../../src/lib/clock.ts';

/** A root, a CA and a device, as files and as the fields of a request. */
export async function makeChain() {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-cert-'));
  const path = (name: string): string => join(folder, name);
  const now = Date.UTC(2026, 5, 1, 12);
  const hour = 3_600_000;
  const life = { notBefore: now - 30 * hour, notAfter: now + 70 * hour };
  const root = await createRoot({ subject: 'CN=Root,O=Example', ...life });
  const ca = await issueCa(root, { subject: 'CN=Meters,O=Example', ...life });
  const leaf = await issueLeaf(ca, {
    subject: 'CN=meter-1,serialNumber=SN-1',
    san: { uri: ['urn:dev:1'] },
    ...life,
  });
  const times = { number: 1, thisUpdate: now - hour, nextUpdate: now + hour };
  const rootCrl = (await issueCrl(root, { ...times, revoked: [] })).pem;
  const caCrl = (await issueCrl(ca, { ...times, revoked: [] })).pem;
  const revoked = [{ serial: leaf.serial, at: now - hour, reason: 'keyCompromise' }];
  const revoking = (await issueCrl(ca, { ...times, number: 2, revoked })).pem;
  const request = {
    id: 'one',
    anchors: [root.pem],
    intermediates: [ca.pem],
    leaf: leaf.pem,
    at: formatInstant(now),
  };
  const files = {
    root: root.pem,
    ca: ca.pem,
    leaf: leaf.pem,
    'root-crl': rootCrl,
    'ca-crl': caCrl,
    revoking,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path(`${name}.pem`), text);
  const fingerprints = [leaf, ca, root].map(({ fingerprint }) => fingerprint);
  return {
    folder,
    path,
    now,
    hour,
    life,
    root,
    ca,
    leaf,
    crls: { rootCrl, caCrl, revoking },
    request,
    fingerprints,
  };
}
