import { canonicalJson } from '../lib/canonical-json.ts';
import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import { mostRecordBytes } from './cut.ts';
import type { RecordMode } from './home.ts';
import type { Writer } from './acts.ts';
import { recordFormat } from './record.ts';

/** Enforced denials of one enforcement point for one network that have no record of their own. */
export interface MergedGroup {
  readonly tenant: string;
  readonly pep: string;
  readonly door: string;
  /** CIDR; `other`: of networks that are too many to be told apart; null: not known, or not to be told. */
  readonly network: string | null;
  /** Times of the first and the last of them. */
  readonly first: string;
  readonly last: string;
  readonly count: number;
  /** How many by their primary reason; sums up to `count`. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** One record for many denials of strangers: of devices that nobody has identified. */
export interface MergedRecord {
  readonly schema: typeof recordFormat;
  readonly kind: 'merged';
  readonly audit_mode?: RecordMode;
  readonly time: string;
  readonly program: string;
  readonly instance: string;
  readonly first: string;
  readonly last: string;
  /** Sum over the groups. */
  readonly count: number;
  readonly groups: readonly MergedGroup[];
}

/** The network of groups that were put together. */
export const otherNetworks = 'other';

/** Groups by their keys, whose counts grow. */
export class MergedGroups {
  readonly #groups = new Map<string, MergedGroup>();
  readonly #most: number;
  #told = 0;

  /** At most so many networks are told apart; further ones count as `other`. */
  constructor(most = Infinity) {
    this.#most = most;
  }

  get size(): number {
    return this.#groups.size;
  }

  /** Adds to the group of the same enforcement point, door and network, or makes it. */
  add(group: MergedGroup): void {
    const key = keyOf(group);
    const known = this.#groups.get(key);
    if (known) {
      this.#groups.set(key, sumOf(known, group));
    } else if (group.network === null || group.network === otherNetworks || this.#told < this.#most) {
      if (group.network !== null && group.network !== otherNetworks) this.#told += 1;
      this.#groups.set(key, group);
    } else {
      this.add({ ...group, network: otherNetworks });
    }
  }

  /** What was added since the last time. */
  take(): readonly MergedGroup[] {
    const taken = [...this.#groups.values()];
    this.#groups.clear();
    this.#told = 0;
    return taken;
  }
}

/** Names have no line feeds. */
function keyOf({ tenant, pep, door, network }: MergedGroup): string {
  return `${tenant}\n${pep}\n${door}\n${network ?? ''}`;
}

function sumOf(a: MergedGroup, b: MergedGroup): MergedGroup {
  const reasons: Record<string, number> = { ...a.reasons };
  for (const [code, count] of Object.entries(b.reasons)) reasons[code] = (reasons[code] ?? 0) + count;
  return {
    ...a,
    first: a.first < b.first ? a.first : b.first,
    last: a.last > b.last ? a.last : b.last,
    count: a.count + b.count,
    reasons,
  };
}

/** The records' lines for groups: one, or as many as it takes to hold them all. None for none. */
export function mergedLines(writer: Writer, at: EpochMs, groups: readonly MergedGroup[]): readonly string[] {
  if (groups.length === 0) return [];
  const line = recordBytesWhole(mergedRecord(writer, at, groups));
  if (line !== undefined) return [line];
  if (groups.length === 1)
    return halves(groups[0] as MergedGroup).flatMap((one) => mergedLines(writer, at, [one]));
  const half = groups.length >> 1;
  return [...mergedLines(writer, at, groups.slice(0, half)), ...mergedLines(writer, at, groups.slice(half))];
}

function mergedRecord(writer: Writer, at: EpochMs, groups: readonly MergedGroup[]): MergedRecord {
  const { program, instance, mode } = writer;
  return {
    ...(mode && { audit_mode: mode }),
    count: groups.reduce((sum, { count }) => sum + count, 0),
    first: groups.reduce((least, { first }) => (first < least ? first : least), groups[0]?.first ?? ''),
    groups,
    instance,
    kind: 'merged',
    last: groups.reduce((most, { last }) => (last > most ? last : most), ''),
    program,
    schema: recordFormat,
    time: formatInstant(at),
  };
}

/** Counts are never cut: undefined where the record would be too long. */
function recordBytesWhole(record: MergedRecord): string | undefined {
  const line = canonicalJson(record);
  return Buffer.byteLength(line) <= mostRecordBytes ? line : undefined;
}

/** Policies may make up reason codes without end: half of them each, with the counts that are theirs. */
function halves(group: MergedGroup): readonly MergedGroup[] {
  const reasons = Object.entries(group.reasons);
  const half = reasons.length >> 1;
  return [reasons.slice(0, half), reasons.slice(half)].map((part) => ({
    ...group,
    count: part.reduce((sum, [, count]) => sum + count, 0),
    reasons: Object.fromEntries(part),
  }));
}
