import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { describeThrown, PortreeveError } from '../lib/errors.ts';
import type { Session } from './session.ts';

/** Opens a named file, or standard input for `-`, as a stream. Throws PDP_INPUT_MALFORMED where it cannot be read. */
export async function openInput(name: string, session: Session): Promise<Readable> {
  if (name === '-') return session.around.stdin;
  const path = resolve(session.around.folder, name);
  try {
    const handle = await open(path, 'r');
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      throw new Error('it is a folder');
    }
    return createReadStream(path, { fd: handle });
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
}

/**
 * Reads a named file, or standard input for `-`, as UTF-8 text of at most `most` bytes. Throws PDP_INPUT_MALFORMED
 * where it cannot be read or is not UTF-8, PDP_LIMIT_EXCEEDED where it is longer.
 */
export async function readInput(name: string, most: number, session: Session): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of await openInput(name, session)) {
      const bytes = Buffer.from(chunk as Uint8Array);
      length += bytes.byteLength;
      if (length > most) throw new PortreeveError('PDP_LIMIT_EXCEEDED', `${name}: more than ${most} bytes`);
      chunks.push(bytes);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (thrown) {
    throw thrown instanceof PortreeveError ? thrown : unreadable(name, thrown);
  }
}

/** Parses JSON text. Throws PDP_INPUT_MALFORMED naming where it came from. */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new PortreeveError(
      'PDP_INPUT_MALFORMED',
      `${name === '-' ? 'standard input' : name} is not JSON: ${describeThrown(thrown)}`,
      {
        cause: thrown,
      },
    );
  }
}

function unreadable(name: string, thrown: unknown): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `cannot read ${name}: ${describeThrown(thrown)}`, {
    cause: thrown,
  });
}
