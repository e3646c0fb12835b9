import type { Command } from 'commander';
import { configVersion } from '../config/schema.ts';
import { describeThrown } from '../lib/errors.ts';
import { readBundle } from '../policy/bundle.ts';
import { storeFormat } from '../store/migrations.ts';
import { programVersion } from '../server/program.ts';
import { finish } from './command.ts';
import { exitCodes } from './exit-codes.ts';
import { fields } from './output.ts';
import type { Answer, Session } from './session.ts';

/** `version`: the program, Node.js, the default policy and every format. */
export function registerVersion(program: Command, session: Session): void {
  finish(
    program
      .command('version')
      .description('print the versions of the program, the default policy and every format'),
    session,
    ['version --json'],
    () => runVersion(session),
  );
}

function runVersion(session: Session): Answer {
  const bundle = defaultBundle();
  const formats = {
    configuration: configVersion,
    store: storeFormat,
    policy_input: bundle.input_version,
    record: 1,
  };
  const data = { program: programVersion, node: process.version, bundle, formats };
  const pairs = [
    ['portreeve', data.program],
    ['node', data.node],
    ['default policy', bundle.digest ?? bundle.problem ?? '-'],
    ...Object.entries(formats).map(([name, value]) => [`format: ${name}`, String(value ?? '-')]),
  ] as [string, string][];
  return { exit: exitCodes.ok, data, text: fields(pairs, session.paint) };
}

interface BundleVersion {
  readonly digest: string | null;
  readonly revision: string | null;
  readonly input_version: number | null;
  readonly problem?: string;
}

/** A broken installation still tells its version. */
function defaultBundle(): BundleVersion {
  try {
    const { digest, revision, inputVersion } = readBundle(null);
    return { digest, revision, input_version: inputVersion };
  } catch (thrown) {
    return { digest: null, revision: null, input_version: null, problem: describeThrown(thrown) };
  }
}
