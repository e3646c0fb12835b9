import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ImportResult } from '../../inventory/import.ts';
import { PortreeveError, type ErrorCode } from '../../lib/errors.ts';
import type { DeviceFileJob } from './import-device-file.ts';
import { forkOwn } from '../processes/own-processes.ts';

export interface ToDeviceHelper {
  readonly storePath: string;
  readonly job: DeviceFileJob;
}

export type FromDeviceHelper =
  | { readonly is: 'progress' }
  | { readonly is: 'done'; readonly result: ImportResult }
  | { readonly is: 'failed'; readonly code: ErrorCode; readonly message: string };

/** The entry of a helper, `.ts` in the checkout and `.js` in the built package. */
const entry = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './device-helper-main.ts' : './device-helper-main.js',
    import.meta.url,
  ),
);

/** Milliseconds without a word after which a helper counts as hung: it may sweep that long in silence. */
const silenceMs = 300_000;

export interface DeviceHelperOptions extends ToDeviceHelper {
  /** What it prints (libraries do), line by line. */
  readonly log: (line: string) => void;
  /** Ends it, unfinished. */
  readonly signal?: AbortSignal;
}

/**
 * Imports a file of devices in a process of its own, so that records and urgent changes do not wait for it. Throws what
 * `importDeviceFile` throws there, and PDP_CHANNEL_BROKEN where the process ends without an answer or hangs and is
 * killed; what was in force is in force then.
 */
export async function importDevicesInHelper(o: DeviceHelperOptions): Promise<ImportResult> {
  const child = forkOwn(entry, {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own, as workers have: a terminal's Ctrl-C is for the parent.
    detached: true,
    execArgv: process.execArgv.filter((argument) => !argument.startsWith('--inspect')),
  });
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface({ input: stream }).on('line', o.log);
  let why = 'it ended without an answer';
  const kill = (because: string): void => {
    why = because;
    child.kill('SIGKILL');
  };
  const stop = (): void => kill('it was stopped');
  const hung = (): void => kill(`it was killed, because it told nothing for ${silenceMs} ms`);
  let timer = setTimeout(hung, silenceMs);
  if (o.signal?.aborted) stop();
  o.signal?.addEventListener('abort', stop, { once: true });
  let answer: Exclude<FromDeviceHelper, { is: 'progress' }> | undefined;
  child.on('message', (message: FromDeviceHelper) => {
    clearTimeout(timer);
    timer = setTimeout(hung, silenceMs);
    if (message.is !== 'progress') answer = message;
  });
  // Where it cannot be sent, the process ends, and that is told.
  child.send({ storePath: o.storePath, job: o.job } satisfies ToDeviceHelper, () => undefined);
  const detail = await new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(error.message);
    });
  });
  clearTimeout(timer);
  o.signal?.removeEventListener('abort', stop);
  if (answer?.is === 'done') return answer.result;
  if (answer?.is === 'failed') throw new PortreeveError(answer.code, answer.message);
  throw new PortreeveError(
    'PDP_CHANNEL_BROKEN',
    `the process that imports devices from ${o.job.name}: ${why} (${detail}); what was in force stays`,
  );
}
