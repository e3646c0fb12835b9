import type { BreakGlassConfig, ObserveConfig } from '../config/types.ts';
import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Change } from '../store/types.ts';
import type { RecordMode } from './home.ts';
import { recordFormat } from './record.ts';

/** What administrative acts are called in their records. */
export type ActName =
  | 'start'
  | 'stop'
  | 'worker_started'
  | 'worker_ended'
  | 'configuration'
  | 'bundle'
  | 'configuration_refused'
  | 'bundle_refused'
  | 'observe_opened'
  | 'observe_ended'
  | 'break_glass_opened'
  | 'break_glass_ended'
  | 'log_key'
  | 'log_gap'
  | 'log_recovered'
  | 'log_pruned'
  | 'change';

/** The record of an act that changes how decisions are made; stands in the same log as the decisions. */
export interface ActRecord {
  readonly schema: typeof recordFormat;
  readonly kind: 'act';
  /** How it was kept; absent from records of programs that had one way alone. */
  readonly audit_mode?: RecordMode;
  readonly act: ActName;
  readonly time: string;
  readonly program: string;
  readonly instance: string;
  /** Null where the act concerns every tenant. */
  readonly tenant: string | null;
  /** Who did it; null where it came about by itself. */
  readonly actor: string | null;
  readonly why: string | null;
  /** What was acted upon: a digest, a device id, a file. */
  readonly selector: string | null;
  /** Origin and number of the change, for acts that changed the state. */
  readonly epoch: { readonly origin: string; readonly number: number } | null;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Only where texts are replaced: by it they are revealed. */
  readonly act_id?: string;
  /** JSON pointers of the texts that stand as commitments (`audit.redact`), sorted; absent where none does. */
  readonly redacted?: readonly string[];
}

/** Which program of which installation writes the record. */
export interface Writer {
  readonly program: string;
  readonly instance: string;
  /** How what it writes is kept. */
  readonly mode?: RecordMode;
}

type ActParts = Pick<ActRecord, 'act' | 'detail'> &
  Partial<Pick<ActRecord, 'tenant' | 'actor' | 'why' | 'selector' | 'epoch'>>;

/** Writes the record of any act at an instant; what is left out is null. */
export function buildAct(writer: Writer, at: EpochMs, parts: ActParts): ActRecord {
  const { program, instance, mode } = writer;
  return {
    schema: recordFormat,
    kind: 'act',
    ...(mode && { audit_mode: mode }),
    time: formatInstant(at),
    program,
    instance,
    tenant: null,
    actor: null,
    why: null,
    selector: null,
    epoch: null,
    ...parts,
  };
}

/** The server began to decide, or ended. `detail` says from what: digests, listeners, the signal. */
export function lifeAct(
  writer: Writer,
  at: EpochMs,
  act: 'start' | 'stop',
  detail: ActRecord['detail'],
): ActRecord {
  return buildAct(writer, at, { act, detail });
}

/** A worker that began to decide. */
export interface WorkerStart {
  readonly worker: number;
  readonly pid: number;
  /** How often a worker in its place was started again since the server began. */
  readonly restarts: number;
}

/** A worker that ended, and how. */
export interface WorkerEnd {
  readonly worker: number;
  readonly pid: number;
  /** `hung`: it gave no sign of life and was killed. `drained`: the server ended, and it with it. */
  readonly how: 'hung' | 'exit' | 'signal' | 'drained';
  readonly code: number | null;
  readonly signal: string | null;
  /** Calls may have been with it that got no answer, and of which there is no record. */
  readonly may_have_been_deciding: boolean;
}

/** A worker began to decide. */
export function workerStartedAct(writer: Writer, at: EpochMs, started: WorkerStart): ActRecord {
  return buildAct(writer, at, {
    act: 'worker_started',
    selector: `worker ${started.worker}`,
    detail: { ...started },
  });
}

/** A worker ended; records of what it answered stand before this one. */
export function workerEndedAct(writer: Writer, at: EpochMs, ended: WorkerEnd): ActRecord {
  const why = { hung: 'hung', exit: `exit ${ended.code}`, signal: `${ended.signal}`, drained: 'drained' }[
    ended.how
  ];
  return buildAct(writer, at, {
    act: 'worker_ended',
    why,
    selector: `worker ${ended.worker}`,
    detail: { ...ended },
  });
}

/** Another configuration or bundle came into force; `before` is null for the first one. */
export function loadedAct(
  writer: Writer,
  at: EpochMs,
  act: 'configuration' | 'bundle',
  digests: { readonly before: string | null; readonly after: string },
): ActRecord {
  return buildAct(writer, at, { act, selector: digests.after, detail: { ...digests } });
}

/** A configuration or bundle that was to come into force and did not. */
export interface RefusedChange {
  readonly what: 'configuration' | 'bundle';
  /** Digest, where it came so far as to have one; else null. */
  readonly selector: string | null;
  /** What brought it: a file's change, a source, an operator's pin. */
  readonly occasion: string;
  readonly problem: string;
}

/** What was to come into force was refused; what was in force before stays so. */
export function refusedAct(writer: Writer, at: EpochMs, refused: RefusedChange): ActRecord {
  const { what, selector, occasion, problem } = refused;
  return buildAct(writer, at, {
    act: `${what}_refused`,
    why: problem,
    selector,
    detail: { occasion },
  });
}

/** Another key signs the log from here on. */
export interface LogKeyChange {
  /** Verifier key (signed note) of the old one, which signs the checkpoint that holds this record; null for the first. */
  readonly before: string | null;
  readonly after: string;
  /** The new one under the signature of the old one (a signed note). */
  readonly succession?: string;
}

/** The log's signing key was made or changed. */
export function logKeyAct(writer: Writer, at: EpochMs, change: LogKeyChange): ActRecord {
  return buildAct(writer, at, { act: 'log_key', selector: change.after, detail: { ...change } });
}

/** Observing a PEP, class or site began, or is over; the time of the act is when that took effect. */
export function observeAct(
  writer: Writer,
  act: 'observe_opened' | 'observe_ended',
  { until, ...whom }: ObserveConfig,
  at: EpochMs,
): ActRecord {
  const [selector = null] = Object.entries(whom).map(([kind, name]) => `${kind} ${name}`);
  return buildAct(writer, at, { act, selector, detail: { ...whom, until: formatInstant(until) } });
}

/** The glass was broken, or its time is over; the time of the act is when that took effect. */
export function glassAct(
  writer: Writer,
  act: 'break_glass_opened' | 'break_glass_ended',
  glass: BreakGlassConfig,
  at: EpochMs,
): ActRecord {
  return buildAct(writer, at, {
    act,
    actor: glass.who,
    why: glass.why,
    detail: {
      reasons: glass.reasons,
      classes: glass.classes,
      devices: glass.devices,
      since: formatInstant(glass.since),
      until: formatInstant(glass.until),
    },
  });
}

/** A row of the store's `changes`: an import, an edit, a new CRL, by whichever process. */
export function changeAct(writer: Writer, change: Change): ActRecord {
  return buildAct(writer, change.at, {
    act: 'change',
    tenant: change.tenant,
    actor: change.actor,
    why: change.why,
    selector: change.selector,
    epoch: { origin: change.origin, number: change.epoch },
    detail: { kind: change.kind, ...change.detail },
  });
}
