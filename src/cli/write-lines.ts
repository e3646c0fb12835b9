import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { describeThrown, PortreeveError } from '../lib/errors.ts';

/** Texts, as they come or already there. */
export type Texts = Iterable<string> | AsyncIterable<string>;

/** Writes texts to a stream, no faster than it takes them. */
export async function writeLines(out: Writable, lines: Texts): Promise<void> {
  for await (const line of lines) if (!out.write(line)) await once(out, 'drain');
}

/** Writes texts to a file that appears whole, under its name, or not at all. Throws PDP_USAGE where it cannot be written. */
export async function writeWhole(path: string, lines: Texts): Promise<void> {
  const partial = `${path}.${process.pid}.part`;
  const out = createWriteStream(partial, { flags: 'wx' });
  try {
    const closed = once(out, 'close');
    await writeLines(out, lines);
    out.end();
    await closed;
    await rename(partial, path);
  } catch (thrown) {
    out.destroy();
    await rm(partial, { force: true });
    if (thrown instanceof PortreeveError) throw thrown;
    throw new PortreeveError('PDP_USAGE', `cannot write ${path}: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  }
}
