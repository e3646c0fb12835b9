import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { parseBundle } from '../../policy/bundle.ts';
import { selfTest } from '../../policy/self-test.ts';
import { loadPolicy } from '../loaded.ts';
import { yieldToDecisions } from '../helpers/yield-to-decisions.ts';
import { endWithParent } from './end-with-parent.ts';
import { probe } from './probe.ts';
import type { FromTrial, ToTrial } from './trial.ts';

/**
 * What runs in the process that tries one bundle: it takes the bundle, says what came of it, and ends; with its parent,
 * too. It may be killed at any time, and holds nothing.
 */
export function runTrial(): void {
  process.once('disconnect', () => process.exit(0));
  endWithParent();
  // The parent decides when it is over: a terminal's Ctrl-C is for the parent.
  process.on('SIGINT', () => undefined);
  yieldToDecisions();
  process.once('message', (trial: ToTrial) => {
    void work(trial).then((last) => {
      process.send?.(last, () => process.disconnect?.());
    });
  });
  tell({ is: 'ready' });
}

async function work(trial: ToTrial): Promise<FromTrial> {
  try {
    return { is: 'passed', cases: await test(trial) };
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown, 'PDP_BUNDLE_INVALID');
    return { is: 'failed', code, message };
  }
}

/** How many problems of a self-test are told, and how much of each: they stand in status, logs and records. */
const told = { problems: 3, characters: 1000 };

/** Answers how many cases the self-test has. */
async function test({ config, bytes }: ToTrial): Promise<number> {
  const bundle = parseBundle(bytes);
  // As workers will load it, with the configuration's data.
  probe(await loadPolicy(config, { bytes, origin: { source: '', location: null, pinned: false } }), bundle);
  const { cases, problems } = await selfTest(bundle);
  if (problems.length > 0) {
    const first = problems.slice(0, told.problems).map(({ title, message }) => short(`${title}: ${message}`));
    throw new PortreeveError(
      'PDP_BUNDLE_INVALID',
      `policy bundle: ${problems.length} of ${cases} cases of its self-test failed: ${first.join('; ')}`,
    );
  }
  return cases;
}

function short(text: string): string {
  return text.length > told.characters ? `${text.slice(0, told.characters)}…` : text;
}

function tell(message: FromTrial): void {
  process.send?.(message);
}
