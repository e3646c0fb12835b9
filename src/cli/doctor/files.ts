import { readFileSync, statSync } from 'node:fs';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describeThrown } from '../../lib/errors.ts';
import { fail, ok, warn, type Finding, type Patient } from './finding.ts';

const check = 'files';

/** TLS files of listeners: readable, a pair, and keys that not everybody may read. */
export function examineFiles({ config }: Patient): readonly Finding[] {
  const pairs = config.server.listeners.flatMap(({ name, tls }) => (tls ? [{ name, ...tls }] : []));
  const findings = pairs.flatMap((pair) => examinePair(pair));
  return findings.length > 0 ? findings : [ok(check, 'every file that the configuration names can be read')];
}

function examinePair(pair: {
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
}): Finding[] {
  const findings: Finding[] = [];
  try {
    const certificate = new X509Certificate(readFileSync(pair.certificate));
    if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(pair.key)))) {
      findings.push(
        fail(
          check,
          `${pair.key} is not the key of ${pair.certificate}`,
          `give listener ${pair.name} a matching pair`,
        ),
      );
    }
    if ((statSync(pair.key).mode & 0o004) !== 0) {
      findings.push(warn(check, `everybody may read the private key ${pair.key}`, `chmod 640 ${pair.key}`));
    }
  } catch (thrown) {
    findings.push(
      fail(
        check,
        `TLS of listener ${pair.name}: ${describeThrown(thrown)}`,
        'give it a PEM certificate and its unencrypted PEM key',
      ),
    );
  }
  return findings.length > 0
    ? findings
    : [ok(check, `TLS of listener ${pair.name}: certificate and key belong together`)];
}
