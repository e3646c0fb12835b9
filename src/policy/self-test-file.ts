import type { RequestDocument } from '../context/types.ts';
import { PortreeveError } from '../lib/errors.ts';
import { parseExactJson, type ExactJson } from '../lib/exact-json.ts';
import { orderedJson } from '../lib/ordered-json.ts';
import type { PolicyMoment } from './builtins/types.ts';
import { invalidBundle, parseExactObject } from './bundle-json.ts';
import type { Bundle } from './bundle.ts';
import { isObject } from './is-object.ts';
import type { ClassRules } from './types.ts';

/** What a policy sees at `data.portreeve.classes`. */
export type Classes = Readonly<Record<string, ClassRules>>;

/** One case that travels in a bundle. */
export interface SelfTestCase {
  readonly title: string;
  /** Which of the file's `classes` the policy sees. */
  readonly classes: number;
  readonly input: Readonly<Record<string, unknown>>;
  /** What time and chance are taken from where the host gives functions for them. */
  readonly moment?: PolicyMoment;
  /** Of policies that are written for another program: what they see beside `input`. */
  readonly document?: RequestDocument;
  /** The whole verdict as it was when the bundle was built; where none came, `{fault}` with the code of the error. */
  readonly expect: ExactJson;
}

/** `/self-test.json` of a bundle. */
export interface SelfTestFile {
  readonly format: 1;
  /** By the index that cases name. */
  readonly classes: readonly Classes[];
  readonly cases: readonly SelfTestCase[];
}

/** Version of the file's format. */
const format = 1;

/** The bytes of `/self-test.json`: the same for the same cases. */
export function writeSelfTest(file: SelfTestFile): Uint8Array {
  return Buffer.from(`${orderedJson(jsonOf(file))}\n`);
}

/** What a bundle brings; undefined where it brings none. Same errors as `selfTest`. */
export function readSelfTest(bundle: Pick<Bundle, 'selfTest'>): SelfTestFile | undefined {
  if (!bundle.selfTest) return undefined;
  const file = parseExactObject(bundle.selfTest, 'self-test.json');
  const written = file['format'];
  if (typeof written === 'number' && Number.isSafeInteger(written) && written > format) {
    throw new PortreeveError(
      'PDP_FORMAT_NEWER',
      `the policy bundle's self-test has format ${written}, this program reads ${format}: use a newer program`,
    );
  }
  const { classes, cases } = file;
  if (written !== format) throw invalidBundle(`self-test.json has no format ${format}`);
  if (!Array.isArray(classes) || !classes.every(isObject))
    throw invalidBundle('self-test.json has no classes');
  if (!Array.isArray(cases)) throw invalidBundle('self-test.json has no cases');
  return {
    format,
    classes: classes as readonly Classes[],
    cases: cases.map((one: unknown, index) => readCase(one, index, classes.length)),
  };
}

function readCase(value: unknown, index: number, classes: number): SelfTestCase {
  const wrong = (problem: string) => invalidBundle(`self-test.json: case ${index + 1} ${problem}`);
  if (!isObject(value)) throw wrong('is not an object');
  const { title, input, moment, document, expect } = value;
  const named = value['classes'];
  if (typeof title !== 'string') throw wrong('has no title');
  if (typeof named !== 'number' || !Number.isSafeInteger(named) || named < 0 || named >= classes) {
    throw wrong('names no classes of the file');
  }
  if (!isObject(input)) throw wrong('has no input');
  if (document !== undefined && !isObject(document)) throw wrong('has a document that is no object');
  if (!isObject(expect)) throw wrong('expects nothing');
  return {
    title,
    classes: named,
    input,
    ...(moment !== undefined && { moment: readMoment(moment, wrong) }),
    ...(document !== undefined && { document: document as unknown as RequestDocument }),
    expect: expect as ExactJson,
  };
}

function readMoment(value: unknown, wrong: (problem: string) => PortreeveError): PolicyMoment {
  const { now, decisionId } = isObject(value) ? value : {};
  if (typeof now !== 'number' || typeof decisionId !== 'string')
    throw wrong('has a moment without time or id');
  return { now, decisionId };
}

/** Plain JSON: what a member leaves undefined is not there. */
export function jsonOf(value: unknown): ExactJson {
  return parseExactJson(JSON.stringify(value));
}
