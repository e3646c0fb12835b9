import { formatInstant, parseInstant } from '../lib/clock.ts';
import type { Proposal } from './proposals.ts';

export interface RowRules {
  /** Class by the anchor of its certificate, where one alone takes it; else what is given here. */
  readonly classOf: (anchor: string | null) => string;
  /** Also firmware that was merely claimed, and gateways. */
  readonly includeClaimed: boolean;
}

/** Characters of an attribute's value that are used; the import takes some more. */
const mostCharacters = 1000;

/**
 * The row of an import file that proposes a device: not in use yet, bound to the keys that were proved, with the evidence
 * as attributes `observed.…`. What was merely claimed stands in it only where that is asked for, and says so.
 */
export function proposedRow(proposal: Proposal, { classOf, includeClaimed }: RowRules): object {
  const proved = proposal.subject === 'proved';
  const firmware = [...new Set([...proposal.measured, ...(includeClaimed ? proposal.claimed : [])])];
  const { serial, class: known, anchor, certificates, keys, gateways } = proposal;
  return {
    device_id: proposal.device_id,
    status: 'pre_provisioned',
    class: known ?? classOf(anchor),
    ...(serial !== null && { serial }),
    ...lists({ certificates, keys, firmware, gateways }),
    attributes: {
      ...(anchor !== null && { 'observed.anchor': text(anchor) }),
      'observed.count': String(proposal.count),
      'observed.decision_id': text(proposal.decision_id),
      ...(proposal.denials.length > 0 && {
        'observed.denied_with': text(proposal.denials.toSorted().join(' ')),
      }),
      ...(includeClaimed && proposal.claimed.length > 0 && { 'observed.firmware': 'claimed' }),
      'observed.first_seen': instant(proposal.first_seen),
      ...(proposal.issuers.length > 0 && { 'observed.issuers': text(proposal.issuers.toSorted().join(' ')) }),
      'observed.last_seen': instant(proposal.last_seen),
      'observed.outcome': proposal.outcome,
      'observed.subject': proved ? 'proved' : `${proposal.subject}, not proved`,
    },
  };
}

/** Lists that are not empty, sorted: the same records make the same file. */
function lists(values: Readonly<Record<string, readonly string[]>>): object {
  const entries = Object.entries(values).filter(([, items]) => items.length > 0);
  return Object.fromEntries(entries.map(([name, items]) => [name, items.toSorted()]));
}

function instant(time: string): string {
  const at = parseInstant(time);
  return at === undefined ? text(time) : formatInstant(at);
}

/** As an attribute may be: without control characters, not empty, not too long. */
function text(value: string): string {
  const plain = value
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .trim();
  return plain === '' ? '-' : plain.slice(0, mostCharacters).trim();
}
