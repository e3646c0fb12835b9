import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createRoot,
  issueCa,
  issueCrl,
  issueLeaf,
  type Authority,
  type Leaf,
} from '../../../../src/ca/index.ts';

/** A small installation in a folder of its own: a root, an issuing CA, CRLs, a device and a configuration. */
export interface Installation {
  readonly folder: string;
  readonly config: string;
  readonly root: Authority;
  readonly issuer: Authority;
  readonly leaf: Leaf;
  readonly path: (name: string) => string;
}

export const deviceId = 'meter-0001';
const hour = 3_600_000;

export async function makeInstallation(): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-cli-'));
  const path = (name: string) => join(folder, name);
  const now = Date.now();
  const life = { notBefore: now - hour, notAfter: now + 24 * hour };
  const root = await createRoot({ subject: 'CN=Test Root', ...life });
  const issuer = await issueCa(root, { subject: 'CN=Meters', ...life });
  const leaf = await issueLeaf(issuer, { subject: `CN=${deviceId}`, ...life });
  const update = { number: 1, thisUpdate: now - hour, nextUpdate: now + 12 * hour, revoked: [] };
  writeFileSync(path('root.pem'), root.pem);
  writeFileSync(path('meters.pem'), issuer.pem);
  writeFileSync(path('root.crl'), (await issueCrl(root, update)).der);
  writeFileSync(path('meters.crl'), (await issueCrl(issuer, update)).pem);
  const device = { device_id: deviceId, status: 'active', class: 'meter', certificates: [leaf.fingerprint] };
  writeFileSync(path('devices.ndjson'), `${JSON.stringify(device)}\n`);
  writeFileSync(path('portreeve.yaml'), configuration);
  return { folder, config: path('portreeve.yaml'), root, issuer, leaf, path };
}

const configuration = `
version: 1
server:
  listeners: [{ name: local, address: '127.0.0.1:0', pep: envoy }]
  admin: { address: '127.0.0.1:0' }
peps:
  - name: envoy
trust:
  anchors:
    - name: root
      file: root.pem
      profile: { kind: cn }
  intermediates:
    - name: meters
      file: meters.pem
classes:
  meter: { anchors: [root] }
`;
