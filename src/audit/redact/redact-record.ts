import { redactedPath, redactedPlaces, redactedSubjects } from '../../config/redacted-path.ts';
import type { RedactConfig } from '../../config/types.ts';
import type { ActRecord } from '../acts.ts';
import { commitmentOf, newSecret, saltOf, written } from './commitment.ts';
import { subjectsOf } from './act-subjects.ts';
import { pathTree, step } from './path-tree.ts';
import type { Reach } from './path-tree.ts';
import { actPlace, recordPlace } from './places.ts';
import type { Place, PlaceKind } from './places.ts';
import { below, withValues } from './pointer.ts';
import { ToldTexts } from './told-texts.ts';

/** What a record with commitments needs to be revealed; whoever has it knows all that was replaced in the record. */
export interface Opening {
  readonly decision_id: string;
  readonly time: string;
  /** Equal texts of the record have equal commitments. */
  readonly linkable: boolean;
  /** Of the record, lower-case hex. */
  readonly secret: string;
  /** What was replaced, by JSON pointer. */
  readonly values: Readonly<Record<string, string>>;
}

/** What replacing looks at and writes beside. */
interface Redactable {
  readonly decision_id: string;
  readonly time: string;
}

export type Redacted<T> = T & {
  /** JSON pointers of the texts that stand as commitments, and of objects of which members are left out; sorted. */
  readonly redacted?: readonly string[];
};

export type Redactor = <T extends Redactable>(
  record: T,
) => { readonly record: Redacted<T>; readonly opening: Opening | undefined };

/** One text of a record that may be replaced. */
interface Leaf {
  readonly pointer: string;
  readonly text: string;
  readonly kind: PlaceKind;
  readonly named: boolean;
}

/** A name that somebody chose, of a member that it leads to. */
interface FreeName {
  readonly name: string;
  /** Of the member, and of the object that has it. */
  readonly pointer: string;
  readonly within: string;
}

/** What a record has that may have to be hidden. */
interface Found {
  readonly leaves: Leaf[];
  readonly names: FreeName[];
}

export type ActRedactor = (
  act: ActRecord,
  newId: () => string,
) => { readonly record: ActRecord; readonly opening: Opening | undefined };

/** Members that are never looked into: whoever finds, counts and replays records goes by them. */
const passedOver: ReadonlySet<string> = new Set(['decision_id', 'tenant', 'time', 'valid_until']);
/** Replay and exports go by it: nothing is replaced in it but what is named, whatever it says. */
const onlyNamed = '/versions/';

/**
 * Makes what replaces texts of records by commitments: those at the configured paths, and every other text of the same
 * record that is one of them or has one of them in it (a reason's message, a header for upstream, the policy's input),
 * however it is written there; members whose names tell one are left out. Words, codes, times and numbers stay. Undefined where nothing is to be replaced.
 */
export function createRedactor({ fields, linkable }: RedactConfig): Redactor | undefined {
  const paths = redactedPlaces(fields);
  if (paths.length === 0) return undefined;
  const begin = pathTree(paths);
  return (record) => {
    const found: Found = { leaves: [], names: [] };
    gather(record, recordPlace, '', begin, found);
    const hiding = replacedOf(found, new Set());
    if (hidesNothing(hiding)) return { record, opening: undefined };
    const { replaced, left } = hiding;
    return commit(record, { replaced: withDigests(replaced, found.leaves), left }, linkable);
  };
}

/**
 * Makes what replaces texts of acts: members that are named (`actor`, `why`), what names a device, class, key and so on
 * where decisions' records have that replaced, and every other text of the act that has one of them in it. Such an act
 * gets an id, by which it is revealed. Undefined where nothing is to be replaced.
 */
export function createActRedactor({ fields, linkable }: RedactConfig): ActRedactor | undefined {
  const paths = fields.flatMap((field) => {
    const read = redactedPath(field);
    if ('problem' in read) return [];
    // The end of a hold says who had added it, and why.
    const earlier = { actor: 'who', why: 'why' }[read.path.join('.')];
    return earlier === undefined ? [read.path] : [read.path, ['detail', 'added', earlier]];
  });
  if (paths.length === 0) return undefined;
  const hidden = redactedSubjects(fields);
  const begin = pathTree(paths);
  return (act, newId) => {
    const found: Found = { leaves: [], names: [] };
    gather(act, actPlace, '', begin, found);
    const hiding = replacedOf(found, subjectsOf(act, hidden));
    if (hidesNothing(hiding)) return { record: act, opening: undefined };
    const id = newId();
    const { record, opening } = commit({ ...act, act_id: id, decision_id: id }, hiding, linkable);
    const { decision_id: _id, ...withoutDecision } = record;
    return { record: withoutDecision, opening };
  };
}

