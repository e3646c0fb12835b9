import { linesOfBlock } from '../../audit/read-blocks.ts';
import type { RecordFile } from '../../audit/sources/types.ts';
import { lineReader, malformed } from '../records/line.ts';
import { readSettings } from '../records/settings.ts';
import type { DecidingSettings } from '../records/settings.ts';
import { isObject } from '../../policy/is-object.ts';

/** Format of samples of records; `docs/policy/compare.md` and `sample.schema.json` describe it. */
export const sampleFormat = 1;

/** What records are put together by. */
export type StratumKey = 'class' | 'site' | 'reason';

/** The first line of a sample. */
export interface SampleHeader {
  readonly kind: 'sample';
  readonly schema: typeof sampleFormat;
  readonly by: readonly StratumKey[];
  /** Decisions that there were, and that are in the sample. */
  readonly decisions: number;
  readonly kept: number;
  /** Identifiers were replaced, each by the same everywhere. */
  readonly pseudonymised: boolean;
  readonly seed: string;
  /** From when on; null: all. RFC 3339. */
  readonly since: string | null;
  /** Classes and enforcement, by the digest of the configuration under which records were decided. */
  readonly settings: Readonly<Record<string, DecidingSettings>>;
}

/** What of a sample's beginning those need who read it. */
export interface FoundSample {
  readonly settings: Readonly<Record<string, DecidingSettings>>;
  readonly pseudonymised: boolean;
}

/**
 * Reads the first line of a file where that begins a sample; undefined for a log of records. Throws PDP_INPUT_MALFORMED
 * naming file and line where it is a sample of another format or has settings that are none.
 */
export async function readSampleHeader({ path, blocks }: RecordFile): Promise<FoundSample | undefined> {
  for await (const block of blocks()) {
    for (const { text, line } of linesOfBlock(block)) {
      // What is no record is for those to tell who read all of them.
      const read = lineReader(true)(text, path, line);
      return read.is === 'sample' ? found(read.header, path, line) : undefined;
    }
  }
  return undefined;
}

function found(header: Readonly<Record<string, unknown>>, file: string, line: number): FoundSample {
  const { schema, settings, pseudonymised } = header;
  if (schema !== sampleFormat)
    throw malformed(
      file,
      line,
      `the sample has format ${JSON.stringify(schema)}, this program reads ${sampleFormat}`,
    );
  if (!isObject(settings)) throw malformed(file, line, 'settings is not an object');
  const read = Object.entries(settings).map(([digest, value]) => {
    const one = readSettings(value);
    if (!one) throw malformed(file, line, `settings.${digest.slice(0, 64)} are none`);
    return [digest, one] as const;
  });
  return { settings: Object.fromEntries(read), pseudonymised: pseudonymised === true };
}
