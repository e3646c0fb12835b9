/**
 * The same cases as in pkits-crl.test.ts, through the door by which CRLs come into force: every CRL of a case is imported
 * into a store of its own, and the path is judged by what the store's reader says, as a decision is.
 */
import { denies } from '../../src/decision/reasons.ts';
import { CertificateError } from '../../src/identity/certificate-error.ts';
import { parseCertificate } from '../../src/identity/parse.ts';
import type { Certificate } from '../../src/identity/types.ts';
import { validateCertificate } from '../../src/identity/validate.ts';
import { parseInstant, type EpochMs } from '../../src/lib/clock.ts';
import { PortreeveError } from '../../src/lib/errors.ts';
import { importCrl } from '../../src/revocation/import-crl.ts';
import { judgeRevocation } from '../../src/revocation/judge.ts';
import { createRevocationReader } from '../../src/revocation/reader.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/types.ts';
import { suiteFolder, withSuites } from '../helpers/conformance.ts';
import { judgeWithExceptions } from '../helpers/exceptions.ts';
import { pkitsRequests, suiteDer, type SuiteRequest } from '../helpers/suites.ts';

/** Revocation, self-issued certificates and CRL signers, keyUsage, distribution points and deltas. */
const aboutCrls = /^4\.(4|5|7|14|15)\./;
const revocation = { required: true, graceMs: 0 };

type Verdict = Parameters<typeof judgeWithExceptions>[1][number];

async function judge({ request, expected }: SuiteRequest): Promise<Verdict> {
  const read = (pem: string): Certificate => parseCertificate(suiteDer(pem, 'CERTIFICATE'));
  const at = parseInstant(request.at) as EpochMs;
  const store = openStore({ path: ':memory:', mode: 'read_write', now: at });
  try {
    const [anchors, intermediates] = [request.anchors.map(read), request.intermediates.map(read)];
    const leaf = read(request.leaf);
    const issuers = [...intermediates, ...anchors];
    const refusals = await importAll(store, request.crls, [...issuers, leaf], at);
    const reader = createRevocationReader(store, { issuers });
    const accept = (path: readonly Certificate[]) => {
      const anchor = { certificate: path.at(-1) as Certificate, revocation };
      const judged = store.snapshot(() => judgeRevocation({ certificates: path, anchor }, reader, at));
      return judged.findings.filter(denies);
    };
    const { valid, reasons } = validateCertificate({ leaf, intermediates, anchors, at, accept });
    const said = [...reasons.map(({ code, message }) => `${code} ${message}`), ...refusals].join(', ');
    return { id: request.id, expected, actual: valid, said };
  } catch (thrown) {
    if (!(thrown instanceof CertificateError)) throw thrown;
    return { id: request.id, expected, actual: false, said: thrown.message };
  } finally {
    store.close();
  }
}

/** Those that are refused are told; the others are in force. */
async function importAll(
  store: Store,
  crls: readonly string[],
  issuers: readonly Certificate[],
  now: EpochMs,
): Promise<string[]> {
  const refusals: string[] = [];
  for (const pem of crls) {
    try {
      const bytes = suiteDer(pem, 'X509 CRL');
      await importCrl(store, { bytes, issuers, source: 'suite', now, actor: 'suite', why: 'suite' });
    } catch (thrown) {
      if (!(thrown instanceof PortreeveError)) throw thrown;
      refusals.push(thrown.message);
    }
  }
  return refusals;
}

withSuites(
  'every case of NIST PKITS about revocation, distribution points and deltas is judged right from the store',
  async (t) => {
    const asked = pkitsRequests(suiteFolder).filter(({ request }) => aboutCrls.test(request.id));
    t.true(asked.length > 40);
    const verdicts: Verdict[] = [];
    for (const one of asked) verdicts.push(await judge(one));
    judgeWithExceptions(t, verdicts, 'pkits-store');
  },
);
