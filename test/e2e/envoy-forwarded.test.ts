import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { issueCa, issueLeaf } from '../../src/ca/index.ts';
import { stretched, stretchedBudget } from '../helpers/behind-envoy.ts';
import { makeLiveFleet } from '../helpers/live-fleet.ts';
import { request, startEnvoy } from '../helpers/live-envoy.ts';
import { findEnvoy, until } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';

const day = 86_400_000;

/** The gateway's header counts, no CA between device and anchor is configured, and devices are bound by certificate. */
function forwarding(configuration: string): string {
  return configuration
    .replace('peps: [{ name: envoy }]', 'peps: [{ name: envoy, may_send_xfcc: true }]')
    .replace('revocation: { required: true }', 'revocation: { required: false }')
    .replace('binding: issuer\n    issuers: [meters]', 'binding: certificate');
}

/** The example, with Envoy itself writing all that it knows of the device's certificates. */
function writingAll(example: string): string {
  return example.replace(
    'forward_client_cert_details: SANITIZE\n',
    'forward_client_cert_details: SANITIZE_SET\n' +
      '                set_current_client_cert_details: { subject: true, cert: true, chain: true, dns: true, uri: true }\n',
  );
}

const envoy = findEnvoy();
const withEnvoy = needing(envoy.lack, { serial: true });

withEnvoy(
  'x-forwarded-client-cert as a real Envoy writes it brings the chain that Envoy itself does not send, and no device’s own',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1'], {
      change: (text) => stretchedBudget(forwarding(text)),
    });
    const now = Date.now();
    const life = { notBefore: now - day, notAfter: now + day };
    const between = await issueCa(fleet.root, { subject: 'CN=Nowhere configured', ...life });
    const leaf = await issueLeaf(between, {
      subject: 'CN=meter-1,O=Quote \\" and\\; semicolon\\, Ltd',
      san: { dns: ['meter-1.example', 'm1.example'], uri: ['urn:example:meter-1'] },
      ...life,
    });
    const row = { device_id: 'meter-1', status: 'active', class: 'meter', certificates: [leaf.fingerprint] };
    writeFileSync(join(fleet.folder, 'bound.ndjson'), `${JSON.stringify(row)}\n`);
    t.is(fleet.cli(['device', 'import', join(fleet.folder, 'bound.ndjson'), '--why', 'bound']).code, 0);

    const reached: IncomingMessage[] = [];
    const service = createServer((incoming, answer) => {
      reached.push(incoming);
      answer.end('from the service');
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', () => resolve()));
    t.teardown(() => service.close());
    await fleet.serve();
    const { port } = service.address() as AddressInfo;
    const proxy = await startEnvoy(t, envoy.path, 'http.yaml', fleet, port, (text) =>
      stretched(writingAll(text)),
    );

    const device = { ...leaf, pem: leaf.pem + between.pem };
    const forged = { 'x-forwarded-client-cert': `Cert="${encodeURIComponent(leaf.pem)}"` };
    const seen = await until('the device is let in', async () => {
      const answer = await request(proxy.port, device, forged);
      return answer.status === 200 ? answer : undefined;
    });
    t.true(seen.body.includes('from the service'));
    t.is(reached.at(-1)?.headers['x-portreeve-device'], 'meter-1');
    const written = String(reached.at(-1)?.headers['x-forwarded-client-cert']);
    for (const part of ['Hash=', 'Subject="', 'URI=urn:example:meter-1', 'DNS=m1.example', 'Chain="'])
      t.true(written.includes(part), written);

    t.is((await request(proxy.port, leaf)).status, 403, 'without the CA in the chain there is no path');
    t.is((await request(proxy.port, undefined, forged)).status, 401, 'what a device writes itself is gone');

    // Envoy writes names of URIs without quotes, so that a certificate can write on in the header; it gains nothing.
    const smuggled = `Cert="${encodeURIComponent(leaf.pem)}"`;
    for (const uri of [`urn:x;${smuggled}`, `urn:x,${smuggled}`]) {
      const smuggler = await issueLeaf(between, { subject: 'CN=x', san: { uri: [uri] }, ...life });
      t.is((await request(proxy.port, smuggler)).status, 403);
    }
    await until('both are denied for what they wrote', () => {
      const reasons = proxy.accessLog().map(({ reason }) => reason);
      return reasons.filter((reason) => reason === 'system.input_invalid').length === 2;
    });
  },
);
