import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { until } from '../../../helpers/server.ts';
import { root } from '../../../helpers/source-files.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';

const module = join(root, 'src/server/processes/leave.ts');

/** A process whose one thread for such work waits for whoever writes into a pipe, and behind that to look up a name. */
const stuck = (pipe: string, before: string): string => `
const { leave } = await import(${JSON.stringify(module)});
${before}
(await import('node:fs')).open(${JSON.stringify(pipe)}, 'r', () => undefined);
(await import('node:dns')).lookup('localhost', () => console.log('looked up'));
process.on('exit', (code) => console.log('exit', code));
setTimeout(() => leave(3), 50);
`;

/** Starts it; what it printed, and the code that it ends with. */
function leaving(t: ExecutionContext, before = '') {
  t.timeout(60_000, 'it waits for the look-up');
  const pipe = join(temporaryFolder(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const child = spawn(process.execPath, ['--input-type=module', '-e', stuck(pipe, before)], {
    // One thread; and what Node.js is told by its environment is not told to what ends in its place.
    env: { ...process.env, UV_THREADPOOL_SIZE: '1', NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { pipe, printed: () => printed, ended };
}

const leftOnce = 'exit 3\n';

test('a process ends with its code although a look-up of a name does not come back', async (t) => {
  const { printed, ended } = leaving(t);
  t.is(await ended, 3);
  t.is(printed(), leftOnce, 'what is to be done at the end is done, once');
});

test('where a process cannot be exchanged it waits for the look-up, and ends with its code', async (t) => {
  const { pipe, printed, ended } = leaving(t, "process.execve = () => { throw new Error('EACCES'); };");
  await until(() => printed() === leftOnce);
  t.is(await Promise.race([ended, pause(200, 'waits')]), 'waits');
  writeFileSync(pipe, '');
  t.is(await ended, 3);
  t.is(printed(), leftOnce, 'what is to be done at the end is done, once');
});
