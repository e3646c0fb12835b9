import { flag, integer, section } from './keys.ts';

/** `index`: where records are looked up. */
export const index = section(
  'The index beside a log of records, which can be made anew from it at any time.',
  {
    follow: flag(
      'Whether the server keeps the index up with the log, in a process that yields to all others. Else `audit` commands do so when they are asked something.',
      { default: true, example: true },
    ),
    max_bytes: integer(
      'Bytes of the index above which the oldest records are taken out of it; they stay in the log, where they are looked for more slowly. Null = no limit.',
      { default: null, example: 20_000_000_000 },
      1_000_000,
      Number.MAX_SAFE_INTEGER,
    ),
  },
);
