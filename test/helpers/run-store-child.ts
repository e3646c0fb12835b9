import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { ChildAct, ChildMessage } from './store-child.ts';

const file = fileURLToPath(new URL('store-child.ts', import.meta.url));

export interface StoreChild {
  readonly process: ChildProcess;
  /** Everything that the child has told so far. */
  readonly told: ChildMessage[];
  /** Resolves with the first message of a kind, now or later; rejects where the child ends without it. */
  until(at: ChildMessage['at']): Promise<ChildMessage>;
  /** Resolves once the process is gone and all that it told is read, with its exit code; null where it was killed. */
  readonly ended: Promise<number | null>;
}

/** Starts a process that does one act on a store; it is killed with the test. */
export function runStoreChild(t: ExecutionContext, path: string, act: ChildAct): StoreChild {
  const child = fork(file, [path, JSON.stringify(act)], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  t.teardown(() => void child.kill('SIGKILL'));
  const told: ChildMessage[] = [];
  child.on('message', (message) => void told.push(message as ChildMessage));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const until = (at: ChildMessage['at']): Promise<ChildMessage> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = told.find((message) => message.at === at);
        if (found) resolve(found);
      };
      look();
      child.on('message', look);
      void ended.then((code) => reject(new Error(`the child ended (${code}) without ${at}`)));
    });
  return { process: child, told, until, ended };
}
