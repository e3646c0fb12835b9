import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import type { Config } from '../../config/types.ts';
import type { Certificate } from '../../identity/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import { loadTrust } from '../../server/loaded.ts';
import { listAuthorities } from '../authorities.ts';
import { fail, type Finding, type Patient } from './finding.ts';
import { judgeLife, type Life } from './life.ts';

const check = 'CAs';

/** CAs of devices and of PEPs, and pinned certificates: they parse, are what they should be, and valid now and for a while. */
export function examineAuthorities({ config, around }: Patient): readonly Finding[] {
  const now = around.clock.now();
  return [...deviceCas(config, now), ...pepCas(config, now)];
}

/** All together, as the server takes them; where that fails, each by itself, so that every one that is wrong is told. */
function deviceCas(config: Config, now: EpochMs): Finding[] {
  try {
    return lives(config, now);
  } catch (thrown) {
    const each = deviceCasAlone(config, now);
    if (each.some(({ status }) => status === 'fail')) return each;
    return [fail(check, describeThrown(thrown), 'mend the entry of trust that it names')];
  }
}

function deviceCasAlone({ trust, ...rest }: Config, now: EpochMs): Finding[] {
  const alone = [
    ...trust.anchors.map((anchor) => ({ anchors: [anchor], intermediates: [], file: anchor.file })),
    ...trust.intermediates.map((one) => ({ anchors: [], intermediates: [one], file: one.file })),
  ];
  return alone.flatMap(({ file, ...entry }) => {
    try {
      return lives({ ...rest, trust: { ...trust, ...entry } }, now);
    } catch (thrown) {
      return [fail(check, `${describeThrown(thrown)} (${file})`, aCertificate)];
    }
  });
}

const aCertificate = 'name a file with exactly one CA certificate, PEM or DER';

/** Throws PDP_CONFIG_INVALID naming the first entry that is no CA. */
function lives(config: Config, now: EpochMs): Finding[] {
  const trust = loadTrust(config);
  return [
    ...listAuthorities(trust).map(({ name, role, certificate }) =>
      judgeLife(check, `${role} ${name}`, life(certificate), { now, renew: renewCa }),
    ),
    ...trust.anchors
      .filter(({ pinned }) => pinned)
      .map(({ name, certificate }) =>
        judgeLife(check, `pinned ${name}`, life(certificate), { now, renew: renewPinned }),
      ),
  ];
}

function life({ notBefore, notAfter }: Certificate): Life {
  return { from: notBefore, to: notAfter };
}

function pepCas(config: Config, now: EpochMs): Finding[] {
  return config.trust.pep_cas.map(({ name, file }) => {
    try {
      const { ca, validFromDate, validToDate } = new X509Certificate(readFileSync(file));
      if (!ca) return fail(check, `PEP CA ${name}: ${file} is not a CA`, 'name a CA certificate');
      return judgeLife(
        check,
        `PEP CA ${name}`,
        { from: validFromDate.getTime(), to: validToDate.getTime() },
        { now, renew: renewCa },
      );
    } catch (thrown) {
      return fail(check, `PEP CA ${name}: ${describeThrown(thrown)}`, 'name a file with a CA certificate');
    }
  });
}

const renewCa = 'renew the CA, put the new certificate beside the old one, and let devices renew theirs';
const renewPinned = 'let the device make a new certificate, and pin it beside the old one';
