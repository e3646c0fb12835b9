/**
 * Loaded before `serve`: it raises a signal at itself, once. `TEST_RAISE` is `<signal> import <end of a URL>`, when a module is
 * first asked for, or `<signal> file <path>`, when a file is there. Somebody else would do so too late where it has to wait
 * for its turn.
 */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const [signal, when, what] = (process.env['TEST_RAISE'] ?? '').split(' ') as [
  NodeJS.Signals,
  string | undefined,
  string,
];

// What it forks is told the same, and is not meant.
if (process.argv[2] === 'serve' && when === 'import') {
  const hooks = registerHooks({
    load: (url, context, next) => {
      if (url.endsWith(what)) {
        process.kill(process.pid, signal);
        hooks.deregister();
      }
      return next(url, context);
    },
  });
}

if (process.argv[2] === 'serve' && when === 'file') {
  const looking = setInterval(() => {
    if (!existsSync(what)) return;
    clearInterval(looking);
    process.kill(process.pid, signal);
  }, 1);
}
