import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lintTable } from '../../src/identity/lint-table.ts';
import { parseInstant } from '../../src/lib/clock.ts';
import { decodePem } from '../../src/lib/pem.ts';
import { suiteFolder, withSuites } from '../helpers/conformance.ts';
import { judgeWithExceptions } from '../helpers/exceptions.ts';
import { validateCase } from '../helpers/suite-path.ts';

interface Case {
  readonly id: string;
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly extended_key_usage: readonly string[];
  readonly max_chain_depth: number | null;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
  readonly crls: readonly string[];
}

/** About names of servers, or fetched from elsewhere: not about the path of a device's certificate. */
const leftOut = /^(webpki|online)::|^rfc5280::san::ip-in-dns$|^rfc5280::ca-as-leaf-wrong-san$/;

const purposes: Readonly<Record<string, string>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

/** Hostile bundles must not take longer; what a case takes on an idle machine is a hundredth of it. */
const slowestMs = 100;

function casesOf(): Case[] {
  const suite = JSON.parse(readFileSync(join(suiteFolder, 'limbo.json'), 'utf8')) as { testcases: Case[] };
  return suite.testcases.filter(({ id, crls }) => !leftOut.test(id) && crls.length === 0);
}

function validate(one: Case, strict: boolean): ReturnType<typeof validateCase> {
  const der = (pem: string): Uint8Array => decodePem(pem, 'CERTIFICATE', 1)[0] as Uint8Array;
  const at = one.validation_time === null ? Date.now() : parseInstant(one.validation_time);
  if (at === undefined) throw new Error(`${one.id} has no time`);
  return validateCase(
    {
      leaf: der(one.peer_certificate),
      sent: one.untrusted_intermediates.map(der),
      anchors: one.trusted_certs.map(der),
    },
    {
      at,
      strict,
      eku: one.extended_key_usage.map((name) => purposes[name] ?? name),
      ...(one.max_chain_depth === null ? {} : { maxDepth: one.max_chain_depth }),
    },
  );
}

withSuites('strict path validation answers as x509-limbo does', (t) => {
  const results = casesOf().map((one) => {
    const { valid, said } = validate(one, true);
    return { id: one.id, expected: one.expected_result === 'SUCCESS', actual: valid, said };
  });
  judgeWithExceptions(t, results, 'limbo-strict');
});

withSuites(
  'what path validation accepts beyond x509-limbo without being strict is lint by its table',
  (t) => {
    const accepted: string[] = [];
    for (const one of casesOf()) {
      const { valid, lint, said } = validate(one, false);
      if (one.expected_result === 'SUCCESS') t.true(valid, `${one.id}: ${said}`);
      else if (valid) {
        accepted.push(one.id);
        t.true(lint.length > 0, `${one.id} is accepted without lint`);
        for (const code of lint) t.true(code in lintTable, `${code} is no row of the table`);
      }
    }
    t.log(`${accepted.length} cases differ by lint alone`);
  },
);

withSuites('no case of x509-limbo takes long', (t) => {
  for (const one of casesOf().filter(({ id }) => id.startsWith('pathological::'))) {
    // The fastest of three, and CPU time: what else the machine has to do is not this program's time.
    const times = [1, 2, 3].map(() => {
      const before = process.threadCpuUsage();
      validate(one, false);
      const { user, system } = process.threadCpuUsage(before);
      return (user + system) / 1000;
    });
    t.true(Math.min(...times) < slowestMs, `${one.id} took ${Math.min(...times)} ms`);
  }
});
