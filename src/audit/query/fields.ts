import { isObject } from '../../policy/is-object.ts';
import { recordNetworks } from './networks.ts';

/** What records are looked up and counted by. */
export const fieldNames = [
  'kind',
  'act',
  'tenant',
  'device',
  'outcome',
  'reason',
  'class',
  'owner',
  'site',
  'gateway',
  'pep',
  'door',
  'assurance',
  'certificate',
  'key',
  'issuer',
  'serial',
  'firmware',
  'network',
  'bundle',
  'trace',
  'connection',
  'request',
  'decision',
] as const;

export type FieldName = (typeof fieldNames)[number];

/** A record as it was parsed: untrusted, of any form. */
export type AnyRecord = Readonly<Record<string, unknown>>;

const none: readonly string[] = [];

/** The values that a record has of a field; of a reason the primary one first, of a network the address first. */
export function valuesOf(record: AnyRecord, field: FieldName): readonly string[] {
  const values = readers[field](record);
  const redacted = record['redacted'];
  return Array.isArray(redacted) && redacted.length > 0
    ? values.filter((one) => !isCommitment(one, field))
    : values;
}

type Reader = (record: AnyRecord) => readonly string[];

/** Paths from the outside in; the first member that is there counts. */
function at(...paths: readonly (readonly string[])[]): Reader {
  return (record) => {
    for (const path of paths) {
      const value = memberAt(record, path);
      if (typeof value === 'string' && value !== '') return [value];
    }
    return none;
  };
}

function memberAt(record: AnyRecord, path: readonly string[]): unknown {
  let value: unknown = record;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

const actDevice = at(['device_id']);

const readers: Readonly<Record<FieldName, Reader>> = {
  kind: at(['kind']),
  act: at(['act']),
  tenant: at(['tenant']),
  device: (record) => (record['kind'] === 'act' ? actSelector(record) : actDevice(record)),
  outcome: at(['outcome']),
  reason: reasonsOf,
  class: at(['class']),
  owner: at(['owner']),
  site: at(['site']),
  gateway: at(['gateway'], ['facts', 'gateway', 'id']),
  pep: at(['pep', 'name'], ['pep']),
  door: at(['door']),
  assurance: at(['assurance']),
  certificate: at(['leaf']),
  key: at(['key']),
  issuer: (record) => [...at(['issuer'])(record), ...at(['issuer_key'])(record)],
  serial: at(['serial']),
  firmware: firmwareOf,
  network: networksOf,
  bundle: at(['versions', 'bundle']),
  trace: at(['trace_id']),
  connection: at(['connection_id']),
  request: at(['request_id'], ['facts', 'connection', 'request_id']),
  decision: at(['decision_id']),
};

/** What an act was upon: a device's history has it beside its decisions. */
function actSelector(record: AnyRecord): readonly string[] {
  const { selector } = record;
  return typeof selector === 'string' && selector.length <= 256 ? [selector] : none;
}

function reasonsOf(record: AnyRecord): readonly string[] {
  const { reasons } = record;
  if (!Array.isArray(reasons)) return at(['reason'])(record);
  return reasons.flatMap((one: unknown) => {
    const code = isObject(one) ? one['code'] : one;
    return typeof code === 'string' ? [code] : [];
  });
}

/** What was measured, else what was claimed: never told apart by whoever asks for it, and said in the record. */
function firmwareOf(record: AnyRecord): readonly string[] {
  const found = [
    memberAt(record, ['facts', 'attestation', 'firmware_hash']),
    memberAt(record, ['facts', 'connection', 'claims', 'firmware_hash']),
    memberAt(record, ['facts', 'firmware', 'firmware_hash']),
  ];
  return [...new Set(found.filter((one) => typeof one === 'string' && one !== ''))] as string[];
}

function networksOf(record: AnyRecord): readonly string[] {
  const address = memberAt(record, ['facts', 'connection', 'source_ip']) ?? record['network'];
  return typeof address === 'string' ? recordNetworks(address) : none;
}

/** Digests stand bare, and are commitments as soon as the record has any of their places replaced. */
function isCommitment(value: string, field: FieldName): boolean {
  return value.startsWith('redacted:') && field !== 'kind';
}
