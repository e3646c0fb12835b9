import { isIP } from 'node:net';
import type { EpochMs } from '../lib/clock.ts';
import { parseInstant } from '../lib/clock.ts';

/** Of a record or an event; nothing is known of its members. */
export type Json = Readonly<Record<string, unknown>>;

export const success = { status_id: 1, status: 'Success' } as const;
export const failure = { status_id: 2, status: 'Failure' } as const;

/** A decision: the device is the user, its enforcement point the service. */
export function decisionMembers(record: Json): Json {
  const { outcome, enforced, device_id: device, pep } = record;
  const status =
    outcome === 'allow' ? success : enforced === false ? { status_id: 99, status: 'Let pass' } : failure;
  const ip = textOf(at(at(record['facts'], 'connection'), 'source_ip'));
  return present({
    ...status,
    status_code: reasonOf(record),
    status_detail: messageOf(record),
    user: userOf(device),
    service: { name: textOf(at(pep, 'name')) ?? 'unknown' },
    is_remote: true,
    certificate: certificateOf(record),
    src_endpoint: ip !== undefined && isIP(ip) !== 0 ? { ip } : undefined,
  });
}

/** The record names neither enforcement point nor address: the decision's event, of the same `original_event_uid`, does. */
export function shadowMembers(record: Json): Json {
  const { device_id: device, answered, shadow } = record;
  const would = wouldOf(record);
  return present({
    ...{ status_id: 99, status: `Would ${word(would['outcome'])}` },
    status_code: reasonOf(would),
    status_detail: messageOf(would),
    user: userOf(device),
    service: { name: 'unknown' },
    is_remote: true,
    unmapped: {
      answered: { ...objectOf(answered) },
      shadow: {
        ...{ bundle: at(shadow, 'bundle'), revision: at(shadow, 'revision'), share: at(shadow, 'share') },
        ...{ differs: at(shadow, 'differs'), direction: at(shadow, 'direction') },
        enforced: would['enforced'],
        reasons: codesOf(would),
      },
    },
  });
}

/** What the policy on trial would have decided; empty where the record does not say. */
export function wouldOf(record: Json): Json {
  return objectOf(at(record['shadow'], 'would'));
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function codesOf({ reasons }: Json): readonly unknown[] {
  return Array.isArray(reasons) ? (reasons as unknown[]).map((reason) => at(reason, 'code')) : [];
}

function userOf(device: unknown): Json {
  return present({ name: nameOf(device), uid: textOf(device), type_id: 99, type: 'Device' });
}

/** Issuer and serial number are what OCSF asks of a certificate. */
function certificateOf(record: Json): Json | undefined {
  const [issuer, serial, leaf] = ['issuer', 'serial', 'leaf'].map((key) => textOf(record[key]));
  if (issuer === undefined || serial === undefined) return undefined;
  const sha256 = leaf === undefined ? undefined : [{ algorithm_id: 3, algorithm: 'SHA-256', value: leaf }];
  return present({ issuer, serial_number: serial, fingerprints: sha256 });
}

/** Denials of devices that nobody has identified: at which enforcement points, how many, from when to when (ms). */
export function mergedMembers(record: Json): Json {
  const groups = Array.isArray(record['groups']) ? (record['groups'] as unknown[]) : [];
  const peps = new Set(groups.map((group) => textOf(at(group, 'pep')) ?? 'unknown'));
  return present({
    ...failure,
    count: Number(record['count']),
    start_time: timeOf(record['first']),
    end_time: timeOf(record['last']),
    user: userOf(undefined),
    service: { name: [...peps].join(', ') || 'unknown' },
    is_remote: true,
  });
}

/** Code of the first reason. */
export function reasonOf({ reasons }: Json): string {
  return textOf(at(Array.isArray(reasons) ? reasons[0] : undefined, 'code')) ?? 'no reason';
}

function messageOf({ reasons }: Json): string | undefined {
  return textOf(at(Array.isArray(reasons) ? reasons[0] : undefined, 'message'));
}

/** What a device is called where OCSF demands a name. */
export function nameOf(device: unknown): string {
  return textOf(device) ?? 'unidentified';
}

/** A text that must be there. */
export function word(value: unknown): string {
  return textOf(value) ?? 'unknown';
}

/** A member of what may be no object. */
export function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Json)[key] : undefined;
}

/** The text, where it is one and not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** RFC 3339 as milliseconds since 1970; undefined for anything else. */
export function timeOf(value: unknown): EpochMs | undefined {
  return typeof value === 'string' ? parseInstant(value) : undefined;
}

/** The members that have a value. */
export function present(members: Json): Json {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
