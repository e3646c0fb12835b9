import { PortreeveError } from '../../lib/errors.ts';
import { entrypointRef, withSources } from './eval-args.ts';
import type { PolicyQuestion, RegoSources, RunOpa } from './types.ts';

/**
 * What `opa eval --format pretty` prints for one question with further flags. An evaluation that fails has its trace
 * printed all the same. Throws PDP_BUNDLE_INVALID where nothing is printed.
 */
export async function evalText(
  run: RunOpa,
  sources: RegoSources,
  { input, classes }: PolicyQuestion,
  flags: readonly string[],
): Promise<string> {
  const given = classes === undefined ? '' : ' with data.portreeve.classes as input.classes';
  const query = `answer := ${entrypointRef(sources.entrypoint)} with input as input.input${given}`;
  return withSources(sources, async (files) => {
    const args = ['eval', '--stdin-input', '--format', 'pretty', ...flags, ...files, query];
    const ran = await run(args, { cwd: sources.folder, input: JSON.stringify({ input, classes }) });
    if (ran.stdout.trim() === '')
      throw new PortreeveError('PDP_BUNDLE_INVALID', `opa eval: ${ran.stderr.trim()}`);
    return ran.stdout;
  });
}
