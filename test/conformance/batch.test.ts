import type { ExecutionContext } from 'ava';
import { lintTable } from '../../src/identity/lint-table.ts';
import { crlLintTable } from '../../src/revocation/crl-lint.ts';
import { suiteFolder, withSuites } from '../helpers/conformance.ts';
import { judgeWithExceptions } from '../helpers/exceptions.ts';
import { limboRequests, pkitsRequests, type SuiteRequest } from '../helpers/suites.ts';
import { portreeve } from '../unit/cli/helpers/run.ts';

interface Result {
  readonly id: string;
  readonly valid: boolean;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  readonly lint: readonly { readonly code: string }[];
  readonly path: readonly string[];
}

/** Runs requests through the command line, as anybody outside would, and pairs the results with what is expected. */
async function run(t: ExecutionContext, requests: readonly SuiteRequest[]) {
  const input = requests.map(({ request }) => `${JSON.stringify(request)}\n`).join('');
  const { code, stdout, stderr } = await portreeve(['cert', 'verify', '--batch'], { input });
  t.is(code, 0, stderr);
  const results = stdout.split('\n').slice(0, -1);
  t.is(results.length, requests.length);
  return requests.map(({ expected, request }, index) => {
    const result = JSON.parse(results[index] as string) as Result;
    t.is(result.id, request.id);
    const said = result.reasons.map(({ code: reason, message }) => `${reason} ${message}`).join(', ');
    return { id: request.id, expected, actual: result.valid, said, result };
  });
}

const now = (): string => new Date().toISOString();

withSuites('NIST PKITS is answered right through the command line, revocation required', async (t) => {
  judgeWithExceptions(t, await run(t, pkitsRequests(suiteFolder)), 'pkits-batch');
});

for (const required of [false, true]) {
  const where = required ? ' where CRLs are given and required' : '';

  withSuites(
    `x509-limbo is answered right through the command line by strict validation${where}`,
    async (t) => {
      const requests = limboRequests(suiteFolder, true, now()).map((one) => requiring(one, required));
      judgeWithExceptions(t, await run(t, requests), 'limbo-strict');
    },
  );

  withSuites(
    `what is accepted beyond x509-limbo without being strict is lint by its tables${where}`,
    async (t) => {
      const requests = limboRequests(suiteFolder, false, now()).map((one) => requiring(one, required));
      for (const { id, expected, actual, said, result } of await run(t, requests)) {
        t.true(actual || !expected, `${id} is refused: ${said}`);
        if (!actual || expected) continue;
        t.true(result.lint.length > 0, `${id} is accepted without lint`);
        for (const { code } of result.lint) t.true(code in lintTable || code in crlLintTable, code);
      }
    },
  );
}

/** The suite says which CRLs there are, not whether they must be: only cases with CRLs can require them. */
function requiring({ expected, request }: SuiteRequest, required: boolean): SuiteRequest {
  return { expected, request: { ...request, require_revocation: required && request.crls.length > 0 } };
}
