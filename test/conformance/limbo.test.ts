import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseInstant } from '../../src/lib/clock.ts';
import { decodePem } from '../../src/lib/pem.ts';
import { accepts, judgeSuite, suiteFolder, withSuites } from '../helpers/conformance.ts';

interface Suite {
  readonly testcases: readonly {
    readonly id: string;
    readonly trusted_certs: readonly string[];
    readonly untrusted_intermediates: readonly string[];
    readonly peer_certificate: string;
    readonly validation_time: string | null;
    readonly expected_result: 'SUCCESS' | 'FAILURE';
    readonly crls: readonly string[];
  }[];
}

/** About names of servers, or fetched from elsewhere: not about the path of a device's certificate. */
const leftOut = /^(webpki|online)::|^rfc5280::san::ip-in-dns$|^rfc5280::ca-as-leaf-wrong-san$/;

const der = (pem: string, label = 'CERTIFICATE'): Uint8Array => decodePem(pem, label, 1)[0] as Uint8Array;

withSuites('no path that x509-limbo calls a failure is accepted', async (t) => {
  const suite = JSON.parse(readFileSync(join(suiteFolder, 'limbo.json'), 'utf8')) as Suite;
  const results: Parameters<typeof judgeSuite>[1][number][] = [];
  for (const one of suite.testcases.filter(({ id }) => !leftOut.test(id))) {
    const at = one.validation_time === null ? Date.now() : parseInstant(one.validation_time);
    if (at === undefined) return t.fail(`${one.id} has no time`);
    const actual = await accepts({
      anchors: one.trusted_certs.map((pem) => der(pem)),
      sent: one.untrusted_intermediates.map((pem) => der(pem)),
      leaf: der(one.peer_certificate),
      crls: one.crls.map((pem) => der(pem, 'X509 CRL')),
      at,
      requireRevocation: one.crls.length > 0,
    });
    results.push({ id: one.id, expected: one.expected_result === 'SUCCESS', actual });
  }
  judgeSuite(t, results, 65);
});
