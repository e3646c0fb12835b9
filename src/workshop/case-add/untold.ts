import type { AuditRecord } from '../../audit/record.ts';
import type { Facts } from '../../decision/types.ts';
import { isSaid } from './certificate-words.ts';

/** What a decision was made from and words of a case cannot say, a line each. */
export function untoldOf(record: AuditRecord, facts: Facts, presumed: boolean): readonly string[] {
  const {
    attestation,
    clock,
    shared_use: shared,
    crl_grace: grace,
    inventory_state: state,
    revocation,
  } = facts;
  const codes = new Set<string>(record.reasons.map(({ code }) => code));
  const points = revocation.some(({ distribution_points: listed }) => listed.length > 0);
  const told: readonly (readonly [boolean, string])[] = [
    [
      facts.device !== null && presumed,
      `the rules of class ${facts.device?.class}: they are not to be had, and those of the project's data stand for them`,
    ],
    [attestation.status === 'failed', 'an attestation result that was refused'],
    [attestation.firmware_hash !== null, 'the firmware that the verifier measured'],
    [revocation.some(({ ocsp }) => ocsp !== undefined), 'answers of OCSP responders'],
    [(facts.firmware?.highest ?? null) !== null, 'the highest version that the device was seen with'],
    [revocation.some(({ this_update: from }) => from !== null && from > facts.now), 'a CRL from the future'],
    [revocation.some(({ delta_number: delta }) => delta !== null), 'delta CRLs'],
    [codes.has('revocation.shard_not_loaded'), 'CRLs in parts'],
    [
      facts.gateway !== null && (codes.has('assurance.gateway_untrusted') || codes.has('hold.class')),
      'the class of the gateway',
    ],
    [
      revocation.some(
        ({ certificate, status }) => certificate > 1 && (status === 'revoked' || status === 'on_hold'),
      ),
      'that a CA further up was revoked',
    ],
    [points, 'CRLs by distribution point'],
    [clock !== null, 'a clock that could not be trusted'],
    [shared !== null, 'uses of the same key elsewhere'],
    [grace !== null, 'the grace for CRLs that are too old'],
    [state !== null && state.freshness !== 'fresh', 'an inventory that was too old'],
    [record.faults.length > 0, 'faults in making the decision'],
    [codes.has('system.break_glass_used'), 'a glass that was broken'],
    [
      facts.pep.authenticated_by !== 'tls',
      'an enforcement point that was authenticated otherwise than by TLS',
    ],
    [facts.door === 'ext_authz_l4', 'the network filter as the way in'],
  ];
  const found = facts.findings
    .map(({ code }) => code)
    .filter((code) => /^(chain|credential|identity)\./.test(code) && !isSaid(code));
  return [
    ...told.flatMap(([is, text]) => (is ? [text] : [])),
    ...[...new Set(found)].map((code) => `what made ${code} be found`),
  ];
}
