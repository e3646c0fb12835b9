/** Members of records that are read by whoever finds, counts or replays them, and that are never personal. */
const neverRedacted: ReadonlySet<string> = new Set([
  'assurance',
  'audit_mode',
  'cut',
  'decision_id',
  'door',
  'enforced',
  'kind',
  'outcome',
  'redacted',
  'schema',
  'span_id',
  'supersedes',
  'tenant',
  'time',
  'trace_id',
  'valid_until',
  'versions',
]);

/** All other members. A path that begins with none of them would hide nothing, and nobody would be told. */
const redactable: ReadonlySet<string> = new Set([
  'actor',
  'class',
  'connection_id',
  'device_id',
  'document',
  'facts',
  'faults',
  'gateway',
  'input',
  'issuer',
  'issuer_key',
  'key',
  'leaf',
  'obligations',
  'owner',
  'pep',
  'reasons',
  'request_id',
  'serial',
  'site',
  'tags',
  'verdict',
  'why',
]);

/** A path of a record's member as `audit.redact.fields` has it: names, `*` for any; or what is wrong with it. */
export function redactedPath(
  text: string,
): { readonly path: readonly string[] } | { readonly problem: string } {
  const path = text.startsWith('/') ? pointerNames(text) : text.split('.');
  if (path.some((name) => name === '')) return { problem: 'has an empty name' };
  const [root = ''] = path;
  if (root === '*') return { problem: 'must begin with the name of a member' };
  if (neverRedacted.has(root)) return { problem: `${root} is in clear in every record` };
  if (!redactable.has(root)) return { problem: `records have no member ${root}` };
  return { path };
}

/** Members that acts name too, by what they are called and in what they stand in a decision's record. */
const subjects = {
  device_id: { names: ['device_id'], within: ['facts', 'input'] },
  owner: { names: ['owner'], within: ['facts', 'input', 'device'] },
  class: { names: ['class'], within: ['facts', 'input', 'device'] },
  site: { names: ['site'], within: ['facts', 'input', 'device', 'pep'] },
  pep: { names: ['pep', 'name'], within: ['facts', 'input'] },
  gateway: { names: ['gateway', 'id'], within: ['facts', 'input'] },
  leaf: { names: ['leaf', 'fingerprint'], within: ['facts', 'input', 'credential'] },
  key: { names: ['key', 'key_digest'], within: ['facts', 'input', 'credential'] },
  issuer: {
    names: ['issuer', 'issuer_key', 'issuer_name'],
    within: ['facts', 'input', 'credential'],
  },
  serial: { names: ['serial'], within: ['facts', 'input', 'credential'] },
  source_ip: { names: ['source_ip'], within: ['facts', 'input', 'connection'] },
} as const satisfies Readonly<Record<string, { names: readonly string[]; within: readonly string[] }>>;

/** What decisions and acts both name. */
export type RedactedSubject = keyof typeof subjects;

/** Which of these are replaced in decisions' records, by whichever of their places is named: there equal texts go with it. */
export function redactedSubjects(fields: readonly string[]): ReadonlySet<RedactedSubject> {
  const found = new Set<RedactedSubject>();
  for (const field of fields) {
    const read = redactedPath(field);
    if ('problem' in read) continue;
    const last = read.path.findLast((name) => name !== '*') ?? '';
    for (const [subject, { names, within }] of Object.entries(subjects)) {
      const places: readonly string[] = [...names, ...within];
      if (places.includes(last)) found.add(subject as RedactedSubject);
    }
  }
  return found;
}

/**
 * Where a decision's record has each of these: as itself, in another form, or as a digest by which it could be told. Whoever
 * names one of the places means all of them.
 */
const decided: Readonly<Record<RedactedSubject, readonly string[]>> = {
  device_id: [
    'device_id',
    'facts.connection.claims.device_id',
    'facts.credential.identity.id',
    'facts.device.device_id',
    'facts.device_id',
    'facts.shared_use.uses.*.device_id',
    'input.claimed_device_id',
    'input.device_id',
  ],
  owner: ['owner', 'facts.device.owner', 'input.device_owner'],
  class: [
    'class',
    'facts.crl_grace.class',
    'facts.device.class',
    'facts.inventory_state.grace.class',
    'input.device_class',
  ],
  site: [
    'site',
    'facts.crl_grace.site',
    'facts.device.site',
    'facts.inventory_state.grace.site',
    'input.device_site',
  ],
  pep: ['pep.name', 'facts.pep.name', 'input.pep'],
  gateway: ['gateway', 'facts.gateway.id', 'facts.shared_use.uses.*.gateway', 'input.gateway'],
  leaf: [
    'leaf',
    'facts.credential.fingerprint',
    'facts.credential.key',
    'facts.credential.path.0',
    'input.certificate_fingerprint',
  ],
  key: ['key', 'facts.credential.key', 'facts.credential.key_digest', 'input.key_digest'],
  issuer: [
    'issuer',
    'issuer_key',
    'facts.credential.issuer',
    'facts.credential.issuer_key',
    'facts.credential.issuer_name',
    'facts.credential.path.1',
    'facts.revocation.*.distribution_points.*.crl_issuers.*',
    'facts.revocation.*.issuer_dn',
    'facts.revocation.*.issuer_key',
    'facts.revocation.*.ocsp.responder',
    'input.issuer',
    'versions.crls.*.issuer_key',
  ],
  serial: ['serial', 'facts.credential.serial', 'facts.revocation.*.serial', 'input.certificate_serial'],
  source_ip: [
    'facts.connection.source_ip',
    'facts.shared_use.uses.*.network',
    'input.source_ip',
    'input.source_ip_outside',
  ],
};

/** The paths of all that is replaced in a decision's record: those that are named, and what goes with them. */
export function redactedPlaces(fields: readonly string[]): readonly (readonly string[])[] {
  const named = fields.flatMap((field) => {
    const read = redactedPath(field);
    return 'path' in read ? [read.path] : [];
  });
  const along = Object.values(decided)
    .map((texts) => texts.map((text) => text.split('.')))
    .filter((places) => fields.some((field) => coversAny(field, places)));
  return [...named, ...along.flat()];
}

const sourcePlaces = [
  ['facts', 'connection', 'source_ip'],
  ['input', 'source_ip'],
];
const devicePlaces = [['device_id'], ['facts', 'device_id'], ['input', 'device_id']];

/** Whether source addresses are replaced in records: then nothing else may tell their networks. */
export function redactsSource(fields: readonly string[]): boolean {
  return fields.some((field) => coversAny(field, sourcePlaces));
}

/** Whether device ids are replaced in records: then no span may have them either. */
export function redactsDeviceId(fields: readonly string[]): boolean {
  return fields.some((field) => coversAny(field, devicePlaces));
}

function coversAny(field: string, places: readonly (readonly string[])[]): boolean {
  const read = redactedPath(field);
  if ('problem' in read) return false;
  const { path } = read;
  return places.some(
    (place) =>
      path.length <= place.length &&
      path.every((name, index) => name === '*' || place[index] === '*' || name === place[index]),
  );
}

/** RFC 6901. */
function pointerNames(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}
