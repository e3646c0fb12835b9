import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochMs } from '../../lib/clock.ts';
import { formatInstant, parseInstant } from '../../lib/clock.ts';

/** What is known of one outsider, also after a restart. */
export interface Standing {
  /** The largest tree that it has; null = none. */
  readonly size: number | null;
  /** Its own time of that, milliseconds; null = never. */
  readonly at: EpochMs | null;
  /** Failed attempts since. */
  readonly failures: number;
  readonly error: { readonly message: string; readonly contradicts: boolean } | null;
}

export const nothingKnown: Standing = { size: null, at: null, failures: 0, error: null };

/** Where it is kept, relative to `witness` or `anchors`. */
export const standingFile = 'standing.json';

/** The last word of each outsider, by name, as it is kept. */
export function writeStandings(standings: ReadonlyMap<string, Standing>): Uint8Array {
  const outsiders = Object.fromEntries(
    [...standings].map(([name, one]) => [
      name,
      { ...one, at: one.at === null ? null : formatInstant(one.at) },
    ]),
  );
  return Buffer.from(`${JSON.stringify({ outsiders }, null, 2)}\n`);
}

/** Reads what is kept of outsiders in a folder; nothing where it is not there or cannot be read: they are asked anew. */
export async function readStandings(folder: string): Promise<Map<string, Standing>> {
  try {
    return parseStandings(await readFile(join(folder, standingFile), 'utf8'));
  } catch {
    return new Map();
  }
}

function parseStandings(text: string): Map<string, Standing> {
  const { outsiders = {} } = JSON.parse(text) as { outsiders?: Readonly<Record<string, unknown>> };
  return new Map(
    Object.entries(outsiders).map(([name, value]) => {
      const { size, at, failures, error } = value as Readonly<Record<string, unknown>>;
      const told = error as { message?: unknown; contradicts?: unknown } | null | undefined;
      return [
        name,
        {
          size: typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : null,
          at: typeof at === 'string' ? (parseInstant(at) ?? null) : null,
          failures: typeof failures === 'number' ? failures : 0,
          error:
            typeof told?.message === 'string'
              ? { message: told.message, contradicts: told.contradicts === true }
              : null,
        },
      ];
    }),
  );
}
