import type { Budget } from '../lib/budget.ts';
import { DerReader } from '../lib/der/reader.ts';
import { contextConstructed, tags } from '../lib/der/tags.ts';
import { readString } from '../lib/der/values.ts';
import type { Finding } from '../lib/reason-code.ts';
import { attributeValues, isSelfIssued, nameText } from './name.ts';
import { type ConstrainedName, concerns, isWithin } from './name-match.ts';
import { attributeOids, otherNameOids } from './oids.ts';
import { budgetExceeded } from './path-limits.ts';
import {
  type PreparedConstraints,
  type PreparedName,
  prepareConstraints,
  prepareName,
} from './prepared-names.ts';
import type { Certificate, GeneralName } from './types.ts';

/**
 * Name constraints along a path (RFC 5280 sections 4.2.1.10 and 6.1.3 (b), (c)), the anchor's own included (RFC 5937):
 * every name of every certificate below a CA must lie within what that CA permits of the name's form, if it permits
 * anything of it, and outside of what it excludes. CAs that issued to themselves are not asked, the leaf always is.
 * What cannot be compared is refused. Every comparison is paid from `work`, long ones by their length.
 */
export function checkNameConstraints(path: readonly Certificate[], work: Budget): Finding[] {
  const above: PreparedConstraints[] = [];
  for (let place = path.length - 1; place >= 0; place--) {
    const certificate = path[place] as Certificate;
    const asked = above.length > 0 && (place === 0 || !isSelfIssued(certificate));
    if (asked && place < path.length - 1) {
      const findings = checkNames(certificate, place, above, work);
      if (findings.length > 0) return findings;
    }
    if (certificate.nameConstraints !== undefined)
      above.push(prepareConstraints(certificate.nameConstraints));
  }
  return [];
}

function checkNames(
  certificate: Certificate,
  place: number,
  above: readonly PreparedConstraints[],
  work: Budget,
): Finding[] {
  for (const { name, ready } of namesOf(certificate)) {
    for (const constraints of above) {
      const problem = problemOf(ready, constraints, work);
      if (problem === 'work') return [budgetExceeded()];
      if (problem !== undefined) {
        const detail = { certificate: place, name: shown(name), form: name.kind, problem };
        return [{ code: 'chain.name_constraint_violation', detail }];
      }
    }
  }
  return [];
}

function problemOf(name: PreparedName, constraints: PreparedConstraints, work: Budget): string | undefined {
  if (!work.spend(constraints.cost)) return 'work';
  for (const subtree of constraints.excluded) {
    if (!concerns(subtree, name)) continue;
    const within = isWithin(name, subtree, 'excluded');
    if (within !== false) return within ? 'excluded' : 'not comparable with what is excluded';
  }
  let restricted = false;
  for (const subtree of constraints.permitted) {
    if (!concerns(subtree, name)) continue;
    restricted = true;
    if (isWithin(name, subtree, 'permitted')) return undefined;
  }
  return restricted ? 'not within what is permitted' : undefined;
}

interface AskedName {
  readonly name: ConstrainedName;
  readonly ready: PreparedName;
}

const known = new WeakMap<Certificate, readonly AskedName[]>();

/** A certificate's names made ready, once over all the paths that it is in. */
function namesOf(certificate: Certificate): readonly AskedName[] {
  let names = known.get(certificate);
  if (names === undefined) {
    names = constrainedNames(certificate).map((name) => ({ name, ready: prepareName(name) }));
    known.set(certificate, names);
  }
  return names;
}

/** The subject where it is not empty, its e-mail addresses, and the alternative names. */
function constrainedNames({ subject, subjectAltNames }: Certificate): ConstrainedName[] {
  const names: ConstrainedName[] = subject.key === '' ? [] : [{ kind: 'dn', value: subject }];
  for (const value of attributeValues(subject, attributeOids.emailAddress))
    names.push({ kind: 'email', value });
  for (const name of subjectAltNames) names.push(...constrainedForms(name));
  return names;
}

/** RFC 9598 section 6: an internationalised mailbox is under the constraints of mailboxes as well. */
function constrainedForms(name: GeneralName): ConstrainedName[] {
  if (name.kind !== 'other') return [name];
  const other = { kind: 'other', tag: contextConstructed(0) } as const;
  if (name.oid !== otherNameOids.smtpUtf8Mailbox) return [other];
  return [other, { kind: 'email', value: mailboxText(name.value) }];
}

/** What is no UTF8String becomes a mailbox that compares with nothing. */
function mailboxText(value: Uint8Array): string {
  try {
    const tlv = new DerReader(value).read(tags.utf8String);
    return readString(tlv);
  } catch {
    return '';
  }
}

function shown(name: ConstrainedName): string {
  switch (name.kind) {
    case 'dn':
      return nameText(name.value);
    case 'ip':
      return name.value.join('.');
    case 'other':
    case 'unsupported':
      return `tag ${name.tag}`;
    case 'dns':
    case 'uri':
    case 'email':
      return name.value.slice(0, 256);
  }
}
