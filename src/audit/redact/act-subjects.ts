import type { RedactedSubject } from '../../config/redacted-path.ts';
import { isObject } from '../../policy/is-object.ts';
import type { ActRecord } from '../acts.ts';

/** What the members of an act's detail name, wherever in it they stand. */
const named: Readonly<Record<string, readonly RedactedSubject[]>> = {
  device_id: ['device_id'],
  devices: ['device_id'],
  first_added: ['device_id'],
  first_changed: ['device_id'],
  first_removed: ['device_id'],
  first_kept_status: ['device_id'],
  first_kept_ended: ['device_id'],
  first_kept: ['device_id'],
  owner: ['owner'],
  class: ['class'],
  classes: ['class'],
  site: ['site'],
  pep: ['pep'],
  gateway: ['gateway'],
  gateways: ['gateway'],
  networks: ['source_ip'],
  certificates: ['leaf'],
  keys: ['key'],
  issued: ['issuer', 'serial'],
  issuer: ['issuer'],
  revoked_cas: ['serial'],
  // Texts of a delegation say all of these.
  delegations: ['device_id', 'class', 'site', 'gateway'],
};

/** What a hold is on, by its kind. */
const held: Readonly<Record<string, readonly RedactedSubject[]>> = {
  device: ['device_id'],
  certificate: ['leaf', 'serial'],
  key: ['key'],
  issuer: ['issuer'],
  class: ['class'],
  gateway: ['gateway'],
  network: ['source_ip'],
};

/** What the selector of a change names, by the beginning of its kind. */
const selected: readonly (readonly [RegExp, readonly RedactedSubject[]])[] = [
  [/^device\.set_/, ['device_id']],
  [/^gateway\.(delegate|revoke)$/, ['gateway']],
  [/^ocsp\.answer$/, ['serial', 'issuer']],
  [/^crl\.import$/, ['issuer']],
];

/** The texts by which an act names what is replaced in decisions' records: its device, class, key, and so on. */
export function subjectsOf(act: ActRecord, hidden: ReadonlySet<RedactedSubject>): ReadonlySet<string> {
  const texts = new Set<string>();
  const isHidden = (subjects: readonly RedactedSubject[] | undefined): boolean =>
    subjects !== undefined && subjects.some((one) => hidden.has(one));
  const all = (value: unknown): void => {
    if (typeof value === 'string' && value !== '') texts.add(value);
    else if (Array.isArray(value)) value.forEach(all);
    else if (isObject(value)) Object.entries(value).forEach(([name, one]) => !isTime(name) && all(one));
  };
  const look = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(look);
    if (!isObject(value)) return;
    const { field, before, after } = value;
    // A field's difference: its name says what the two are.
    if (typeof field === 'string' && isHidden(named[field])) [before, after].forEach(all);
    for (const [name, one] of Object.entries(value)) {
      if (isHidden(named[name])) all(one);
      else look(one);
    }
  };
  look(act.detail);
  const { kind, holds, value, name } = act.detail;
  if (typeof holds === 'string' && isHidden(held[holds])) [value, name].forEach(all);
  const change = typeof kind === 'string' ? kind : '';
  if (selected.some(([form, subjects]) => form.test(change) && isHidden(subjects))) all(act.selector);
  // Lists of a catalogue's rows, in words.
  if (/^gateway\.import$/.test(change) && isHidden(named['delegations']))
    [act.detail['added'], act.detail['changed'], act.detail['removed']].forEach(all);
  return texts;
}

/** Instants within bindings: they tell of nobody. */
function isTime(name: string): boolean {
  return ['from', 'until', 'not_before', 'not_after'].includes(name);
}
