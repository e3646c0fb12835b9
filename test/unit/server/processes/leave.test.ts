import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import { root } from '../../../helpers/source-files.ts';
import { temporaryFolder } from '../../../helpers/temporary-store.ts';

const module = join(root, 'src/server/processes/leave.ts');

/** A process whose one thread for such work waits for whoever writes into a pipe, and behind that to look up a name. */
const stuck = (pipe: string): string => `
const { leave } = await import(${JSON.stringify(module)});
(await import('node:fs')).open(${JSON.stringify(pipe)}, 'r', () => undefined);
(await import('node:dns')).lookup('localhost', () => console.log('looked up'));
process.on('exit', (code) => console.log('exit', code));
setTimeout(() => leave(3), 50);
`;

test('a process ends with its code although a look-up of a name does not come back', async (t) => {
  t.timeout(60_000, 'it waits for the look-up');
  const pipe = join(temporaryFolder(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const child = spawn(process.execPath, ['--input-type=module', '-e', stuck(pipe)], {
    // One thread; and what Node.js is told by its environment is not told to what ends in its place.
    env: { ...process.env, UV_THREADPOOL_SIZE: '1', NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  t.is(code, 3);
  t.is(printed, 'exit 3\n', 'what is to be done at the end is done, once');
});
