import { readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Makes a process take an inspector's port of its own once it gets SIGUSR1: to be in its `NODE_OPTIONS`. */
export const inspectable = '--inspect-port=127.0.0.1:0';

/** A connection to the inspector of a running process. */
export interface Inspector {
  send<T>(method: string, params?: object): Promise<T>;
  close(): void;
}

interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Opens the inspector of a process (SIGUSR1) and connects; its address is read from what the process then says in `log`. */
export async function attach(pid: number, log: string): Promise<Inspector> {
  const from = statSync(log).size;
  process.kill(pid, 'SIGUSR1');
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const said = readFileSync(log).subarray(from).toString();
    const address = /ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+/.exec(said)?.[0];
    if (address) return connect(address);
    await pause(50);
  }
  throw new Error(`process ${pid} did not open its inspector`);
}

async function connect(address: string): Promise<Inspector> {
  const socket = new WebSocket(address);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    const asked = waiting.get(message.id ?? 0);
    waiting.delete(message.id ?? 0);
    if (message.error) asked?.reject(new Error(message.error.message));
    else asked?.resolve(message.result);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error(`cannot connect to ${address}`)), { once: true });
  });
  return {
    send: async <T>(method: string, params: object = {}) => {
      const asked = Promise.withResolvers<unknown>();
      waiting.set((last += 1), asked);
      socket.send(JSON.stringify({ id: last, method, params }));
      return (await asked.promise) as T;
    },
    close: () => socket.close(),
  };
}
