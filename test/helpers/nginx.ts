import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { needing } from './skip.ts';
import { root } from './source-files.ts';

/** Fetched once where it is not there: half a megabyte. */
const looked = spawnSync('sh', [join(root, 'scripts/nginx.sh')], { encoding: 'utf8', timeout: 60_000 });
const nginx = looked.stdout.trim();

/** `test` for what is tried against a plain nginx, where something else may be needed as well. */
export function withNginxAnd(lack: string | undefined): ReturnType<typeof needing> {
  return needing(
    looked.status === 0 ? lack : looked.stderr.trim() || 'nginx is missing: sh scripts/nginx.sh',
  );
}

export interface Nginx {
  readonly origin: string;
  /** The folder that it serves. */
  readonly folder: string;
  /** Status codes that it has answered so far, oldest first. */
  readonly answered: () => readonly number[];
  stop(): Promise<void>;
}

interface Test {
  teardown(step: () => unknown): void;
}

/** Starts an nginx that serves a folder and nothing else, ended after the test. */
export async function startNginx(t: Test, at: string): Promise<Nginx> {
  const port = await freePort();
  const folder = join(at, 'www');
  mkdirSync(folder, { recursive: true });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${at}/${name};`)
    .join('\n');
  const file = join(at, 'nginx.conf');
  const log = join(at, 'access.log');
  writeFileSync(
    file,
    `daemon off;
master_process off;
pid ${at}/nginx.pid;
events {}
http {
  log_format status '$status';
  access_log ${log} status;
${temporary}
  server {
    listen 127.0.0.1:${port};
    root ${folder};
  }
}
`,
  );
  const child = spawn(nginx, ['-p', at, '-e', join(at, 'error.log'), '-c', file], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = (): Promise<void> => {
    child.kill('SIGTERM');
    return ended;
  };
  t.teardown(stop);
  const origin = `http://127.0.0.1:${port}`;
  while (!(await fetch(origin).then(drained, () => false))) {
    if (child.exitCode !== null) throw new Error(readFileSync(join(at, 'error.log'), 'utf8'));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    ...{ origin, folder, stop },
    answered: () => readFileSync(log, 'utf8').trim().split('\n').map(Number),
  };
}

async function drained(response: Response): Promise<boolean> {
  await response.arrayBuffer();
  return true;
}
