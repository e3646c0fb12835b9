import { recordedDocument } from '../../decision/recorded-document.ts';
import { isObject } from '../../policy/is-object.ts';
import type { FoundRecord } from './line.ts';

/** What a bundle reads of a record. */
export interface Reads {
  /** `OLD`, `NEW`: how it is told. */
  readonly name: string;
  readonly inputVersion: number;
  /** The input's keys that its rules read; undefined: they may read all. */
  readonly inputKeys: readonly string[] | undefined;
  /** The rules were written for another program, and read what it would show them of the request. */
  readonly document?: boolean;
}

/** What deciding anew goes by, beside the policy: floor, term and enforcement. */
const factsRead = [
  'assurance',
  'connection',
  'credential',
  'device',
  'device_id',
  'findings',
  'gateway',
  'holds',
  'limits',
  'now',
  'pep',
  'tenant',
] as const;

/** What log pipelines write in the place of what they take away. */
const takenAway = /^(?:\[?redacted\b|\[?removed\b|\[?masked\b|<(?:redacted|removed|masked)>|\*{3,})/i;

/**
 * Why a record does not suffice to decide anew with bundles: another input version, a member that rules or floor read
 * and that is not there, is of another form, or was redacted. Undefined where it suffices. The policy was asked, or could
 * have been: `input` is not null.
 */
export function whatIsLacking(found: FoundRecord, bundles: readonly Reads[]): string | undefined {
  const { input, facts } = found.record as { readonly input?: unknown; readonly facts?: unknown };
  if (!isObject(input)) return 'input is not there';
  if (!isObject(facts)) return 'facts are not there';
  const gone = goneFrom(found);
  for (const { name, inputVersion, inputKeys, document } of bundles) {
    const undocumented = document && documentLacking(found);
    if (undocumented) return `${name} reads ${undocumented}`;
    if (input['input_version'] !== inputVersion) {
      return `${name} reads policy input ${inputVersion}, the record has ${versionText(input['input_version'])}`;
    }
    for (const { place, key, how } of gone) {
      const isRead = place === 'input' ? (inputKeys?.includes(key) ?? true) : deciding.has(key);
      if (isRead) return `${place}.${key} ${how}`;
    }
    for (const key of inputKeys ?? found.redacted) {
      if (found.redacted.includes(key)) return `input.${key} was left out of the sample`;
    }
    const absent = inputKeys
      ? absentOf(inputKeys, input)
      : Object.keys(input).find((key) => isTaken(input[key]));
    if (absent !== undefined) return absentText(absent, input);
  }
  const taken = takenFact(facts);
  if (taken !== undefined) return taken;
  if (found.whole) return undefined;
  const absent = factsRead.find((key) => !Object.hasOwn(facts, key));
  if (absent !== undefined) return `facts.${absent} is not there`;
  return wrongForm(found);
}

/** Facts by which is decided beside the policy; a text in them that is redacted is another text. */
const deciding: ReadonlySet<string> = new Set(factsRead.filter((key) => key !== 'device_id'));

/** Members of facts and input that were cut from a long record, or that stand as commitments. */
function goneFrom({ record }: FoundRecord): readonly { place: string; key: string; how: string }[] {
  const cut = (record.cut ?? []).map(({ path }) => ({ path, how: 'was cut' }));
  const hidden = (record.redacted ?? []).filter(decides).map((path) => ({ path, how: 'was redacted' }));
  return [...cut, ...hidden].flatMap(({ path, how }) => {
    const [, place = '', key = ''] = path.split('/');
    return (place === 'input' || place === 'facts') && key !== '' ? [{ place, key, how }] : [];
  });
}

/** Redacted facts count where enforcement goes by them; of all others the words and times that decide stay. */
function decides(pointer: string): boolean {
  return pointer.startsWith('/input/') || /^\/facts\/(device\/(class|site)|pep\/(name|site))$/.test(pointer);
}

/** What stands against showing the rules the request as they saw it. */
function documentLacking({ record: { document } }: FoundRecord): string | undefined {
  if (!isObject(document)) return "the request's document, which is not there";
  const { cut } = document;
  if (cut.length > 0) return `the request's document, which was cut: ${cut.join(', ')}`;
  return recordedDocument(document) ? undefined : "the request's document, which has another digest";
}

function absentOf(keys: readonly string[], input: Record<string, unknown>): string | undefined {
  for (const key of keys) if (input[key] === undefined || isTaken(input[key])) return key;
  return undefined;
}

function absentText(key: string, input: Record<string, unknown>): string {
  return `input.${key} ${input[key] === undefined ? 'is not there' : 'was redacted'}`;
}

/** Whether a value, or something within it, was taken away. */
function isTaken(value: unknown): boolean {
  if (typeof value === 'string') return takenAway.test(value);
  if (Array.isArray(value)) return value.some(isTaken);
  return isObject(value) && Object.values(value).some(isTaken);
}

/** Texts of the facts by which classes, enforcement and the floor go. */
const decidingTexts: readonly (readonly [fact: string, member?: string])[] = [
  ['assurance'],
  ['tenant'],
  ['device', 'class'],
  ['device', 'site'],
  ['device', 'status'],
  ['gateway', 'status'],
  ['pep', 'name'],
  ['pep', 'site'],
];

/** A text that decides and was taken away: what stands there instead is another class, or enforcement point. */
function takenFact(facts: Record<string, unknown>): string | undefined {
  for (const [fact, member] of decidingTexts) {
    const whole = facts[fact];
    const value = member === undefined ? whole : isObject(whole) ? whole[member] : undefined;
    if (typeof value === 'string' && isTaken(value))
      return `facts.${fact}${member === undefined ? '' : `.${member}`} was redacted`;
  }
  return undefined;
}

function versionText(version: unknown): string {
  return typeof version === 'number' ? String(version) : 'none';
}

/** Whether what the floor reads has the form that it relies on: another would make it find nothing where it should. */
function wrongForm({ record }: FoundRecord): string | undefined {
  const { assurance, connection, credential, device, findings, gateway, holds, limits, now, pep } =
    record.facts as unknown as Record<string, unknown>;
  const forms: readonly (readonly [string, boolean])[] = [
    ['assurance', typeof assurance === 'string'],
    ['connection', isObject(connection) && typeof connection['authenticated_by'] === 'string'],
    ['credential', credential === null || (isObject(credential) && typeof credential['valid'] === 'boolean')],
    ['device', device === null || (isObject(device) && typeof device['status'] === 'string')],
    ['findings', isListOf(findings, ({ code }) => typeof code === 'string')],
    ['gateway', gateway === null || (isObject(gateway) && Object.hasOwn(gateway, 'status'))],
    ['holds', isListOf(holds, ({ kind }) => typeof kind === 'string')],
    ['limits', isListOf(limits, ({ until }) => typeof until === 'number')],
    ['now', typeof now === 'number'],
    ['pep', isObject(pep) && typeof pep['name'] === 'string'],
  ];
  const wrong = forms.find(([, holds]) => !holds);
  return wrong && `facts.${wrong[0]} is not as records have it`;
}

function isListOf(value: unknown, holds: (item: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && holds(item));
}
