import { formatDuration } from '../../../lib/duration.ts';
import { fields, plain, type Paint, type Tone } from '../../output.ts';
import type { VerdictRemark } from '../judge.ts';
import type { ShownCertificate } from './certificate.ts';
import type { ShownIdentity } from './identities.ts';

/** One certificate for people: its fields, then identities, extensions, path and lint. */
export function certificateText(shown: ShownCertificate, paint: Paint): string {
  return [
    fields(
      [
        ['subject', shown.subject || '(empty)'],
        ['issuer', shown.issuer],
        ['serial', shown.serial],
        ['SHA-256', shown.fingerprint],
        ['key', keyText(shown.key)],
        ['key SHA-256', shown.key.digest],
        ['kind', shown.ca ? 'CA' : 'end entity'],
      ],
      paint,
    ),
    validityText(shown.validity, paint),
    section(
      'Identity',
      shown.identities.map((one) => identityText(one, paint)),
      paint,
    ),
    chainText(shown, paint),
    section('Extensions', shown.extensions.map(extensionText), paint),
    section(
      'Lint',
      shown.lint.map((one) => remarkText(one, 'warn', paint)),
      paint,
    ),
  ].join('');
}

function section(title: string, lines: readonly string[], paint: Paint): string {
  return lines.length === 0
    ? ''
    : `  ${paint('strong', title)}\n${lines.map((line) => `    ${line}\n`).join('')}`;
}

function keyText({ algorithm, curve, bits, weakness }: ShownCertificate['key']): string {
  const kind = [algorithm, curve ?? (bits === null ? undefined : `${bits} bits`)].filter(Boolean).join(' ');
  return weakness === null ? kind : `${kind} (${weakness})`;
}

const stateTones = { valid: 'good', expired: 'bad', not_yet_valid: 'bad' } as const;

function validityText(validity: ShownCertificate['validity'], paint: Paint): string {
  const { not_before, not_after, state, life_used, left_ms } = validity;
  const life =
    life_used === null
      ? 'without end'
      : `${Math.round(life_used * 100)} % of its life used${left_ms > 0 ? `, ${formatDuration(left_ms)} left` : ''}`;
  const said = paint(stateTones[state], state.replaceAll('_', ' '));
  return `${paint('quiet', 'validity'.padEnd(11))}  ${not_before} to ${not_after}  ${said}  ${life}\n`;
}

function identityText({ profile, anchor, identity, findings }: ShownIdentity, paint: Paint): string {
  const by = anchor === null ? profile : `${profile} (anchor ${anchor})`;
  if (identity === null) {
    const codes = findings.map(({ code }) => code).join(', ');
    return `${plain(by)}  ${paint('quiet', `none: ${codes}`)}`;
  }
  const { id, scheme: _, ...more } = identity;
  const rest = Object.entries(more).map(([name, value]) => `${name} ${String(value)}`);
  return `${plain(by)}  ${paint('good', plain(id))}${rest.length > 0 ? `  ${plain(rest.join(', '))}` : ''}`;
}

function chainText({ chain }: ShownCertificate, paint: Paint): string {
  if (chain === null) return '';
  const head =
    chain.anchor === null
      ? paint('bad', 'no configured anchor')
      : paint('good', plain(`anchor ${chain.anchor}`));
  const path = chain.path.map((subject, place) => `${' '.repeat(place)}${plain(subject || '(empty)')}`);
  return section(
    'Chain',
    [head, ...path, ...chain.reasons.map((one) => remarkText(one, 'bad', paint))],
    paint,
  );
}

function extensionText({ oid, name, critical, value }: ShownCertificate['extensions'][number]): string {
  return plain(`${name ?? oid}${critical ? ' (critical)' : ''}: ${value}`);
}

function remarkText({ code, message }: VerdictRemark, tone: Tone, paint: Paint): string {
  return `${paint(tone, code)}  ${plain(message)}`;
}
