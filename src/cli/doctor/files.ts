import { readFileSync, statSync } from 'node:fs';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { EpochMs } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import { fail, ok, warn, type Finding, type Patient } from './finding.ts';
import { judgeLife } from './life.ts';

const check = 'files';

/** TLS files of listeners: readable, a pair, valid now and for a while, and keys that not everybody may read. */
export function examineFiles({ config, around }: Patient): readonly Finding[] {
  const pairs = config.server.listeners.flatMap(({ name, tls }) => (tls ? [{ name, ...tls }] : []));
  const findings = pairs.flatMap((pair) => examinePair(pair, around.clock.now()));
  return findings.length > 0 ? findings : [ok(check, 'every file that the configuration names can be read')];
}

interface Pair {
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
}

function examinePair(pair: Pair, now: EpochMs): Finding[] {
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
    const { validFromDate, validToDate } = certificate;
    const life = { from: validFromDate.getTime(), to: validToDate.getTime() };
    const renew = `put a new pair in the place of ${pair.certificate} and its key; a running server takes it up`;
    const lived = judgeLife(check, `TLS of listener ${pair.name}`, life, { now, renew });
    if (lived.status !== 'ok') findings.push(lived);
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
