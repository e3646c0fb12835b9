import type { Subject } from '../decision/types.ts';
import type { AuditRecord } from './record.ts';

/** What was observed of one identity. Times RFC 3339 as records have them. */
export interface Proposal {
  readonly device_id: string;
  /** The best word that there was for it. */
  subject: Subject;
  count: number;
  first_seen: string;
  last_seen: string;
  /** The last decision, and what it was. */
  decision_id: string;
  outcome: 'allow' | 'deny';
  /** Class of the inventory at that time; null where it had none. */
  class: string | null;
  /** Configured anchor of the last proved path. */
  anchor: string | null;
  serial: string | null;
  readonly certificates: string[];
  readonly keys: string[];
  readonly issuers: string[];
  /** Firmware that a verified attestation measured, and that was merely claimed. */
  readonly measured: string[];
  readonly claimed: string[];
  readonly gateways: string[];
  /** Codes that denied it later on, for reasons of its own. */
  readonly denials: string[];
}

export interface ProposalRules {
  readonly tenant: string;
  /** Records from before are passed over; RFC 3339 in UTC as records have it. */
  readonly since: string | undefined;
  /** Also identities that nobody proved. */
  readonly includeClaimed: boolean;
  /** Identities that are held at once. */
  readonly most: number;
}

/** Values of each kind that are held of one identity; what comes later is left out. */
export const mostValues = 16;

const unknown = 'inventory.unknown_device';
/** Whoever is denied by these groups is not what it shows, or is kept out on purpose; who shows nothing claims only. */
const ownFault =
  /^(?!identity\.no_credential$)(identity|chain|credential|revocation|hold|attestation|system)\./;

/** Gathers what is observed in records; memory grows with the identities and not with the records. */
export class Proposals {
  readonly #rules: ProposalRules;
  readonly #found = new Map<string, Proposal>();
  /** Records of identities for which there was no room. */
  leftOut = 0;

  constructor(rules: ProposalRules) {
    this.#rules = rules;
  }

  /** Takes a record: of an allow, or of a denial because the inventory does not know the device. */
  take(record: AuditRecord): void {
    const { facts } = record;
    const id = record.device_id;
    const { tenant, since, includeClaimed, most } = this.#rules;
    if (facts === null || id === null || record.tenant !== tenant) return;
    if (since !== undefined && record.time < since) return;
    const subject = facts.subject ?? 'claimed';
    const against = record.reasons.filter(({ severity }) => severity === 'deny').map(({ code }) => code);
    const known = this.#found.get(id);
    const own = against.filter((code) => ownFault.test(code));
    if (own.length > 0)
      return void (known && isNamed(subject) && own.forEach((one) => add(known.denials, one)));
    if (subject !== 'proved' && !includeClaimed) return;
    if (record.outcome === 'deny' && !against.includes(unknown)) return;
    if (!known && this.#found.size >= most) {
      this.leftOut += 1;
      return;
    }
    const proposal = known ?? newProposal(id, subject, record);
    this.#found.set(id, proposal);
    note(proposal, record, subject, facts);
  }

  /** What was gathered, by id. */
  sorted(): readonly Proposal[] {
    return [...this.#found.values()].sort((a, b) => (a.device_id < b.device_id ? -1 : 1));
  }
}

/** Whether a configured CA has said the name: nobody's mere claim speaks against a device. */
function isNamed(subject: Subject): boolean {
  return subject === 'proved' || subject === 'named_by_certificate';
}

function newProposal(id: string, subject: Subject, record: AuditRecord): Proposal {
  return {
    ...{ device_id: id, subject, count: 0, first_seen: record.time, last_seen: record.time },
    ...{ decision_id: record.decision_id, outcome: record.outcome, class: null, anchor: null, serial: null },
    ...{ certificates: [], keys: [], issuers: [], measured: [] },
    ...{ claimed: [], gateways: [], denials: [] },
  };
}

function note(
  proposal: Proposal,
  record: AuditRecord,
  subject: Subject,
  facts: NonNullable<AuditRecord['facts']>,
): void {
  proposal.count += 1;
  if (record.time < proposal.first_seen) proposal.first_seen = record.time;
  if (record.time >= proposal.last_seen) {
    const { time, decision_id: decisionId, outcome } = record;
    Object.assign(proposal, { last_seen: time, decision_id: decisionId, outcome });
    proposal.class = record.class ?? proposal.class;
  }
  const { credential, attestation, connection, gateway } = facts;
  if (subject === 'proved' && credential) {
    proposal.subject = subject;
    proposal.anchor = credential.anchor ?? proposal.anchor;
    proposal.serial = credential.identity?.hardware_serial ?? proposal.serial;
    add(proposal.certificates, credential.fingerprint);
    add(proposal.keys, credential.key_digest);
    add(proposal.issuers, credential.issuer ?? credential.issuer_key);
  }
  if (attestation.status === 'verified') add(proposal.measured, attestation.firmware_hash);
  add(proposal.claimed, connection.claims.firmware_hash);
  if (subject === 'vouched') add(proposal.gateways, gateway?.id ?? null);
}

function add(values: string[], value: string | null): void {
  if (value !== null && values.length < mostValues && !values.includes(value)) values.push(value);
}
