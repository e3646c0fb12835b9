import { formatProblem } from '../../config/problem.ts';
import type { Config } from '../../config/types.ts';
import { describeThrown } from '../../lib/errors.ts';
import { inspectKnownConfig } from '../known-config.ts';
import type { Session } from '../session.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

const check = 'configuration';

export interface Examined {
  /** Without one nothing else can be looked at. */
  readonly config?: Config;
  /** False where the file is not there, cannot be read, is not YAML, or is of a newer format. */
  readonly readable: boolean;
  readonly findings: readonly Finding[];
}

/** The configuration, and all that is wrong with it. */
export function examineConfiguration(option: string | undefined, session: Session): Examined {
  try {
    const file = session.configFile(option);
    const { config, problems, warnings, readable } = inspectKnownConfig(file, session.around.clock);
    const findings = [
      ...problems.map((one) =>
        fail(
          check,
          formatProblem(file, one),
          'mend the file; `portreeve config check` tells when it is right',
        ),
      ),
      ...warnings.map((one) => warn(check, formatProblem(file, one), 'see whether this is meant')),
    ];
    return config ? { config, readable, findings: [ok(check, file), ...findings] } : { readable, findings };
  } catch (thrown) {
    const advice = 'name the file with --config or PORTREEVE_CONFIG; docs/configuration.md shows a small one';
    return { readable: false, findings: [fail(check, describeThrown(thrown), advice)] };
  }
}
