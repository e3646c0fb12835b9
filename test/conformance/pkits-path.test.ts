import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseInstant, type EpochMs } from '../../src/lib/clock.ts';
import { suiteFolder, withSuites } from '../helpers/conformance.ts';
import { judgeWithExceptions } from '../helpers/exceptions.ts';
import { validateCase } from '../helpers/suite-path.ts';

interface Suite {
  readonly validation_time: string;
  readonly cases: readonly {
    readonly id: string;
    /** From the trust anchor to the end entity. */
    readonly certificates: readonly string[];
    readonly valid: boolean;
    readonly initial_explicit_policy?: boolean;
    readonly initial_policy_mapping_inhibit?: boolean;
    readonly initial_inhibit_any_policy?: boolean;
    readonly initial_policy_set?: readonly string[];
  }[];
}

/** Sections about CRLs, where the path itself is right. */
const aboutCrls = /^4\.(4|14|15)\./;

withSuites('path validation answers as NIST PKITS does, policies and their inputs included', (t) => {
  const suite = JSON.parse(readFileSync(join(suiteFolder, 'pkits/cases.json'), 'utf8')) as Suite;
  const at = parseInstant(suite.validation_time) as EpochMs;
  const certificate = (name: string): Uint8Array =>
    readFileSync(join(suiteFolder, `pkits/certs/${name}.crt`));
  const results = suite.cases
    .filter(({ id, valid }) => valid || !aboutCrls.test(id))
    .map((one) => {
      const [anchor, ...others] = one.certificates.map(certificate);
      const leaf = others.pop();
      if (anchor === undefined || leaf === undefined) throw new Error(`${one.id} has no path`);
      const { valid, said } = validateCase(
        { leaf, sent: others, anchors: [anchor] },
        {
          at,
          initialPolicySet: one.initial_policy_set ?? [],
          initialExplicitPolicy: one.initial_explicit_policy ?? false,
          initialPolicyMappingInhibit: one.initial_policy_mapping_inhibit ?? false,
          initialInhibitAnyPolicy: one.initial_inhibit_any_policy ?? false,
        },
      );
      return { id: one.id, expected: one.valid, actual: valid, said };
    });
  judgeWithExceptions(t, results, 'pkits-path');
});
