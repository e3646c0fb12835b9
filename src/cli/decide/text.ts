import type { MadeDecision, Reason } from '../../decision/types.ts';
import { fields, plain, table, type Paint, type Tone } from '../output.ts';
import { factRows } from './fact-rows.ts';

const tones: Readonly<Record<Reason['severity'], Tone>> = { deny: 'bad', warn: 'warn', info: 'quiet' };

/** A decision for people: outcome, reasons in words, each fact with its age, and the versions that it was made from. */
export function decisionText(made: MadeDecision, paint: Paint): string {
  const { decision } = made;
  const sections = [
    `${headline(made, paint)}\n${fields(summary(made), paint)}`,
    reasonsText(decision.reasons, paint),
    ...(decision.faults.length > 0
      ? [
          table(
            ['fault', 'stage', 'what went wrong'],
            decision.faults.map((one) => [one.code, one.stage, one.message]),
            paint,
          ),
        ]
      : []),
    ...(made.facts ? [table(['fact', 'value', 'age'], factRows(made.facts), paint)] : []),
    fields(versions(made), paint),
  ];
  return sections.join('\n');
}

function headline({ decision }: MadeDecision, paint: Paint): string {
  const outcome = decision.outcome.toUpperCase();
  const passes = decision.enforced ? '' : ' (not enforced: the configuration lets it pass)';
  return `${paint(decision.outcome === 'allow' ? 'good' : 'bad', outcome)}${paint('warn', passes)}`;
}

function summary({ decision, pep, door }: MadeDecision): [string, string][] {
  const { obligations } = decision;
  return [
    ['decision', decision.decision_id],
    ['time', decision.time],
    ['device', decision.device_id ?? '-'],
    ['assurance', decision.assurance],
    ['asked by', `${pep.name} (${door}, tenant ${decision.tenant})`],
    ['valid until', decision.valid_until ?? '-'],
    ['entitlements', obligations.entitlements.join(', ') || '-'],
    ...(obligations.response === undefined
      ? []
      : [["the policy's answer", plain(JSON.stringify(obligations.response))] as [string, string]]),
    ...(obligations.session_limit_s === null
      ? []
      : [['session limit', `${obligations.session_limit_s}s`] as [string, string]]),
  ];
}

function reasonsText(reasons: readonly Reason[], paint: Paint): string {
  const rows = reasons.map(({ code, severity, message, detail, remediation }) => [
    code,
    { text: severity, tone: tones[severity] },
    `${message}${
      detail
        ? ` (${Object.entries(detail)
            .map(([key, value]) => `${key}: ${value}`)
            .join(', ')})`
        : ''
    }${remediation === undefined ? '' : ` What to do: ${remediation}`}`,
  ]);
  return table(['reason', 'severity', 'in words'], rows, paint);
}

function versions({ decision: { versions: made } }: MadeDecision): [string, string][] {
  const short = (digest: string | null) => digest?.slice(0, 12) ?? '-';
  return [
    ['program', plain(made.program)],
    ['instance', `${made.instance}${made.site === null ? '' : ` at ${made.site}`}`],
    ['policy', `${short(made.bundle)} (input version ${made.input_version})`],
    [
      'epochs',
      Object.entries(made.epochs)
        .map(([origin, epoch]) => `${origin} ${epoch}`)
        .join(', ') || '-',
    ],
    [
      'CRLs',
      made.crls.map(({ issuer_key, number }) => `${short(issuer_key)} number ${number ?? '-'}`).join(', ') ||
        '-',
    ],
    ['configuration', short(made.configuration)],
    ['anchors', short(made.anchors)],
    ['classes', short(made.classes)],
    ['catalogue', short(made.catalogue)],
  ];
}
