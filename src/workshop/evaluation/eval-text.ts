import { PortreeveError } from '../../lib/errors.ts';
import { entrypointRef, withSources } from './eval-args.ts';
import type { PolicyQuestion, RegoSources, RunOpa } from './types.ts';

/**
 * What `opa eval --format pretty` prints for one question with further flags. An evaluation that fails has its trace
 * printed all the same. Throws PDP_POLICY_INVALID where nothing is printed.
 */
export async function evalText(
  run: RunOpa,
  sources: RegoSources,
  { input, classes = {}, nowNs = '0' }: PolicyQuestion,
  flags: readonly string[],
): Promise<string> {
  const clock = nowNs === '0' ? '' : ' with time.now_ns as input.now_ns';
  const query =
    `answer := ${entrypointRef(sources.entrypoint)} with input as input.input` +
    ` with data.portreeve.classes as input.classes${clock}`;
  const text = `{"input":${input},"classes":${JSON.stringify(classes)},"now_ns":${nowNs}}`;
  return withSources(sources, async (files) => {
    const args = ['eval', '--stdin-input', '--format', 'pretty', ...flags, ...files, query];
    const ran = await run(args, { cwd: sources.folder, input: text });
    if (ran.stdout.trim() === '')
      throw new PortreeveError('PDP_POLICY_INVALID', `opa eval: ${ran.stderr.trim()}`);
    return ran.stdout;
  });
}
