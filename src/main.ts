#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import type { Writable } from 'node:stream';
import { readEnvironment } from './config/environment.ts';
import { systemClock } from './lib/clock.ts';
import { describeThrown } from './lib/errors.ts';
import { hearHangups } from './server/processes/hangups.ts';
import { leave } from './server/processes/leave.ts';

const environment = readEnvironment();
const words = process.argv.slice(2);

// Who reloads a server may do so while its program is still being read, which takes most of its start.
if (words.find((word) => !word.startsWith('-')) === 'serve') hearHangups();

/** A reader that went away (`| head`) is no error; whatever else a stream suffers ends the program as one line. */
function leaveOnBrokenPipe(stream: Writable): void {
  stream.on('error', (error: NodeJS.ErrnoException) => leave(error.code === 'EPIPE' ? 0 : 2));
}

/** Ends on what nobody caught: one line with its code, the stack only where it is asked for. */
function crash(thrown: unknown): void {
  const stack = environment.debug && thrown instanceof Error ? `${thrown.stack}\n` : '';
  process.stderr.write(`portreeve: PDP_INTERNAL: ${describeThrown(thrown)}\n${stack}`, () => leave(2));
}

/** Waits until everything written has left the process. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

leaveOnBrokenPipe(process.stdout);
leaveOnBrokenPipe(process.stderr);
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);

const { runProgram } = await import('./cli/program.ts');
const code = await runProgram(words, {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  folder: process.cwd(),
  environment,
  clock: systemClock,
});
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
// What a library keeps open (a stdin that never ends, a timer) must not keep a finished command alive.
leave(code);
