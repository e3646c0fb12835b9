import { createContext, Script } from 'node:vm';

const place: { run?: () => void } = {};
const context = createContext(place);
const script = new Script('run()');

/**
 * Runs something synchronous and breaks it off once it has taken `ms` (whole milliseconds): also a loop without end in
 * WebAssembly, which nothing else within the process ends. False where it was broken off: what it worked with is then in no
 * known state. Throws what it throws.
 */
export function withinTime(ms: number, run: () => void): boolean {
  place.run = run;
  try {
    script.runInContext(context, { timeout: ms });
    return true;
  } catch (thrown) {
    if ((thrown as { readonly code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw thrown;
  } finally {
    delete place.run;
  }
}
