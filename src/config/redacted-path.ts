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
      path.length <= place.length && path.every((name, index) => name === '*' || name === place[index]),
  );
}

/** RFC 6901. */
function pointerNames(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}
