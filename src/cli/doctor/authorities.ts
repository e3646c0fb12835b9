import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import type { Config } from '../../config/types.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { formatDuration } from '../../lib/duration.ts';
import { describeThrown } from '../../lib/errors.ts';
import { loadTrust } from '../../server/loaded.ts';
import { listAuthorities } from '../authorities.ts';
import { fail, ok, warn, type Finding, type Patient } from './finding.ts';

const check = 'CAs';
const soonMs = 30 * 86_400_000;

/** CAs of devices and of PEPs, and pinned certificates: they parse, are what they should be, and valid now and for a while. */
export function examineAuthorities({ config, around }: Patient): readonly Finding[] {
  const now = around.clock.now();
  return [...deviceCas(config, now), ...pepCas(config, now)];
}

function deviceCas(config: Config, now: EpochMs): Finding[] {
  try {
    const trust = loadTrust(config);
    return [
      ...listAuthorities(trust).map(({ name, role, certificate }) =>
        judgeLife(`${role} ${name}`, certificate.notBefore, certificate.notAfter, now),
      ),
      ...trust.anchors
        .filter(({ pinned }) => pinned)
        .map(({ name, certificate }) =>
          judgeLife(`pinned ${name}`, certificate.notBefore, certificate.notAfter, now, renewPinned),
        ),
    ];
  } catch (thrown) {
    return [fail(check, describeThrown(thrown), 'name a file with exactly one CA certificate, PEM or DER')];
  }
}

function pepCas(config: Config, now: EpochMs): Finding[] {
  return config.trust.pep_cas.map(({ name, file }) => {
    try {
      const { ca, validFromDate, validToDate } = new X509Certificate(readFileSync(file));
      if (!ca) return fail(check, `PEP CA ${name}: ${file} is not a CA`, 'name a CA certificate');
      return judgeLife(`PEP CA ${name}`, validFromDate.getTime(), validToDate.getTime(), now);
    } catch (thrown) {
      return fail(check, `PEP CA ${name}: ${describeThrown(thrown)}`, 'name a file with a CA certificate');
    }
  });
}

const renewCa = 'renew the CA, put the new certificate beside the old one, and let devices renew theirs';
const renewPinned = 'let the device make a new certificate, and pin it beside the old one';

function judgeLife(what: string, from: EpochMs, to: EpochMs, now: EpochMs, renew = renewCa): Finding {
  if (now < from)
    return fail(
      check,
      `${what} is not valid before ${formatInstant(from)}`,
      'check the clock of this machine',
    );
  if (now > to) return fail(check, `${what} expired at ${formatInstant(to)}`, renew);
  const left = `${what} is valid for another ${formatDuration(to - now)}`;
  return to - now < soonMs ? warn(check, left, renew) : ok(check, left);
}
