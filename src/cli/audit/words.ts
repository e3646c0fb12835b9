import type { AuditRecord } from '../../audit/record.ts';
import type { ProofStatus } from '../../audit/query/proof-status.ts';
import { catalogue } from '../../decision/reasons.ts';
import type { Facts, Reason } from '../../decision/types.ts';
import { isReasonCode } from '../../lib/reason-code.ts';
import { factRows } from '../decide/fact-rows.ts';

/** A decision in plain words, one sentence a line: who, what was believed, by which rule, for which control. */
export function inWords(record: AuditRecord): readonly string[] {
  return [happened(record), ...who(record), ...believed(record.facts), ...rule(record), ...controls(record)];
}

function happened({ time, outcome, enforced, pep, facts, device_id: device, site }: AuditRecord): string {
  const done =
    outcome === 'allow'
      ? 'was allowed'
      : enforced
        ? 'was denied'
        : 'was denied, and let pass by the configuration';
  const from = facts?.connection.source_ip ?? null;
  const where = site === null ? '' : ` at ${site}`;
  const who = device === null ? 'A connection' : `The connection of ${device}`;
  return `${who}${from === null ? '' : ` from ${from}`}${where} ${done} at ${time}; the enforcement point ${pep.name} asked.`;
}

function who({ facts, device_id: device }: AuditRecord): readonly string[] {
  if (device === null) return ['Nobody said in a way that counts which device it was.'];
  const gateway = facts?.gateway?.id;
  switch (facts?.subject) {
    case 'proved':
      return [`It proved by its own certificate that it is ${device}.`];
    case 'named_by_certificate':
      return [`Its certificate names it ${device}, and did not hold at that time.`];
    case 'vouched':
      return [
        `${gateway === undefined ? 'The enforcement point' : `The gateway ${gateway}`} said that it is ${device}.`,
      ];
    default:
      return [`It claimed to be ${device}; nobody whose word counts said so.`];
  }
}

/** What has an age: the rest is what the connection itself showed. */
function believed(facts: Facts | null): readonly string[] {
  if (facts === null) return ['Nothing was gathered about it.'];
  const known = factRows(facts).filter(([, , age]) => age !== null);
  if (known.length === 0) return ['Nothing was believed about it that has an age.'];
  return [
    'What was believed, and how old that was then:',
    ...known.map(([name, value, age]) => `  - ${textOf(name)}: ${textOf(value)} (${textOf(age)})`),
  ];
}

function textOf(cell: ReturnType<typeof factRows>[number][number] | undefined): string {
  return typeof cell === 'object' && cell !== null ? cell.text : String(cell ?? '-');
}

function rule(record: AuditRecord): readonly string[] {
  const primary = record.reasons[0];
  if (!primary) return [];
  const policy =
    record.versions.bundle === null ? 'without a policy' : `policy ${record.versions.bundle.slice(0, 12)}`;
  return [`It was decided by ${primary.code} (${by(record, primary)}, ${policy}): ${primary.message}`];
}

function by({ verdict, facts, faults }: AuditRecord, { code }: Reason): string {
  if (faults.some((one) => one.code === code)) return 'a fault of ours';
  if (verdict?.reasons.some((one) => one.code === code)) return 'a rule of the policy';
  if (facts?.findings.some((one) => one.code === code)) return 'found before the policy was asked';
  return code.startsWith('policy.') ? 'the policy' : 'the floor, which no policy can allow';
}

function controls({ reasons, outcome }: AuditRecord): readonly string[] {
  const against = reasons.filter(({ severity }) => outcome === 'allow' || severity === 'deny');
  return against.flatMap(({ code, remediation }) => {
    const entry = isReasonCode(code) ? catalogue[code] : undefined;
    const todo = remediation ?? entry?.remediation;
    return [
      ...(entry && entry.control.length > 0 ? [`${code} serves ${entry.control.join(', ')}.`] : []),
      ...(outcome === 'deny' && todo ? [`What to do about ${code}: ${todo}`] : []),
    ];
  });
}

/** What vouches for a record, in one line. */
export function proofWords({
  is,
  problem,
  log,
  size,
  hashes,
  signed,
  claimed,
  others = [],
}: ProofStatus): string {
  if (is === 'none') return 'a line of a file: nothing shows that it was not changed';
  const about = `${log} with ${size} entries`;
  if (is === 'not_in_tree') return `NOT the entry that the tree of ${about} has`;
  if (is === 'unproved') return `NOT proved by the tree of ${about}: ${problem}`;
  const signature = {
    true: "signed by the log's key",
    false: "NOT signed by any of the log's keys",
    null: claimed
      ? "signed in the log's name, which was NOT verified: no key of the log lies beside it"
      : "NOT signed in the log's name at all",
  }[String(signed ?? null) as 'true' | 'false' | 'null'];
  const more = others.length === 0 ? '' : `, and with signatures of ${others.join(', ')}`;
  return `in the tree of ${about} by a proof of ${hashes} hashes; its checkpoint is ${signature}${more}`;
}
