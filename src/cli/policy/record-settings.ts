import type { Config } from '../../config/types.ts';
import type { RecordFile } from '../../audit/sources/types.ts';
import { keptFolder } from '../../server/records/keep-versions.ts';
import type { SettingsSources } from '../../workshop/records/settings.ts';
import { pseudonymKeys } from '../../workshop/sample/pseudonyms.ts';
import { readSampleHeader } from '../../workshop/sample/header.ts';
import type { FoundSample } from '../../workshop/sample/header.ts';

/** What files of records bring along, and what else there is. */
export interface RecordSettings {
  readonly sources: SettingsSources;
  /** One of the files is a sample. */
  readonly sampled: boolean;
  /** Keys of the policy's input that hold pseudonyms in one of the files. */
  readonly pseudonyms: readonly string[];
}

/** Where the settings of the records of files come from: samples, what the server keeps, the configuration. */
export async function recordSettings(
  { files, keptFolders }: { readonly files: readonly RecordFile[]; readonly keptFolders: readonly string[] },
  config: Config | undefined,
): Promise<RecordSettings> {
  const samples: FoundSample[] = [];
  for (const file of files) {
    const sample = await readSampleHeader(file);
    if (sample) samples.push(sample);
  }
  return {
    sources: {
      carried: Object.assign({}, ...samples.map(({ settings }) => settings)) as SettingsSources['carried'],
      keptFolders: [...new Set([...(config ? [keptFolder(config)] : []), ...keptFolders])],
      given: config ? { classes: config.classes, enforcement: config.enforcement } : null,
    },
    sampled: samples.length > 0,
    pseudonyms: samples.some(({ pseudonymised }) => pseudonymised) ? pseudonymKeys : [],
  };
}
