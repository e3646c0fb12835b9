/** What `serve` does, without the command line: runs a server on the configuration file argv[2], and tells by messages; of decisions nothing with argv[3]. */
import { loadKnownConfig } from '../../src/cli/known-config.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { asPortreeveError } from '../../src/lib/errors.ts';
import { runParent } from '../../src/server/run.ts';
import type { ServerEvent } from './server.ts';
import { tellParent } from './tell-parent.ts';

const file = process.argv[2] as string;
const { tell, end } = tellParent<ServerEvent>();

// A server must not outlive the test that started it.
const orphaned = new AbortController();
process.once('disconnect', () => orphaned.abort());

try {
  const load = () => loadKnownConfig(file, systemClock);
  process.exitCode = await runParent(load(), {
    load,
    clock: systemClock,
    otel: readEnvironment().otel,
    log: (line) => tell({ log: line }),
    ...(process.argv[3] !== 'untold' && { onDecision: (decision) => tell({ decision }) }),
    abort: orphaned.signal,
    onReady: ({ addresses }) => tell({ ready: addresses }),
  });
} catch (thrown) {
  const { code, message } = asPortreeveError(thrown);
  tell({ failed: { code, message } });
  process.exitCode = 2;
}
await end();
// Not by having nothing left to do: then Node gives its handlers of signals back before it ends, and one would change the code.
process.exit();
