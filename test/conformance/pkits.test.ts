import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseInstant, type EpochMs } from '../../src/lib/clock.ts';
import { accepts, judgeSuite, suiteFolder, withSuites } from '../helpers/conformance.ts';

interface Suite {
  readonly validation_time: string;
  readonly cases: readonly {
    readonly id: string;
    /** From the trust anchor to the end entity. */
    readonly certificates: readonly string[];
    readonly crls: readonly string[];
    readonly valid: boolean;
    /** RFC 5280 section 6.1.1 input (d) to (f): nothing in the product asks for them yet. */
    readonly initial_explicit_policy?: boolean;
    readonly initial_policy_mapping_inhibit?: boolean;
    readonly initial_inhibit_any_policy?: boolean;
    readonly initial_policy_set?: readonly string[];
  }[];
}

withSuites('no path that NIST PKITS calls invalid is accepted', async (t) => {
  const suite = JSON.parse(readFileSync(join(suiteFolder, 'pkits/cases.json'), 'utf8')) as Suite;
  const at = parseInstant(suite.validation_time) as EpochMs;
  const certificate = (name: string): Uint8Array =>
    readFileSync(join(suiteFolder, `pkits/certs/${name}.crt`));
  const crl = (name: string): Uint8Array => readFileSync(join(suiteFolder, `pkits/crls/${name}.crl`));
  const results: Parameters<typeof judgeSuite>[1][number][] = [];
  const asked = suite.cases.filter((one) => !Object.keys(one).some((key) => key.startsWith('initial_')));
  t.log(`${suite.cases.length - asked.length} cases with initial policy inputs are left out`);
  for (const one of asked) {
    const [anchor, ...others] = one.certificates.map(certificate);
    const leaf = others.pop();
    if (anchor === undefined || leaf === undefined) return t.fail(`${one.id} has no path`);
    const actual = await accepts({
      anchors: [anchor],
      sent: others,
      leaf,
      crls: one.crls.map(crl),
      at,
      requireRevocation: true,
    });
    results.push({ id: one.id, expected: one.valid, actual });
  }
  judgeSuite(t, results, 110);
});
