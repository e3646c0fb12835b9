import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** Tests start processes by the hundred, which load the same modules: compiled once, they start in half the time. */
const compileCache = process.env.NODE_COMPILE_CACHE ?? join(root, '.tools/cache/node');

export interface Outcome {
  readonly code: number;
  readonly output: string;
}

export interface ExecuteOptions {
  readonly onLine?: (line: string) => void;
  /** Takes only what other processes leave of the machine. */
  readonly yields?: boolean;
}

/** Runs a command of the project, or of its packages, to its end; 127 where it does not start. */
export function execute(
  command: string,
  args: readonly string[],
  { onLine, yields }: ExecuteOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: {
        ...process.env,
        PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
        FORCE_COLOR: '0',
        NODE_COMPILE_CACHE: compileCache,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (yields && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    let output = '';
    let rest = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      rest += chunk.toString();
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      if (onLine) lines.forEach(onLine);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
