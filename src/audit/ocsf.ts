import { programVersion } from '../lib/program-version.ts';
import {
  at,
  decisionMembers,
  failure,
  mergedMembers,
  nameOf,
  present,
  reasonOf,
  shadowMembers,
  success,
  textOf,
  timeOf,
  word,
  wouldOf,
} from './ocsf-members.ts';
import type { Json } from './ocsf-members.ts';

/** The version of the Open Cybersecurity Schema Framework that events follow. */
export const ocsfVersion = '1.8.0';

/** Where a record stands. */
export interface OcsfPlace {
  /** Name of the log. */
  readonly log: string;
  readonly index: number;
  /** Hash of the entry in the tree, hex. */
  readonly hash: string;
}

/** What a kind of record becomes: class and activity by OCSF's numbers, and the members of its own. */
interface Mapping {
  readonly category: number;
  readonly class: number;
  readonly activity: number;
  /** Needed with activity 99 (other). */
  readonly activityName?: string;
  /** 1 informational, 2 low, 3 medium, 4 high. */
  readonly severity: (record: Json) => number;
  readonly message: (record: Json) => string;
  readonly members: (record: Json) => Json;
}

const authentication = { category: 3, class: 3002, activity: 1 } as const;
const entityManagement = { category: 3, class: 3004 } as const;
const lifecycle = { category: 6, class: 6002 } as const;
const other = { category: 0, class: 0, activity: 99 } as const;

/**
 * The one table from records to OCSF: a record is looked up by `kind`, an act by `act:` and its name, and whatever is not
 * here becomes a base event.
 */
export const ocsfTable: Readonly<Record<string, Mapping>> = {
  decision: {
    ...authentication,
    severity: (record) => (faultsOf(record) > 0 ? 4 : isPlainAllow(record) ? 1 : 3),
    message: (record) => `${nameOf(record['device_id'])}: ${word(record['outcome'])}, ${reasonOf(record)}`,
    members: decisionMembers,
  },
  merged: {
    ...authentication,
    severity: () => 3,
    message: (record) => `${Number(record['count'])} denials of devices that nobody has identified`,
    members: mergedMembers,
  },
  // Of the decision's class, and no logon of its own: who counts logons counts the decision alone.
  shadow: {
    ...authentication,
    ...{ activity: 99, activityName: 'Policy on trial' },
    severity: (record) => (at(record['shadow'], 'direction') === 'lock_out' ? 2 : 1),
    message: (record) =>
      `${nameOf(record['device_id'])}: ${word(at(record['answered'], 'outcome'))}, and the policy on trial would ${word(at(wouldOf(record), 'outcome'))}, ${reasonOf(wouldOf(record))}`,
    members: shadowMembers,
  },
  heartbeat: {
    ...lifecycle,
    ...{ activity: 99, activityName: 'Heartbeat' },
    severity: () => 1,
    message: () => 'the server lives',
    members: (record) => ({ app: appOf(record), ...success }),
  },
  'act:start': life(3),
  'act:stop': life(4),
  'act:worker_started': life(3),
  'act:worker_ended': life(4),
  'act:configuration': managed(3, success),
  'act:bundle': managed(10, success),
  'act:configuration_refused': managed(3, failure),
  'act:bundle_refused': managed(10, failure),
  'act:observe_opened': managed(10, success, 3),
  'act:observe_ended': managed(11, success),
  'act:break_glass_opened': managed(10, success, 4),
  'act:break_glass_ended': managed(11, success),
  'act:log_key': managed(3, success, 2),
  'act:log_gap': managed(3, failure, 3),
  'act:log_recovered': managed(3, success, 2),
  'act:log_pruned': managed(4, success),
  'act:change': managed(3, success),
};

const unmapped: Mapping = {
  ...other,
  activityName: 'Other',
  severity: () => 1,
  message: (record) => `record of kind ${word(record['kind'])}`,
  members: () => ({}),
};

/**
 * The OCSF event of a record: times in milliseconds since 1970. `metadata.uid` is the entry's hash and `metadata.sequence`
 * its index, so that an event that comes twice is known; the record's own text stands in `raw_data`. Never throws.
 */
export function ocsfEvent({ text, ...place }: OcsfPlace & { readonly text: string }, record: Json): Json {
  return { ...eventOf(place, record, {}), raw_data: text };
}

/** The event of a record of so many bytes without the record itself, for a receiver that does not take it whole. */
export function ocsfStub(place: OcsfPlace, record: Json, bytes: number): Json {
  return eventOf(place, record, { is_truncated: true, untruncated_size: bytes });
}

function eventOf({ log, index, hash }: OcsfPlace, record: Json, cut: Json): Json {
  const mapping = mappingOf(record);
  const { category, class: classUid, activity, activityName } = mapping;
  return {
    activity_id: activity,
    ...(activityName !== undefined && { activity_name: activityName }),
    category_uid: category,
    class_uid: classUid,
    type_uid: classUid * 100 + activity,
    time: timeOf(record['first']) ?? timeOf(record['time']) ?? 0,
    severity_id: mapping.severity(record),
    message: mapping.message(record),
    metadata: present({
      version: ocsfVersion,
      product: { name: 'Portreeve', vendor_name: 'Portreeve', version: programVersion },
      uid: hash,
      sequence: index,
      log_name: log,
      original_time: textOf(record['time']),
      event_code: textOf(record['act']) ?? textOf(record['kind']),
      tenant_uid: textOf(record['tenant']),
      correlation_uid: textOf(record['trace_id']),
      original_event_uid: textOf(record['decision_id']),
      ...cut,
    }),
    ...mapping.members(record),
  };
}

function mappingOf(record: Json): Mapping {
  const key = record['kind'] === 'act' ? `act:${word(record['act'])}` : word(record['kind']);
  return Object.hasOwn(ocsfTable, key) ? (ocsfTable[key] as Mapping) : unmapped;
}

function life(activity: number): Mapping {
  return {
    ...lifecycle,
    activity,
    severity: () => 1,
    message: (record) => `${word(record['act'])}: ${textOf(record['why']) ?? 'no reason given'}`,
    members: (record) => ({ app: appOf(record), ...success }),
  };
}

function managed(activity: number, status: typeof success | typeof failure, severity = 1): Mapping {
  return {
    ...entityManagement,
    activity,
    severity: () => (status === failure ? Math.max(severity, 3) : severity),
    message: (record) => {
      const why = textOf(record['why']);
      return `${whatChanged(record)}${why === undefined ? '' : `: ${why}`}`;
    },
    members: (record) => {
      const actor = textOf(record['actor']);
      return present({
        ...status,
        entity: present({
          name: textOf(record['selector']) ?? word(record['act']),
          type: whatChanged(record),
        }),
        comment: textOf(record['why']),
        actor: actor === undefined ? undefined : { user: { name: actor } },
      });
    },
  };
}

/** Changes of the state say in their detail of which kind they are. */
function whatChanged(record: Json): string {
  const kind = textOf(at(record['detail'], 'kind'));
  return kind === undefined ? word(record['act']) : `${word(record['act'])} ${kind}`;
}

function appOf(record: Json): Json {
  return present({
    ...{ name: 'Portreeve', vendor_name: 'Portreeve' },
    version: textOf(record['program']),
    uid: textOf(record['instance']),
  });
}

function isPlainAllow({ outcome }: Json): boolean {
  return outcome === 'allow';
}

function faultsOf({ faults }: Json): number {
  return Array.isArray(faults) ? faults.length : 0;
}
