import { parseCertificate } from '../../src/identity/parse.ts';
import type { Certificate } from '../../src/identity/types.ts';
import { validateCertificate } from '../../src/identity/validate.ts';
import { parseInstant, type EpochMs } from '../../src/lib/clock.ts';
import { CertificateError } from '../../src/identity/certificate-error.ts';
import { revocationFindings } from '../../src/revocation/evaluate-crls.ts';
import { parseCrl } from '../../src/revocation/parse-crl.ts';
import { suiteFolder, withSuites } from '../helpers/conformance.ts';
import { judgeWithExceptions } from '../helpers/exceptions.ts';
import { pkitsRequests, suiteDer, type SuiteRequest } from '../helpers/suites.ts';

/** Revocation, self-issued certificates and CRL signers, keyUsage, distribution points and deltas. */
const aboutCrls = /^4\.(4|5|7|14|15)\./;

function judge({ request, expected }: SuiteRequest): Parameters<typeof judgeWithExceptions>[1][number] {
  const read = (pem: string): Certificate => parseCertificate(suiteDer(pem, 'CERTIFICATE'));
  const at = parseInstant(request.at) as EpochMs;
  try {
    const [anchors, intermediates] = [request.anchors.map(read), request.intermediates.map(read)];
    const crls = request.crls.map((pem) => parseCrl(suiteDer(pem, 'X509 CRL')));
    const certificates = [...intermediates, ...anchors];
    const { valid, reasons } = validateCertificate({
      leaf: read(request.leaf),
      intermediates,
      anchors,
      at,
      accept: (path) => revocationFindings({ path, crls, at, required: true, certificates }),
    });
    const said = reasons.map(({ code, message }) => `${code} ${message}`).join(', ');
    return { id: request.id, expected, actual: valid, said };
  } catch (thrown) {
    if (!(thrown instanceof CertificateError)) throw thrown;
    return { id: request.id, expected, actual: false, said: thrown.message };
  }
}

withSuites(
  'every case of NIST PKITS about revocation, distribution points and deltas is judged right',
  (t) => {
    const asked = pkitsRequests(suiteFolder).filter(({ request }) => aboutCrls.test(request.id));
    t.true(asked.length > 40);
    judgeWithExceptions(t, asked.map(judge), 'pkits-crl');
  },
);
