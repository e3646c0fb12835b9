import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { usualFiles } from '../../config/find.ts';
import type { Config } from '../../config/types.ts';
import type { Session } from '../session.ts';

/** The configuration, where one is named or stands at a usual place: a policy's repository has none. Throws as `session.config`. */
export function optionalConfig(option: string | undefined, session: Session): Config | undefined {
  const { environment, folder } = session.around;
  const isNamed = option !== undefined || (environment.configFile ?? '') !== '';
  if (!isNamed && !usualFiles.some((file) => existsSync(resolve(folder, file)))) return undefined;
  return session.config(option);
}
