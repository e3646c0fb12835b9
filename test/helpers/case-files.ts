import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parseDocument } from 'yaml';
import type { Case, DoorTable, Fleet } from './case-types.ts';

export const caseFolder = join(import.meta.dirname, '../cases');
const given = join(caseFolder, 'given');

function readYaml(path: string): unknown {
  const document = parseDocument(readFileSync(path, 'utf8'), { uniqueKeys: true, strict: true, merge: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw new Error(`${path}: ${problem.message}`);
  return document.toJS();
}

/** The standing state that every case begins with. */
export const fleet = readYaml(join(given, 'fleet.yaml')) as Fleet;

/** The one table of what each door carries. */
export const doorTable = readYaml(join(given, 'doors.yaml')) as DoorTable;

const ajv = new Ajv({ strict: true, allErrors: true, strictRequired: false, allowUnionTypes: true });
addFormats.default(ajv);
const isCaseFile = ajv.compile(readYaml(join(given, 'case.schema.yaml')) as object);

/** Reads one file's text strictly. Throws, naming every problem, for what the schema does not know. */
export function parseCases(value: unknown, file: string): readonly Case[] {
  if (!isCaseFile(value))
    throw new Error(`${file}: ${ajv.errorsText(isCaseFile.errors, { separator: '\n' })}`);
  const { at, cases } = value as { at: string; cases: readonly Omit<Case, 'file'>[] };
  return cases.map((one) => ({ ...one, at: one.at ?? at, file }));
}

/** Every case of every file, in the order of file names. */
export function readCases(): readonly Case[] {
  const files = readdirSync(caseFolder).filter((name) => name.endsWith('.yaml'));
  return files.sort().flatMap((file) => parseCases(readYaml(join(caseFolder, file)), file));
}