/** What is hidden of a record. */
interface Hiding {
  /** Texts that stand as commitments. */
  readonly replaced: readonly Leaf[];
  /** Members that are left out, as their names tell one of those. */
  readonly left: readonly FreeName[];
}

/** Where all that is to be hidden stood below members that are left out, nothing is replaced, and yet not all is shown. */
function hidesNothing({ replaced, left }: Hiding): boolean {
  return replaced.length === 0 && left.length === 0;
}

/** The leaves that are named or of the texts given, and all leaves and names that are or mention one of those. */
function replacedOf({ leaves, names }: Found, more: ReadonlySet<string>): Hiding {
  const secrets = new Set([...leaves.filter(({ named }) => named).map(({ text }) => text), ...more]);
  if (secrets.size === 0) return { replaced: [], left: [] };
  const told = new ToldTexts(secrets);
  const left = names.filter(({ name }) => told.areIn(name));
  const isLeft = (pointer: string): boolean =>
    left.some((one) => pointer === one.pointer || pointer.startsWith(`${one.pointer}/`));
  const replaced = leaves.filter((leaf) => leaf.named || told.areIn(leaf.text));
  return {
    replaced: left.length === 0 ? replaced : replaced.filter(({ pointer }) => !isLeft(pointer)),
    left,
  };
}

function gather(value: unknown, place: Place, pointer: string, reach: Reach, found: Found): void {
  if (typeof value === 'string') {
    const isPassed = value === '' || place.kind === 'none' || (!reach.named && pointer.startsWith(onlyNamed));
    if (!isPassed) found.leaves.push({ pointer, text: value, kind: place.kind, named: reach.named });
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    const element = place.element();
    for (const [index, one] of value.entries())
      gather(one, element, below(pointer, index), step(reach, String(index)), found);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    if (pointer === '' && passedOver.has(name)) continue;
    const [own, at] = [place.member(name), below(pointer, name)];
    if (own.isFree && !pointer.startsWith(onlyNamed))
      found.names.push({ name, pointer: at, within: pointer });
    gather(member, own, at, step(reach, name), found);
  }
}

/** The digest of a document would let its text be guessed. */
function withDigests(replaced: readonly Leaf[], leaves: readonly Leaf[]): readonly Leaf[] {
  if (!replaced.some(({ pointer }) => pointer === '/document/text')) return replaced;
  const digest = leaves.find((leaf) => leaf.pointer === '/document/digest');
  return !digest || replaced.includes(digest) ? replaced : [...replaced, digest];
}

function commit<T extends Redactable>(record: T, { replaced, left }: Hiding, linkable: boolean) {
  const secret = newSecret();
  const known = new Map<string, string>();
  const commitments = new Map<string, string>();
  const values: Record<string, string> = {};
  for (const { pointer, text, kind } of replaced.toSorted(byPointer)) {
    const key = linkable ? text : pointer;
    let commitment = known.get(key);
    if (commitment === undefined) {
      commitment = commitmentOf(saltOf(secret, text, linkable ? null : pointer), text);
      known.set(key, commitment);
    }
    commitments.set(pointer, written(commitment, kind === 'hex'));
    values[pointer] = text;
  }
  const { decision_id, time } = record;
  // What is undefined is written as no member.
  const changed = new Map([...commitments, ...left.map(({ pointer }) => [pointer, undefined] as const)]);
  const pointers = new Set([...commitments.keys(), ...left.map(({ within }) => within)]);
  return {
    record: { ...withValues(record, changed), redacted: [...pointers].sort() },
    opening: { decision_id, time, linkable, secret: secret.toString('hex'), values },
  };
}

function byPointer(a: Leaf, b: Leaf): number {
  return a.pointer < b.pointer ? -1 : 1;
}
